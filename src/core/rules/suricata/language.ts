/**
 * Suricata and Snort rules. A line that ends in a backslash goes on in the next one. A comment that is a whole rule is a rule that
 * somebody switched off; it is kept, disabled. Any other comment means nothing.
 */
import { kindFacts } from "../kind-facts.js";
import { exportByPath } from "../line-export.js";
import type { ParsedFile, RuleLanguage, SourceFile } from "../model.js";
import { forEachLine, LineFindings, trimBlanks, trimBlanksEnd, trimBlanksStart } from "../source-lines.js";
import { actions } from "./keywords.js";
import { mergeRules } from "./merge.js";
import { formatLine, formatRecord } from "./record.js";
import { readRule } from "./rule.js";
import { RuleText } from "./rule-text.js";

/** Suricata loads no longer rule; Snort does. */
const suricataBytesMax = 8190;
const ruleBytesMax = 64 * 1024;
/** Pieces and findings are looked through together, so both are few. */
const ruleLinesMax = 1000;

export const suricataLanguage: RuleLanguage = {
  ...kindFacts("suricata"),
  kind: "suricata",
  accepts: (path) => path.toLowerCase().endsWith(".rules"),
  parse,
  merge: mergeRules,
  exportFiles: (records) => exportByPath(records, () => "rulemint.rules", formatLine),
};

function parse(file: SourceFile): ParsedFile {
  const findings = new LineFindings(file.path);
  const records: string[] = [];
  const lines: number[] = [];
  const ends: number[] = [];
  let open: RuleText | undefined;
  const keep = (record: string | undefined, line: number, end: number) => {
    if (record === undefined) return;
    records.push(record);
    lines.push(line);
    ends.push(end);
  };
  forEachLine(file, findings, (line, number) => {
    if (open === undefined && (line.startsWith("#") || trimBlanks(line) === "")) {
      keep(disabledRecord(line), number, number);
      return;
    }
    open ??= new RuleText();
    const rest = trimBlanksEnd(line);
    const goesOn = rest.endsWith("\\");
    open.add(line, goesOn ? rest.length - 1 : rest.length, number);
    if (goesOn) return;
    keep(enabledRecord(open, findings), open.line, number);
    open = undefined;
  });
  // A backslash at the end of the file goes on in nothing.
  if (open !== undefined) {
    const { line, lines: count } = open as RuleText;
    keep(enabledRecord(open, findings), line, line + count - 1);
  }
  return { path: file.path, records, lines, ends, findings: findings.finish() };
}

function enabledRecord(source: RuleText, findings: LineFindings): string | undefined {
  const before = findings.errors;
  const report = source.reportTo(findings);
  const { text } = source;
  const start = text.length - trimBlanksStart(text).length;
  if (start > 0 && source.text !== "") {
    report(
      0,
      "SURICATA_INDENTED",
      "expected the rule at the start of the line: Suricata skips it there",
      "warning",
    );
  }
  if (text.length > ruleBytesMax || source.lines > ruleLinesMax) {
    const got = `got ${text.length} bytes in ${source.lines} lines`;
    report(0, "SURICATA_TOO_LONG", `expected at most ${ruleBytesMax} bytes in ${ruleLinesMax} lines, ${got}`);
    return undefined;
  }
  if (text.length > suricataBytesMax) {
    const message = `expected at most ${suricataBytesMax} bytes for Suricata, got ${text.length}`;
    report(0, "SURICATA_TOO_LONG", message, "warning");
  }
  const rule = readRule(text, report);
  return rule !== undefined && findings.errors === before ? formatRecord(rule, false) : undefined;
}

/** The record of a rule that is switched off, when the comment is one without any error. */
function disabledRecord(line: string): string | undefined {
  if (line.length > ruleBytesMax) return undefined;
  const text = line.replace(/^[# \t]+/, "");
  const action = /^[A-Za-z]+/.exec(text)?.[0].toLowerCase();
  if (action === undefined || !actions.has(action)) return undefined;
  let errors = 0;
  const rule = readRule(text, (_offset, _code, _message, severity) => {
    if (severity === undefined) errors++;
  });
  return rule !== undefined && errors === 0 ? formatRecord(rule, true) : undefined;
}
