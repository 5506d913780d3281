/**
 * YARA 4.2 to 4.5. Order carries meaning (a rule sees the rules before it), so the section is a sequence:
 * file by file in the order of their namespaces, each a namespace record and then its rules.
 */
import { quote } from "../../errors.js";
import { kindFacts } from "../kind-facts.js";
import type { Finding, Merged, ParsedFile, RuleLanguage } from "../model.js";
import { OriginsWriter } from "../origins.js";
import { declaredNames, dependants } from "./dependants.js";
import { exportFiles } from "./export.js";
import { parseFile } from "./file.js";
import { namespaceMark } from "./marks.js";

export const yaraLanguage: RuleLanguage = {
  ...kindFacts("yara"),
  kind: "yara",
  accepts: (path) => /\.yara?$/i.test(path),
  parse: parseFile,
  merge,
  sequenceKey: namespaceBytes,
  exportFiles,
  references: { declaredNames, dependants },
};

/** Two rules may share a name if their files differ: the engine keeps namespaces apart, and so do we. */
function merge(files: readonly ParsedFile[]): Merged {
  const findings: Finding[] = [];
  const origins = new OriginsWriter();
  const keyed = numbered(files);
  // Byte strings compare in byte order; files of one namespace compare by path, so that the answer is always
  // the same.
  keyed.sort((a, b) => compare(a.key, b.key) || compare(a.file.path, b.file.path));
  const records: string[] = [];
  keyed.forEach(({ file, key, source }, i) => {
    const before = keyed[i - 1];
    if (before?.key === key) {
      const message = `expected a name that differs by more than .yar, got ${quote(before.file.path)}`;
      const place = { path: file.path, line: 1, column: 1, severity: "error" } as const;
      findings.push({ ...place, code: "YARA_NAMESPACE_CLASH", message });
      return;
    }
    for (const [number, record] of file.records.entries()) {
      records.push(record);
      origins.add([source + number]);
    }
  });
  return { records, findings, origins: origins.finish() };
}

interface Namespace {
  readonly file: ParsedFile;
  readonly key: string;
  /** The number of its first record among all sources. */
  readonly source: number;
}

/** The files that have records. */
function numbered(files: readonly ParsedFile[]): Namespace[] {
  const filled: Namespace[] = [];
  let source = 0;
  for (const file of files) {
    const [first] = file.records;
    if (first !== undefined) filled.push({ file, key: namespaceBytes(first), source });
    source += file.records.length;
  }
  return filled;
}

/** From a namespace record: what stands before the imports. */
function namespaceBytes(record: string): string {
  return record.slice(namespaceMark.length, record.indexOf("\0", 1));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
