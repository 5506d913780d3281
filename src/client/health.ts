/**
 * Whether the engine can live with a release: asked with the files that it would load, before any engine is given them (SPEC §16.6). What
 * is asked is the owner's choice, part of `config.json`.
 */
import { type JSONValue, isJSONObject } from "../core/encoding/json.js";
import { OperationError, PolicyError, UsageError, quote } from "../core/errors.js";
import { type RuleKind, isRuleKind, ruleKinds } from "../core/rules/model.js";
import type { EndpointEngine, EngineAnswer } from "../ports/endpoint-engine.js";

export interface HealthChoices {
  readonly kind: RuleKind;
  /** Ends with 0 when the engine has loaded the files. */
  readonly check?: string;
  /** Of each command. */
  readonly seconds?: number;
  /** Prints something when the sample matches. Without it, samples of `ioc` are looked up in the exported lists. */
  readonly scan?: string;
  readonly mustMatch?: readonly string[];
  readonly mustNotMatch?: readonly string[];
  /** Ends with 0 when the engine reads the files that are in place now. */
  readonly reload?: string;
}

const healthLimits = { commandLengthMax: 4096, secondsMax: 3600, samplesMax: 64 } as const;
const secondsDefault = 60;

/** @throws UsageError USAGE */
export function parseHealth(value: JSONValue | undefined): HealthChoices | undefined {
  if (value === undefined || value === null) return undefined;
  if (!isJSONObject(value) || !isRuleKind(value.kind)) throw wrong(`one of ${ruleKinds.join(", ")}`, value);
  const { kind, check, seconds, scan, mustMatch, mustNotMatch, reload } = value;
  const health: HealthChoices = {
    kind,
    ...(check !== undefined && { check: commandOf(check) }),
    ...(seconds !== undefined && { seconds: secondsOf(seconds) }),
    ...(scan !== undefined && { scan: commandOf(scan) }),
    ...(mustMatch !== undefined && { mustMatch: samplesOf(mustMatch) }),
    ...(mustNotMatch !== undefined && { mustNotMatch: samplesOf(mustNotMatch) }),
    ...(reload !== undefined && { reload: commandOf(reload) }),
  };
  const hasSamples = [...(health.mustMatch ?? []), ...(health.mustNotMatch ?? [])].length > 0;
  if (hasSamples && health.scan === undefined && kind !== "ioc") {
    throw wrong("a command that scans, for samples of a kind other than ioc", value);
  }
  return health;
}

function commandOf(value: JSONValue): string {
  if (typeof value === "string" && value !== "" && value.length <= healthLimits.commandLengthMax)
    return value;
  throw wrong("a command", value);
}

function secondsOf(value: JSONValue): number {
  if (typeof value === "number" && value >= 1 && value <= healthLimits.secondsMax) return value;
  throw wrong(`seconds from 1 to ${healthLimits.secondsMax}`, value);
}

function samplesOf(value: JSONValue): readonly string[] {
  const isList = Array.isArray(value) && value.length <= healthLimits.samplesMax;
  if (isList && value.every((one) => typeof one === "string" && one !== ""))
    return value as readonly string[];
  throw wrong(`at most ${healthLimits.samplesMax} samples`, value);
}

const wrong = (expected: string, got: JSONValue): UsageError =>
  new UsageError("USAGE", `expected ${expected}, got ${quote(JSON.stringify(got))}`);

/**
 * How many rules the engine says that it loaded; null when it does not say.
 * @throws PolicyError ENGINE_REFUSED, ENGINE_LATE, CANARY_FAILED; OperationError ENGINE_UNAVAILABLE, INTERRUPTED
 */
