/**
 * Sigma. A record is the rule's UUID, 16 raw bytes, and its canonical YAML without the `id` line: the UUID
 * sorts and finds the rule, and its text form, which no compressor can shorten, is not stored a second
 * time. Exporting writes it back.
 */
import { byteString, byteStringBytes, hexBytes, utf8Bytes } from "../../encoding/bytes.js";
import { quote, VerificationError } from "../../errors.js";
import { limits } from "../../limits.js";
import { kindFacts } from "../kind-facts.js";
import type { ExportedFile, Finding, Merged, ParsedFile, RuleLanguage, SourceFile } from "../model.js";
import { OriginsWriter, type SourceRecord, sourceRecords } from "../origins.js";
import { decodeSource, FindingList } from "../source-text.js";
import { expandActions } from "./actions.js";
import { checkRule } from "./check.js";
import { formatRule } from "./emit.js";
import { idBytes, idOf } from "./record.js";
import { without } from "./tree.js";
import { parseDocuments } from "./yaml-source.js";

/**
 * Hundreds of times the largest rule there is. The tree of a YAML file takes far more memory than the file.
 */
const fileBytesMax = 4 * 1024 * 1024;

export const sigmaLanguage: RuleLanguage = {
  ...kindFacts("sigma"),
  kind: "sigma",
  accepts: (path) => /\.ya?ml$/i.test(path),
  parse: parseFile,
  merge,
  exportFiles,
};

function parseFile(file: SourceFile): ParsedFile {
  if (file.bytes.length > fileBytesMax) return tooLarge(file);
  const text = decodeSource(file);
  if (typeof text !== "string") return text;
  const findings = new FindingList(file.path, text);
  const documents = parseDocuments(text, findings);
  if (documents.length === 0 && findings.errors === 0) {
    findings.error(0, "SIGMA_DOCUMENT", "expected a rule, got a file without any");
  }
  const records: string[] = [];
  const lines: number[] = [];
  const ends: number[] = [];
  for (const document of expandActions(documents, findings)) {
    const checked = checkRule(document, text, findings);
    if (checked === undefined) continue;
    const body = utf8Bytes(formatRule(without(checked.rule, "id")));
    const record = byteString(hexBytes(checked.id)) + byteString(body);
    if (record.length > limits.recordBytesMax) {
      const most = limits.recordBytesMax;
      const message = `expected at most ${most} bytes in canonical form, got ${record.length}`;
      findings.error(document.offset, "SIGMA_RULE_TOO_LARGE", message);
      continue;
    }
    records.push(record);
    lines.push(findings.lines.position(document.offset).line);
    ends.push(findings.lines.position(document.end ?? document.offset).line);
  }
  return { path: file.path, records, lines, ends, findings: findings.sorted() };
}

function tooLarge({ path, bytes }: SourceFile): ParsedFile {
  const message = `expected at most ${fileBytesMax} bytes in a file of rules, got ${bytes.length}`;
  const finding = {
    path,
    line: 1,
    column: 1,
    severity: "error",
    code: "SIGMA_FILE_TOO_LARGE",
    message,
  } as const;
  return { path, records: [], lines: [], findings: [finding] };
}

/** Sorted and unique. One id with two texts is an error at the one that comes later by path and line. */
function merge(files: readonly ParsedFile[]): Merged {
  const all = sourceRecords(files);
  const idOf = ({ record }: SourceRecord) => record.slice(0, idBytes);
  all.sort((a, b) => compare(idOf(a), idOf(b)) || byPlace(a, b));
  const records: string[] = [];
  const origins = new OriginsWriter();
  const findings: Finding[] = [];
  for (let start = 0, end = 0; start < all.length; start = end) {
    const first = all[start] as SourceRecord;
    while (end < all.length && idOf(all[end] as SourceRecord) === idOf(first)) end++;
    const same = all.slice(start, end);
    records.push(first.record);
    origins.add(same.filter(({ record }) => record === first.record).map(({ source }) => source));
    for (const one of same) if (one.record !== first.record) findings.push(duplicate(one, first));
  }
  return { records, findings, origins: origins.finish() };
}

function duplicate({ path, line }: SourceRecord, first: SourceRecord): Finding {
  const taken = `that of another rule in ${quote(first.path)} line ${first.line}`;
  const message = `expected a new id, got ${taken}`;
  return { path, line, column: 1, severity: "error", code: "SIGMA_ID_DUPLICATE", message };
}

function byPlace(a: { path: string; line: number }, b: { path: string; line: number }): number {
  return compare(a.path, b.path) || a.line - b.line;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** One file a rule, `<uuid>.yml`; the id stands after the title, where people look for it. */
function* exportFiles(records: Iterable<string>): Iterable<ExportedFile> {
  for (const record of records) {
    const id = idOf(record);
    const titleEnd = record.indexOf("\n", idBytes) + 1;
    if (record.length <= idBytes || titleEnd === 0) {
      throw new VerificationError(
        "DATABASE_MALFORMED",
        "expected a Sigma record with an id and a text, got another",
      );
    }
    const text = `${record.slice(idBytes, titleEnd)}id: ${id}\n${record.slice(titleEnd)}`;
    yield { path: `${id}.yml`, chunks: [byteStringBytes(text)] };
  }
}
