/**
 * What stands between a compiled release and the publisher's signature: the release is tried in the files that an endpoint would load. Every
 * result is kept with the release; one that failed ends it and names the rule.
 */
import { openDatabase, type Database } from "../core/format/database.js";
import { sectionRecords } from "../core/format/section-records.js";
import { OperationError, PolicyError } from "../core/errors.js";
import type { Sha256Hex } from "../core/brands.js";
import { hexText } from "../core/encoding/bytes.js";
import { indicatorType } from "../core/rules/ioc/types.js";
import { type ExportedFile, type RuleKind, ruleKinds } from "../core/rules/model.js";
import { ruleLanguage } from "../core/rules/registry.js";
import type { EngineTrial, TrialFinding } from "../ports/release-gates.js";
import { sourcesOf } from "./build-release.js";
import type { ServiceContext } from "./context.js";
import { requireRelease } from "./documents.js";
import { checkBudget, engineKinds, toMilliseconds } from "./gate-budget.js";
import { checkDeltaPaths } from "./gate-delta-paths.js";
import { tryForms } from "./gate-forms.js";
import { checkShrink } from "./gate-shrink.js";
import { measure } from "./metrics.js";
import type { GateResult, ReleaseRecord } from "./model.js";
import { quarantinedRules } from "./quarantine-rule.js";
import { traced } from "./trace-calls.js";

export interface GateSettings {
  /** Most that the rules of a ruleset, and of all, may become fewer by; percent of the last release. */
  readonly shrinkPercentMax: number;
  /** Most that an engine's loading may take against the last release; times. */
  readonly slowdownMax: number;
}

export const defaultGateSettings: GateSettings = { shrinkPercentMax: 30, slowdownMax: 3 };

const shownMax = 5;
const noSamples = { missed: [], samples: 0, sampleSeconds: 0 };

/** @throws PolicyError GATE_FAILED with every result in its details; OperationError of the stores */
export async function gateRelease(
  context: ServiceContext,
  release: ReleaseRecord,
): Promise<Partial<ReleaseRecord>> {
  const gates = await runGates(context, release);
  for (const { gate, result, seconds } of gates) {
    measure(context, "rulemint_release_gate_seconds", { feed: release.feed, gate, outcome: result }, seconds);
  }
  const failed = gates.filter(({ result }) => result === "FAILED");
  if (failed.length === 0) return { gates };
  const said = failed.map(({ gate, detail }) => `${gate}: ${detail}`).join("; ");
  return { gates, state: "failed", waitingFor: `GATE_FAILED: ${said}` };
}

async function runGates(context: ServiceContext, release: ReleaseRecord): Promise<GateResult[]> {
  const before = release.previous === null ? undefined : await previousOf(context, release);
  // SPEC §17.6.4: what was public already is not held back by a gate; it may be the way out of trouble.
  const known =
    release.restores ?? (before?.sourceTreeSha256 === release.sourceTreeSha256 ? before.release : null);
  if (known !== null) {
    return [
      { gate: "content", result: "PASSED", detail: `the content of release ${known}`, seconds: 0, rules: [] },
    ];
  }
  const waived = new Set(release.waived ?? []);
  const results = [
    await timed(context, "shrink-guard", () => checkShrink(context, release, before)),
    await timed(context, "delta-paths", () => checkDeltaPaths(context, release)),
    ...(await tryEngines(context, release, before)),
    ...(await tryAllForms(context, release)),
  ];
  return results.map((one) =>
    one.result === "FAILED" && waived.has(one.gate) ? { ...one, result: "WAIVED" as const } : one,
  );
}

export type GateAnswer = Pick<GateResult, "result" | "detail" | "rules">;

async function timed(
  context: ServiceContext,
  gate: string,
  work: () => Promise<GateAnswer>,
): Promise<GateResult> {
  const began = performance.now();
  const answer = await traced(context, `gate ${gate}`, {}, work);
  return { ...answer, gate, seconds: toMilliseconds((performance.now() - began) / 1000) };
}

