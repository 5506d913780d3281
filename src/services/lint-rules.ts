/**
 * What is wrong with a revision: our parsers' findings, the engines' second opinions, and ids that clash
 * inside the ruleset.
 *
 * Nothing an author wrote makes this throw. A finding's path is relative to the ruleset, as its author knows
 * it.
 */
import { VerificationError } from "../core/errors.js";
import { limits } from "../core/limits.js";
import { withoutLines } from "../core/release/left-out.js";
import type { FileFacts, LeftOutRule } from "../core/release/model.js";
import type { Finding, ParsedFile, RuleKind, SourceFile } from "../core/rules/model.js";
import { ruleLanguage } from "../core/rules/registry.js";
import { soundPart } from "../core/rules/sound-part.js";
import type { ParsedSource } from "../ports/rule-engine.js";
import type { ServiceContext } from "./context.js";
import { keepIDs, lintIDs, readRuleIDs } from "./lint-ids.js";
import type { SubmissionRecord } from "./model.js";
import { sourceBatches } from "./source-batches.js";
import { submissionLimits } from "./submission-limits.js";
import { traced } from "./trace-calls.js";

export interface LintResult {
  /** Sorted by path, line and column; at most `limits.findingsMax`, errors first to stay. */
  readonly findings: readonly Finding[];
  /** Rules that our parser takes and an engine refuses. */
  readonly leftOut: readonly LeftOutRule[];
  /** Rules that would be compiled. */
  readonly rules: number;
  readonly idsSha256: SubmissionRecord["idsSha256"];
  /** Ids in quarantine that are here; and where they stand: part of `leftOut`, whatever the author asked for. */
  readonly quarantined: ReadonlySet<string>;
  readonly quarantinedOut: readonly LeftOutRule[];
}

type LintContext = Pick<
  ServiceContext,
  "records" | "objects" | "workers" | "engines" | "settings" | "digest" | "tracer"
>;

interface Revision {
  readonly ruleset: string;
  readonly kind: RuleKind;
  readonly files: readonly FileFacts[];
}

interface LintOptions {
  readonly quarantined?: readonly string[];
}

/** @throws OperationError when a store, a worker pool or an engine fails: the submission can be sent again */
export function lintRules(
  context: LintContext,
  revision: Revision,
  options: LintOptions = {},
): Promise<LintResult> {
  const { ruleset, kind, files } = revision;
  const facts = { "rulemint.ruleset": ruleset, "rulemint.kind": kind, "rulemint.files": files.length };
  return traced(context, "lint", facts, () => lint(context, revision, options));
}

async function lint(context: LintContext, revision: Revision, options: LintOptions): Promise<LintResult> {
  const { ruleset, kind } = revision;
  const language = ruleLanguage(kind);
  const shortened = ({ path, line }: LeftOutRule) => ({ path: path.slice(ruleset.length + 1), line });
  const used = revision.files.filter(({ path }) => language.accepts(`${ruleset}/${path}`));
  const engines = context.engines.filter((engine) => engine.kinds.includes(kind));
  const sources: ParsedSource[] = [];
  const parsed: ParsedFile[] = [];
  /** Files with errors, and the names of rules in them. */
  const broken = new Map<string, readonly string[]>();
  for await (const batch of sourceBatches(context.objects, ruleset, used)) {
    const fresh = await context.workers.parse(kind, batch);
    parsed.push(...fresh);
    requireFewer(parsed, submissionLimits(context.settings).rulesMax);
    for (const [i, file] of fresh.entries()) {
      const source = { ...(batch[i] as SourceFile), parsed: file };
      // Engines see the whole ruleset at once: rules refer to each other across files.
      if (engines.length > 0) sources.push(source);
      if (file.findings.some(isError))
        broken.set(file.path, language.references?.declaredNames(source.bytes) ?? []);
    }
  }
  const shown = shownSources(kind, sources, broken);
  // All at once: engines that share a run among submissions then see who else has come.
  const asked = engines.map((engine) => engine.check(kind, engine.soundRulesOnly ? shown : sources));
  const said = await Promise.all(asked);
  const ownIDs = readRuleIDs(context, kind, parsed);
  const ids = await lintIDs(context, revision, parsed, ownIDs);
  const opinions = [...said.flat(), ...ids];
  const own = [...parsed.flatMap(({ findings }) => findings), ...language.merge(parsed).findings];
  const isRule = (record: string) => language.ruleID(record) !== undefined;
  const quarantine = findQuarantined(kind, parsed, options.quarantined ?? []);
  const isKnown = knownErrors(own);
  const news = said.flatMap((findings, i) =>
    engines[i]?.soundRulesOnly ? findings : findings.filter((finding) => !isKnown(finding)),
  );
  const refused = rulesRefusedBy([...news, ...ids], parsed, isRule);
  const gone = joined(refused, quarantine.leftOut);
  const behind = findDependants(kind, parsed, gone, broken);
  const leftOut = joined(gone, behind.leftOut);
  const behindQuarantine = findDependants(kind, parsed, quarantine.leftOut);
  const compiled = parsed.map((file) => withoutLines(kind, file, linesOf(file, leftOut)));
  const compiledIDs = leftOut.length === 0 ? ownIDs : readRuleIDs(context, kind, compiled);
  const rules = language.merge(compiled).records.filter(isRule).length;
  const unused = revision.files.filter((file) => !used.includes(file)).map((file) => unusedFile(kind, file));
  const all = [...own, ...opinions, ...quarantine.findings, ...behind.findings]
    .map((finding) => relative(ruleset, finding))
    .concat(unused);
  // Where there are errors or a quarantine, they say why nothing is left.
  if (rules === 0 && quarantine.ids.size === 0 && !all.some(isError)) all.push(noRules(kind, revision.files));
  return {
    findings: bounded(all),
    leftOut: leftOut.map(shortened),
    rules,
    idsSha256: await keepIDs(context, kind, compiledIDs),
    quarantined: quarantine.ids,
    quarantinedOut: joined(quarantine.leftOut, behindQuarantine.leftOut).map(shortened),
  };
}

