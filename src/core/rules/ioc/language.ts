/**
 * Lists of indicators: one a line, comments behind "#", in any order and as often as people like. A "#" inside an indicator
 * (a URL's fragment) is part of it; one at the start of a line or behind white space begins a comment.
 */
import { byteString } from "../../encoding/bytes.js";
import { kindFacts } from "../kind-facts.js";
import type { Finding, RecordSink, RuleLanguage, SourceFile } from "../model.js";
import { mergeSorted } from "../sorted-records.js";
import { forEachLineOfBytes, LineFindings, parseLines } from "../source-lines.js";
import { IndicatorReader } from "./indicator.js";
import { exportLists } from "./plain-lists.js";

export const iocLanguage: RuleLanguage = {
  ...kindFacts("ioc"),
  kind: "ioc",
  accepts: (path) => path.toLowerCase().endsWith(".txt"),
  parse: (file) => parseLines(file, readLines),
  readLines,
  merge: mergeSorted,
  exportFiles: exportLists,
};

function readLines(file: SourceFile, sink: RecordSink): Finding[] {
  const { bytes } = file;
  const findings = new LineFindings(file.path);
  const reader = new IndicatorReader();
  forEachLineOfBytes(file, findings, (lineStart, lineEnd, line) => {
    const end = indicatorEnd(bytes, lineStart, lineEnd);
    let start = lineStart;
    while (start < end && isBlank(bytes[start] as number)) start++;
    if (start === end) return;
    reader.readBytes(bytes, start, end);
    if (reader.length > 0) sink.addBytes(reader.bytes, 0, reader.length, line);
    const { problem, warning } = reader;
    if (problem === undefined && warning === undefined) return;
    const source = byteString(bytes.subarray(lineStart, lineEnd));
    const at = (offset: number) => ({ line, source, offset: start - lineStart + offset });
    if (problem !== undefined) findings.add("error", at(problem.offset), problem.code, problem.message);
    if (warning !== undefined) findings.add("warning", at(warning.offset), warning.code, warning.message);
  });
  return findings.finish();
}

/** Where the indicator of a line ends: before a comment and before trailing white space. */
function indicatorEnd(bytes: Uint8Array, lineStart: number, lineEnd: number): number {
  let end = lineStart;
  while (end < lineEnd && !(bytes[end] === hash && (end === lineStart || isBlank(bytes[end - 1] as number))))
    end++;
  while (end > lineStart && isBlank(bytes[end - 1] as number)) end--;
  return end;
}

const hash = 0x23;

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}