async function tryEngines(
  context: ServiceContext,
  release: ReleaseRecord,
  before: ReleaseRecord | undefined,
): Promise<GateResult[]> {
  const { gates } = context;
  if (gates === undefined) return [];
  return withDatabase(context, release, async (database) => {
    const results: GateResult[] = [];
    const { revisions } = await sourcesOf(context, release.feed, release.release);
    for (const kind of ruleKinds) {
      const rulesets = revisions.filter((revision) => revision.kind === kind).map(({ ruleset }) => ruleset);
      if (rulesets.length === 0) continue;
      const lacking = await lackingRules(context, database, kind, rulesets);
      const section = database.section(kind);
      if (section === undefined) {
        // No rule of the kind is left, and there is nothing to load.
        if (lacking.wanted > 0) results.push(readMatches(kind, lacking));
        continue;
      }
      const files = await exportedFiles(database, kind);
      const old = await exportedBefore(context, before, kind);
      const isChanged = (path: string, sha256: string) => old.get(path) !== sha256;
      const trial = await traced(context, `gate engines ${kind}`, {}, () =>
        gates.tryKind({ kind, files, isChanged, without: lacking.quarantined }),
      );
      // What was refused says nothing of how long loading takes.
      const slow =
        trial.refusals.length > 0
          ? []
          : await checkBudget({
              now: trial.loadSeconds,
              before: before?.gates?.find(({ gate }) => gate === `load ${kind}`)?.seconds,
              slowdownMax: (context.settings.gates ?? defaultGateSettings).slowdownMax,
              again: {
                now: async () => gates.loadSeconds({ kind, files: await exportedFiles(database, kind) }),
                before: () => loadBefore(context, before, kind),
              },
            });
      results.push(...readTrial(kind, trial, { slow, lacking }));
    }
    if (database.section("ioc") !== undefined)
      results.push(await timed(context, "clean-hashes", () => cleanHashes(context, database)));
    return results;
  });
}

/** Rules of samples that are not there. Those in quarantine are missed by nobody, and their samples are not asked about. */
interface LackingRules {
  readonly wanted: number;
  readonly missing: readonly TrialFinding[];
  readonly quarantined: ReadonlySet<string>;
}

async function lackingRules(
  context: ServiceContext,
  database: Database,
  kind: RuleKind,
  rulesets: readonly string[],
): Promise<LackingRules> {
  const inQuarantine = new Set<string>();
  for (const ruleset of rulesets)
    for (const rule of await quarantinedRules(context, ruleset)) inQuarantine.add(rule);
  const wanted = (await context.gates?.wantedRules(kind)) ?? [];
  const [missing, quarantined]: [TrialFinding[], Set<string>] = [[], new Set()];
  for (const rule of wanted) {
    if ((await database.findRule(kind, rule)) !== undefined) continue;
    if (inQuarantine.has(rule)) quarantined.add(rule);
    else missing.push({ rule, message: `expected it in the release, got none` });
  }
  return { wanted: wanted.length, missing, quarantined };
}

async function tryAllForms(context: ServiceContext, release: ReleaseRecord): Promise<GateResult[]> {
  return withDatabase(context, release, async (database) => {
    const results: GateResult[] = [];
    for (const kind of ["ioc", "sigma"] as const) {
      if (database.section(kind) === undefined) continue;
      const gate = `forms ${kind}`;
      results.push(
        await timed(context, gate, async () => {
          const { findings, fine } = await tryForms(database, kind, release);
          return resultOf(gate, findings, fine);
        }),
      );
    }
    return results;
  });
}

function readMatches(
  kind: RuleKind,
  { missing, quarantined }: LackingRules,
  { missed, samples, sampleSeconds }: Pick<EngineTrial, "missed" | "samples" | "sampleSeconds"> = noSamples,
): GateResult {
  const fine = `${samples} samples${quarantined.size === 0 ? "" : `, ${quarantined.size} in quarantine`}`;
  return resultOf(`must-match ${kind}`, [...missing, ...missed], fine, sampleSeconds);
}