/** SPEC §17.6.6: what is in quarantine is left out, and its author is told. */
function findQuarantined(kind: RuleKind, parsed: readonly ParsedFile[], wanted: readonly string[]) {
  const { ruleID } = ruleLanguage(kind);
  const ids = new Set<string>();
  const leftOut: LeftOutRule[] = [];
  const findings: Finding[] = [];
  for (const { path, records, lines } of wanted.length === 0 ? [] : parsed) {
    for (const [i, record] of records.entries()) {
      const id = ruleID(record);
      if (id === undefined || !wanted.includes(id)) continue;
      const line = lines[i] as number;
      ids.add(id);
      leftOut.push({ path, line });
      const message = `${JSON.stringify(id)} is in quarantine, and left out until that is lifted`;
      findings.push({ path, line, column: 1, severity: "warning", code: "RULE_QUARANTINED", message });
    }
  }
  return { ids, leftOut, findings };
}

/**
 * SPEC §17.5.4: what stands on a rule that is left out goes with it, and its author is told. `broken`: names in files with errors, of which those that
 * gave no record are gone as well.
 */
function findDependants(
  kind: RuleKind,
  parsed: readonly ParsedFile[],
  gone: readonly LeftOutRule[],
  broken: ReadonlyMap<string, readonly string[]> = new Map(),
) {
  const { ruleID, references } = ruleLanguage(kind);
  const leftOut: LeftOutRule[] = [];
  const findings: Finding[] = [];
  const touched = new Set([...broken.keys(), ...gone.map(({ path }) => path)]);
  for (const file of references === undefined ? [] : parsed.filter(({ path }) => touched.has(path))) {
    const { path, records, lines } = file;
    const left = linesOf(file, gone);
    const kept = new Set<string | undefined>();
    const names = new Set(broken.get(path));
    records.forEach((record, i) => {
      if (!left.has(lines[i] as number)) kept.add(ruleID(record));
      else names.add(ruleID(record) as string);
    });
    const lacking = [...names].filter((name) => !kept.has(name));
    for (const [i, name] of references?.dependants(records, lacking) ?? []) {
      const line = lines[i] as number;
      leftOut.push({ path, line });
      const message = `${JSON.stringify(name)}, on which it stands, is left out, and so it is left out as well`;
      findings.push({ path, line, column: 1, severity: "warning", code: "RULE_STANDS_ON_LEFT_OUT", message });
    }
  }
  return { leftOut, findings };
}

function joined(one: readonly LeftOutRule[], other: readonly LeftOutRule[]): LeftOutRule[] {
  const all = new Map([...one, ...other].map((rule) => [`${rule.line} ${rule.path}`, rule]));
  return [...all.values()].sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : a.line - b.line));
}

