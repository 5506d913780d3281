/**
 * From parsed sources to the sections of a database. A pure function of (sources, compiler): the order in
 * which files come does not matter, and whatever an approval did not cover stops it.
 */
import { VerificationError } from "../errors.js";
import type { Finding, Origins, ParsedFile, RuleKind, Section } from "../rules/model.js";
import { ruleKinds } from "../rules/model.js";
import { ruleLanguage } from "../rules/registry.js";
import { withoutLines } from "./left-out.js";
import type { DatabaseFacts, FileFacts, Revision } from "./model.js";
import type { DatabaseSummary } from "../format/model.js";

/** A revision whose compiled files have been parsed. */
export interface ParsedRevision {
  readonly revision: Revision;
  readonly files: readonly ParsedFile[];
}

/** A section, and which records of which files it was merged from. */
export interface CompiledSection extends Section {
  readonly files: readonly ParsedFile[];
  readonly origins: Origins;
}

const findingsShown = 20;

/** Where a file of a ruleset stands among all sources: what parsers and findings call it. */
export function sourcePath(revision: Pick<Revision, "ruleset">, file: Pick<FileFacts, "path">): string {
  return `${revision.ruleset}/${file.path}`;
}

/** The files of a revision that are rules; the others are kept and not compiled. */
export function compiledFiles(revision: Pick<Revision, "ruleset" | "kind" | "files">): FileFacts[] {
  const language = ruleLanguage(revision.kind);
  return revision.files.filter((file) => language.accepts(sourcePath(revision, file)));
}

/**
 * SPEC §2.3.4. In the order of `ruleKinds`; kinds without records are left out.
 *
 * @throws VerificationError RULES_INVALID when a revision has errors that it was not approved with,
 *   RULE_CONFLICT when rules of two rulesets cannot stand in one database
 */
export function compileSections(revisions: readonly ParsedRevision[]): CompiledSection[] {
  return ruleKinds.flatMap((kind) => {
    const section = compileKind(
      kind,
      revisions.filter(({ revision }) => revision.kind === kind),
    );
    return section.records.length === 0 ? [] : [section];
  });
}

function compileKind(kind: RuleKind, revisions: readonly ParsedRevision[]): CompiledSection {
  const language = ruleLanguage(kind);
  const files = revisions.flatMap(approvedRules).sort((a, b) => (a.path < b.path ? -1 : 1));
  const { records, findings, origins } = language.merge(files);
  const tolerant = new Set(
    revisions.filter(({ revision }) => revision.leaveOutInvalid).map(({ revision }) => revision.ruleset),
  );
  const clashes = findings.filter(
    ({ severity, path }) => severity === "error" && !tolerant.has(path.slice(0, path.indexOf("/"))),
  );
  if (clashes.length > 0)
    throw refusal("RULE_CONFLICT", `${kind} rules that stand beside each other`, clashes);
  return { kind, order: language.order, records, files, origins };
}

/** What is left of a revision's rules after what it says to leave out. */
function approvedRules({ revision, files }: ParsedRevision): ParsedFile[] {
  const findings = files.flatMap((file) => file.findings);
  // SPEC §2.3.5: a parser that failed has proven nothing about the file, so nothing may be left out on its word.
  const fatal = findings.filter(
    ({ severity, code }) =>
      code === "RULES_PARSER_FAILED" || (severity === "error" && !revision.leaveOutInvalid),
  );
  if (fatal.length > 0) throw refusal("RULES_INVALID", `rules of ${revision.ruleset} without errors`, fatal);
  return files.map((file) => {
    const dropped = revision.leftOut.filter((rule) => sourcePath(revision, rule) === file.path);
    return withoutLines(revision.kind, file, new Set(dropped.map(({ line }) => line)));
  });
}

/** What a manifest says of a database. */
export function databaseFacts({ sha256, bytes, sections }: DatabaseSummary): DatabaseFacts {
  const counts = sections.flatMap(({ kind, rules }) => (rules > 0 ? [[kind, rules] as const] : []));
  return { sha256, bytes, rules: Object.fromEntries(counts) };
}

function refusal(
  code: "RULES_INVALID" | "RULE_CONFLICT",
  expected: string,
  findings: readonly Finding[],
): VerificationError {
  const [first] = findings;
  const where = first === undefined ? "none" : `${first.path}:${first.line}:${first.column} ${first.code}`;
  const more = findings.length > 1 ? ` and ${findings.length - 1} more` : "";
  return new VerificationError(code, `expected ${expected}, got ${where}${more}`, {
    details: { findings: findings.slice(0, findingsShown) },
  });
}
