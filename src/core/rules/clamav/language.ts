/**
 * ClamAV signature files. A record is the mark of its file type, the signature's name, NUL, and the rest in the form that the
 * reader of that type describes. Several signatures may share a name; only exact duplicates vanish.
 */
import { kindFacts } from "../kind-facts.js";
import { exportByPath } from "../line-export.js";
import type { Finding, RecordSink, RuleLanguage, SourceFile } from "../model.js";
import { mergeSorted } from "../sorted-records.js";
import { forEachLine, LineFindings, parseLines, quoteBytes } from "../source-lines.js";
import { contentLine, readContentLine } from "./content-signature.js";
import type { Report } from "./fields.js";
import { type FileType, fileTypeOf, type LineForm, recordType } from "./file-types.js";
import { hashLine, readHashLine } from "./hash-signature.js";
import { ignoreLine, readIgnoreLine } from "./ignore-list.js";
import { logicalLine, readLogicalLine } from "./logical-signature.js";

interface LineCodec {
  /** What stands behind the mark, or undefined; problems go to `report`. */
  read(line: string, report: Report): string | undefined;
  format(name: string, rest: string): string;
}

const codecs: Readonly<Record<LineForm, LineCodec>> = {
  hash: {
    read: (line, report) => readHashLine(line, false, report),
    format: (name, rest) => hashLine(name, rest, false),
  },
  "section-hash": {
    read: (line, report) => readHashLine(line, true, report),
    format: (name, rest) => hashLine(name, rest, true),
  },
  content: { read: readContentLine, format: contentLine },
  logical: { read: readLogicalLine, format: logicalLine },
  ignore: { read: readIgnoreLine, format: ignoreLine },
};

/** What the engine reads of a line, measured with ClamAV 1.4; behind that it sees another line. */
const lineLimits: Readonly<Record<LineForm, number>> = {
  hash: 8190,
  "section-hash": 8190,
  content: 8190,
  logical: 32_766,
  ignore: 8190,
};

export const clamavLanguage: RuleLanguage = {
  ...kindFacts("clamav"),
  kind: "clamav",
  accepts: (path) => fileTypeOf(path) !== undefined,
  parse: (file) => parseLines(file, readLines),
  readLines,
  merge: mergeSorted,
  exportFiles: (records) =>
    exportByPath(
      records,
      (record) => `rulemint.${recordType(record).extension}`,
      (record) => {
        const end = record.indexOf("\0", 1);
        return codecs[recordType(record).form].format(record.slice(1, end), record.slice(end + 1));
      },
    ),
};

function readLines(file: SourceFile, sink: RecordSink): Finding[] {
  const findings = new LineFindings(file.path);
  const type = fileTypeOf(file.path);
  if (type === undefined) {
    const message = `expected the name of a signature file, got ${quoteBytes(file.path)}`;
    findings.add("error", { line: 1, source: "", offset: 0 }, "CLAMAV_FILE_TYPE", message);
  } else {
    forEachLine(file, findings, (line, number) => {
      const record = readLine(type, line, number, findings);
      if (record !== undefined) sink.add(record, number);
    });
  }
  return findings.finish();
}

/** The record of a line; `undefined` for comments, blank lines and lines with errors. */
function readLine(type: FileType, line: string, number: number, findings: LineFindings): string | undefined {
  if (line === "" || line.startsWith("#")) return undefined;
  const before = findings.errors;
  const lineBytesMax = lineLimits[type.form];
  if (line.length > lineBytesMax) {
    const message = `expected a line of at most ${lineBytesMax} bytes, as the engine reads, got ${line.length}`;
    findings.add("error", { line: number, source: "", offset: 0 }, "CLAMAV_TOO_LONG", message);
    return undefined;
  }
  const body = codecs[type.form].read(line, (offset, code, message, severity) =>
    findings.add(severity ?? "error", { line: number, source: line, offset }, code, message),
  );
  return findings.errors === before && body !== undefined ? type.mark + body : undefined;
}