/** Before the next batch is read. */
function requireFewer(parsed: readonly ParsedFile[], rulesMax: number): void {
  const records = parsed.reduce((sum, file) => sum + file.records.length, 0);
  if (records <= rulesMax) return;
  throw new VerificationError("LIMIT_EXCEEDED", `expected at most ${rulesMax} rules, got ${records} or more`);
}

/**
 * What engines see that judge sound rules alone: a file with errors stands for its sound rules, without those that cannot stand by themselves.
 * SPEC §17.5.5.
 */
function shownSources(
  kind: RuleKind,
  sources: readonly ParsedSource[],
  broken: ReadonlyMap<string, readonly string[]>,
): ParsedSource[] {
  const files = sources.map(({ parsed }) => parsed);
  const behind = findDependants(kind, files, [], broken).leftOut;
  return sources.flatMap((source) => {
    const { path, parsed } = source;
    if (!broken.has(path)) return [source];
    const gone = linesOf(parsed, behind);
    const bytes = soundPart(source, parsed, gone);
    return bytes === undefined ? [] : [{ path, bytes, parsed: withoutLines(kind, parsed, gone) }];
  });
}

/**
 * For engines that see whole files: where our parser has found an error in the same record too it has left the record out already, and the
 * line belongs to nothing that is compiled.
 */
function knownErrors(own: readonly Finding[]): (finding: Finding) => boolean {
  const known = new Set(own.filter(isError).map(({ path, line }) => `${line} ${path}`));
  return ({ path, line }) => known.has(`${line} ${path}`);
}

/** The rules that hold an engine's errors, by the line on which they start; SPEC §17.5.1: all of a file about which it gave no answer. */
function rulesRefusedBy(
  opinions: readonly Finding[],
  parsed: readonly ParsedFile[],
  isRule: (record: string) => boolean,
): LeftOutRule[] {
  const files = new Map(parsed.map((file) => [file.path, file]));
  const refused: LeftOutRule[] = [];
  for (const { path, line, code } of opinions.filter(isError)) {
    const file = files.get(path);
    if (file === undefined) continue;
    if (code.endsWith("_FAILED")) {
      for (const [i, record] of file.records.entries())
        if (isRule(record)) refused.push({ path, line: file.lines[i] as number });
      continue;
    }
    const start = startBefore(file, line, isRule);
    if (start !== undefined) refused.push({ path, line: start });
  }
  return joined(refused, []);
}

/** Where the last rule starts that does not start after the line. */
function startBefore(
  file: ParsedFile,
  line: number,
  isRule: (record: string) => boolean,
): number | undefined {
  let found: number | undefined;
  file.lines.forEach((start, i) => {
    const nearer = start <= line && start >= (found ?? 0);
    if (nearer && isRule(file.records[i] as string)) found = start;
  });
  return found;
}

function linesOf({ path }: ParsedFile, leftOut: readonly LeftOutRule[]): Set<number> {
  return new Set(leftOut.filter((rule) => rule.path === path).map(({ line }) => line));
}

export function isError(finding: Finding): boolean {
  return finding.severity === "error";
}

function relative(ruleset: string, finding: Finding): Finding {
  const prefix = `${ruleset}/`;
  return finding.path.startsWith(prefix) ? { ...finding, path: finding.path.slice(prefix.length) } : finding;
}

function unusedFile(kind: RuleKind, { path }: FileFacts): Finding {
  const message = `kept, not compiled: not a name of ${kind} sources`;
  return { path, line: 1, column: 1, severity: "warning", code: "FILE_NOT_COMPILED", message };
}

function noRules(kind: RuleKind, files: readonly FileFacts[]): Finding {
  const message = `expected at least one ${kind} rule in the ruleset, got none`;
  return { path: files[0]?.path ?? "", line: 1, column: 1, severity: "error", code: "RULES_NONE", message };
}

/** Never silently short: when there are too many, the last one says so. */
function bounded(findings: readonly Finding[]): Finding[] {
  const kept = [...findings]
    .sort((a, b) => Number(isError(b)) - Number(isError(a)))
    .slice(0, limits.findingsMax)
    .sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : a.line - b.line || a.column - b.column));
  const last = kept.at(-1);
  if (last === undefined || findings.length <= limits.findingsMax) return kept;
  const message = `${findings.length} findings, of which ${limits.findingsMax} are listed`;
  return [...kept, { ...last, severity: "warning", code: "FINDINGS_CUT", message }];
}
