/**
 * Which engines read the exports here, and in which version: said by the owner, or asked of the engine (SPEC §8.7.9). Part of
 * `config.json`.
 */
import { type JSONValue, isJSONObject } from "../core/encoding/json.js";
import { OperationError, UsageError, quote } from "../core/errors.js";
import {
  type Engine,
  type EngineName,
  engineNames,
  isEngineName,
  isVersion,
  kindOfEngine,
  versionIn,
} from "../core/rules/engine-version.js";
import type { RuleKind } from "../core/rules/model.js";
import type { EndpointEngine } from "../ports/endpoint-engine.js";

export interface EngineChoice {
  readonly name: EngineName;
  /** One of the two: what it is, or a command that prints it. */
  readonly version?: string;
  readonly ask?: string;
  /** Modules that its build does not have. */
  readonly lacks: readonly string[];
}

/** `version` is null when it could not be found out. */
export type KnownEngine = Omit<Engine, "version"> & { readonly version: string | null };

const usualCommands: Readonly<Partial<Record<EngineName, string>>> = {
  clamav: "clamscan --version",
  suricata: "suricata -V",
  yara: "yara --version",
  "yara-x": "yr --version",
};
const askLimitMs = 10_000;
const engineLimits = { commandLengthMax: 4096, modulesMax: 64 } as const;

/** `NAME@VERSION`, `NAME@ask`, `NAME@COMMAND`, perhaps with ` without MODULE…` behind. @throws UsageError USAGE */
export function readEngine(text: string): EngineChoice {
  const [, name, rest = "", without = ""] = /^([a-z-]+)@(.+?)(?: without ([a-z0-9_ ,]+))?$/s.exec(text) ?? [];
  if (!isEngineName(name)) {
    throw wrong(`ENGINE@VERSION or ENGINE@ask, of ${engineNames.join(", ")}`, text);
  }
  const lacks = without.split(/[ ,]+/).filter((one) => one !== "");
  if (isVersion(rest)) return { name, version: rest, lacks };
  const command = rest === "ask" ? usualCommands[name] : rest;
  if (command === undefined) throw wrong(`a version of ${name}, which is no program to be asked`, text);
  return { name, ask: command, lacks };
}

/** @throws UsageError USAGE */
export function parseEngines(value: JSONValue | undefined): readonly EngineChoice[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) throw wrong("a list of engines", value);
  const engines = value.map(parseEngine);
  const kinds = engines.map(({ name }) => kindOfEngine(name));
  if (new Set(kinds).size < kinds.length) throw wrong("one engine a kind of rule", value);
  return engines.sort((a, b) => engineNames.indexOf(a.name) - engineNames.indexOf(b.name));
}

function parseEngine(value: JSONValue): EngineChoice {
  if (!isJSONObject(value) || !isEngineName(value.name)) throw wrong("an engine", value);
  const { name, version, ask, lacks = [] } = value;
  const areNames = Array.isArray(lacks) && lacks.length <= engineLimits.modulesMax;
  if (!areNames || !lacks.every((one) => typeof one === "string")) throw wrong("names of modules", lacks);
  const rest = { name, lacks: lacks as readonly string[] };
  if (typeof version === "string" && isVersion(version) && ask === undefined) return { ...rest, version };
  const isCommand = typeof ask === "string" && ask !== "" && ask.length <= engineLimits.commandLengthMax;
  if (version !== undefined || !isCommand) throw wrong("a version or a command that prints it", value);
  return { ...rest, ask };
}

/** Asks those that are to be asked. One that does not answer is what it was the last time, if it ever answered. */
export async function findEngines(
  choices: readonly EngineChoice[],
  engine: EndpointEngine | undefined,
  before: readonly KnownEngine[] = [],
): Promise<readonly KnownEngine[]> {
  const known: KnownEngine[] = [];
  for (const { name, version, ask = "", lacks } of choices) {
    const last = before.find((one) => one.name === name)?.version ?? null;
    known.push({ name, version: version ?? (await answerOf(ask, engine)) ?? last, lacks });
  }
  return known;
}

async function answerOf(command: string, engine: EndpointEngine | undefined): Promise<string | undefined> {
  const answer = await engine?.run({ command, folder: "/", variables: {}, timeoutMs: askLimitMs });
  return answer?.exit === 0 ? versionIn(`${answer.stdout}\n${answer.stderr}`) : undefined;
}

/** @throws OperationError ENGINE_UNAVAILABLE */
export function requireKnown(engines: readonly KnownEngine[], kinds: readonly RuleKind[]): void {
  const silent = engines.find(({ name, version }) => version === null && kinds.includes(kindOfEngine(name)));
  if (silent === undefined) return;
  const message = `expected ${silent.name} to say its version, got none`;
  throw new OperationError("ENGINE_UNAVAILABLE", message);
}

/** Of those that read what is exported here, the ones whose version is known. */
export function enginesOf(
  kinds: readonly RuleKind[],
  engines: readonly KnownEngine[] = [],
): readonly Engine[] {
  return kinds.flatMap((kind) => engineOf(kind, engines) ?? []);
}

export function engineOf(kind: RuleKind, engines: readonly KnownEngine[]): Engine | undefined {
  const found = engines.find(({ name }) => kindOfEngine(name) === kind);
  return found === undefined || found.version === null ? undefined : { ...found, version: found.version };
}

const wrong = (expected: string, got: JSONValue): UsageError =>
  new UsageError("USAGE", `expected ${expected}, got ${quote(JSON.stringify(got))}`);