export async function checkHealth(
  engine: EndpointEngine,
  health: HealthChoices,
  folder: string,
  release: number,
): Promise<number | null> {
  const { kind, check, scan, mustMatch = [], mustNotMatch = [] } = health;
  const rules = `${folder}/${kind}`;
  const timeoutMs = timeLimitMs(health);
  const run = async (command: string, sample: string) => {
    const variables = engineVariables(kind, folder, release, sample);
    return judged(await engine.run({ command, folder, variables, timeoutMs }), release);
  };
  let loaded: number | null = null;
  if (check !== undefined) {
    const answer = await run(check, "");
    loaded = loadedRules(`${answer.stdout}\n${answer.stderr}`);
    // SPEC §16.6.2: a missing program was judged before.
    if (answer.exit !== 0 || loaded === 0) throw refusal(answer, release);
  }
  for (const [sample, wanted] of [
    ...mustMatch.map((one) => [one, true] as const),
    ...mustNotMatch.map((one) => [one, false] as const),
  ]) {
    const isMatch =
      scan === undefined ? await engine.isListed(rules, sample) : matched(await run(scan, sample), release);
    // SPEC §16.6.3
    if (isMatch !== wanted) throw canary(release, sample, wanted);
  }
  return loaded;
}

export function timeLimitMs({ seconds }: HealthChoices): number {
  return (seconds ?? secondsDefault) * 1000;
}

/** SPEC §16.6.1: what an engine's command is about. */
export function engineVariables(
  kind: RuleKind,
  folder: string,
  release: number,
  sample = "",
): Record<string, string> {
  const names = { RULEMINT_EXPORT: folder, RULEMINT_RULES: `${folder}/${kind}`, RULEMINT_KIND: kind };
  return { ...names, RULEMINT_RELEASE: String(release), RULEMINT_SAMPLE: sample };
}

function judged(answer: EngineAnswer, release: number): EngineAnswer {
  // SPEC §16.6.6
  if (answer.exit === "absent") {
    const said = quote(lastLine(answer));
    throw new OperationError("ENGINE_UNAVAILABLE", `expected the engine of this endpoint, got ${said}`);
  }
  if (answer.exit === "stopped") {
    const message = `expected the engine to be done with release ${release}, got a signal that stopped it`;
    throw new OperationError("INTERRUPTED", message);
  }
  if (answer.exit === "late") {
    throw new PolicyError(
      "ENGINE_LATE",
      `expected the engine to be done with release ${release} in time, got nothing`,
    );
  }
  return answer;
}

/** An exit other than 0 is that of a scanner that found something, if it also says so. */
function matched(answer: EngineAnswer, release: number): boolean {
  const isSaid = answer.stdout.trim() !== "";
  if (typeof answer.exit !== "number" || (answer.exit !== 0 && !isSaid)) throw refusal(answer, release);
  return isSaid;
}

function refusal(answer: EngineAnswer, release: number): PolicyError {
  const got = answer.exit === 0 ? "none" : `exit ${answer.exit}`;
  const message = `expected the engine to load release ${release}, got ${got}: ${quote(lastLine(answer))}`;
  return new PolicyError("ENGINE_REFUSED", message);
}

function canary(release: number, sample: string, wanted: boolean): PolicyError {
  const [expected, got] = wanted ? ["a match", "none"] : ["no match", "one"];
  return new PolicyError(
    "CANARY_FAILED",
    `release ${release}: expected ${expected} of ${quote(sample)}, got ${got}`,
  );
}

export const lastLine = ({ stdout, stderr }: EngineAnswer): string =>
  `${stdout}\n${stderr}`.trim().split("\n").at(-1) ?? "";

/** ClamAV's, Suricata's, and `rules: N` for whoever writes a command. */
const countPatterns = [
  /^Known viruses: (\d{1,9})$/m,
  /\b(\d{1,9}) rules successfully loaded/,
  /^(?:loaded )?rules: (\d{1,9})$/im,
];

export function loadedRules(output: string): number | null {
  const found = countPatterns
    .map((pattern) => pattern.exec(output)?.[1])
    .find((digits) => digits !== undefined);
  return found === undefined ? null : Number(found);
}