/** One result for each question that an engine was asked, with the time that its answer took. */
function readTrial(
  kind: RuleKind,
  trial: EngineTrial,
  { slow, lacking }: { readonly slow: readonly TrialFinding[]; readonly lacking: LackingRules },
): GateResult[] {
  const { engine, refusals, hits, cleanFiles, cleanSeconds, loadSeconds } = trial;
  const results = [readMatches(kind, lacking, trial)];
  if (engine === null) return results;
  const seconds = toMilliseconds(loadSeconds);
  results.unshift(resultOf(`load ${kind}`, refusals, `${engine}, ${seconds} s`, seconds));
  if (refusals.length > 0) return results.slice(0, 1);
  results.push(resultOf(`must-not-match ${kind}`, hits, `${cleanFiles} clean files`, cleanSeconds));
  results.push(resultOf(`budget ${kind}`, slow, `loaded in ${seconds} s`));
  return results;
}

function resultOf(gate: string, findings: readonly TrialFinding[], fine: string, took = 0): GateResult {
  const rules = [...new Set(findings.flatMap(({ rule }) => (rule === null ? [] : [rule])))];
  const shown = findings
    .slice(0, shownMax)
    .map(({ rule, message }) => (rule === null ? message : `${rule}: ${message}`));
  const more = findings.length > shownMax ? [`and ${findings.length - shownMax} more`] : [];
  const failed = findings.length > 0;
  const detail = failed ? [...shown, ...more].join("; ") : fine;
  const seconds = toMilliseconds(took);
  return { gate, result: failed ? "FAILED" : "PASSED", detail, seconds, rules: rules.slice(0, 100) };
}

/** Indicators are looked up, not scanned for. */
async function cleanHashes({ gates }: ServiceContext, database: Database): Promise<GateAnswer> {
  const hits: TrialFinding[] = [];
  let files = 0;
  if (!(await hasHashes(database))) return resultOf("", hits, "no hashes among the indicators");
  for await (const { path, digests } of gates?.cleanFiles() ?? []) {
    files++;
    for (const digest of digests) {
      if ((await database.findRule("ioc", digest)) === undefined) continue;
      hits.push({ rule: digest, message: `it is the hash of the clean file ${path}` });
    }
  }
  return resultOf("", hits, `${files} clean files`);
}

/** They stand first in their section. */
async function hasHashes(database: Database): Promise<boolean> {
  for await (const [first] of database.records("ioc")) {
    return first !== undefined && first.charCodeAt(0) <= indicatorType.sha512;
  }
  return false;
}

const scannedKinds: ReadonlySet<RuleKind> = new Set(engineKinds);

/** Path to digest of what the last release exported. */
async function exportedBefore(
  context: ServiceContext,
  before: ReleaseRecord | undefined,
  kind: RuleKind,
): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  if (before?.database == null || !scannedKinds.has(kind)) return found;
  return withDatabase(context, before, async (database) => {
    for (const { path, chunks } of await exportedFiles(database, kind)) {
      const digest = context.digest();
      for (const chunk of chunks) digest.update(chunk);
      found.set(path, hexText(digest.finish()));
    }
    return found;
  });
}

/** Of a kind that is not in it, none. */
async function exportedFiles(database: Database, kind: RuleKind): Promise<Iterable<ExportedFile>> {
  const section = database.section(kind);
  return section === undefined ? [] : ruleLanguage(kind).exportFiles(await sectionRecords(section));
}

async function loadBefore(
  context: ServiceContext,
  before: ReleaseRecord | undefined,
  kind: RuleKind,
): Promise<number | null> {
  const { gates } = context;
  if (before?.database == null || gates === undefined) return null;
  return withDatabase(context, before, async (database) =>
    gates.loadSeconds({ kind, files: await exportedFiles(database, kind) }),
  );
}

async function withDatabase<T>(
  { databases, digest }: ServiceContext,
  { release, database }: ReleaseRecord,
  use: (database: Database) => Promise<T>,
): Promise<T> {
  const sha256: Sha256Hex | undefined = database?.sha256;
  const stored = sha256 === undefined ? undefined : await databases.open(sha256);
  if (stored === undefined)
    throw new OperationError("STORE_FAILED", `expected the database of release ${release}, got none`);
  try {
    return await use(await openDatabase(stored, ruleLanguage, digest));
  } finally {
    await stored.close();
  }
}

async function previousOf(
  { records }: ServiceContext,
  { feed, previous }: ReleaseRecord,
): Promise<ReleaseRecord> {
  if (previous === null)
    throw new PolicyError("RELEASE_STATE", "expected a release before this one, got none");
  return (await requireRelease(records, feed, previous)).body;
}
