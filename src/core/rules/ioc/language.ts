/**
 * Lists of indicators: one a line, comments behind "#", in any order and as often as people like. A "#" inside an indicator
 * (a URL's fragment) is part of it; one at the start of a line or behind white space begins a comment.
 */
import { byteString, utf8Bytes } from "../../encoding/bytes.js";
import type { AddRecord, Finding, RuleLanguage, SourceFile } from "../model.js";
import { mergeSorted } from "../sorted-records.js";
import { byteStringText, forEachLine, LineFindings, parseLines } from "../source-lines.js";
import { IndicatorReader } from "./indicator.js";
import { indicatorText } from "./indicator-text.js";
import { exportLists } from "./plain-lists.js";

export const iocLanguage: RuleLanguage = {
  kind: "ioc",
  order: "sorted",
  onlyRules: true,
  accepts: (path) => path.toLowerCase().endsWith(".txt"),
  parse: (file) => parseLines(file, readLines),
  readLines,
  merge: mergeSorted,
  ruleID: (record) => plainText(indicatorText(record)),
  idPrefixes(id) {
    const record = new IndicatorReader().read(byteString(utf8Bytes(id.trim())));
    return record === undefined ? [] : [record];
  },
  exportFiles: exportLists,
};

function readLines(file: SourceFile, add: AddRecord): Finding[] {
  const findings = new LineFindings(file.path);
  const reader = new IndicatorReader();
  forEachLine(file, findings, (line, number) => {
    const end = indicatorEnd(line);
    let start = 0;
    while (start < end && isBlank(line.charCodeAt(start))) start++;
    if (start === end) return;
    const record = reader.read(start === 0 && end === line.length ? line : line.slice(start, end));
    if (record !== undefined) add(record, number);
    const { problem, warning } = reader;
    const at = (offset: number) => ({ line: number, source: line, offset: start + offset });
    if (problem !== undefined) findings.add("error", at(problem.offset), problem.code, problem.message);
    if (warning !== undefined) findings.add("warning", at(warning.offset), warning.code, warning.message);
  });
  return findings.finish();
}

/** Where the indicator ends: before a comment and before trailing white space. */
function indicatorEnd(line: string): number {
  let end = line.length;
  for (let at = line.indexOf("#"); at >= 0; at = line.indexOf("#", at + 1)) {
    if (at > 0 && !isBlank(line.charCodeAt(at - 1))) continue;
    end = at;
    break;
  }
  while (end > 0 && isBlank(line.charCodeAt(end - 1))) end--;
  return end;
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

/** Records hold UTF-8; people read characters. */
function plainText(text: string): string {
  return /[\x80-\xff]/.test(text) ? byteStringText(text) : text;
}
