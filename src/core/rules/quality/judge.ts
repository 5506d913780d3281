/**
 * Rules that are right and still do harm: slow for the engine, or so wide that they hit bystanders. Made of the records that a parser gave,
 * so every rule is judged as it will be compiled. Nothing here refuses a rule; a reviewer reads it.
 */
import { formatIPv4, formatIPv6 } from "../ip-addresses.js";
import { ruleLanguage } from "../registry.js";
import type { Finding, ParsedFile, RuleKind } from "../model.js";
import { indicatorProblems } from "./indicators.js";
import { type Problem, signatureProblems, suricataProblems, yaraProblems } from "./rules.js";
import { sigmaProblems } from "./sigma.js";

const judges: Readonly<Record<RuleKind, (record: string) => readonly Problem[]>> = {
  clamav: signatureProblems,
  ioc: (record) => indicatorProblems(record, { formatIPv4, formatIPv6 }),
  sigma: sigmaProblems,
  suricata: suricataProblems,
  yara: yaraProblems,
};

/** Of one file; a list of millions is not answered with millions. */
const findingsMax = 2000;

/** The file with what a reviewer should know of its rules, behind what the parser found. */
export function withQuality(kind: RuleKind, file: ParsedFile): ParsedFile {
  const judge = judges[kind];
  const { ruleID, onlyRules } = ruleLanguage(kind);
  const found: Finding[] = [];
  for (let i = 0; i < file.records.length && found.length < findingsMax; i++) {
    const record = file.records[i] as string;
    const problems = judge(record);
    if (problems.length === 0 || (onlyRules !== true && ruleID(record) === undefined)) continue;
    const place = { path: file.path, line: file.lines[i] as number, column: 1 } as const;
    found.push(...problems.map((problem) => ({ ...place, severity: "warning" as const, ...problem })));
  }
  return found.length === 0 ? file : { ...file, findings: [...file.findings, ...found] };
}
