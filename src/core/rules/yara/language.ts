/**
 * YARA 4.2 to 4.5. Order carries meaning (a rule sees the rules before it), so the section is a sequence:
 * file by file in the order of their namespaces, each a namespace record and then its rules.
 */
import { quote } from "../../errors.js";
import type { Finding, ParsedFile, RuleLanguage } from "../model.js";
import { exportFiles } from "./export.js";
import { namespaceMark, parseFile, ruleMark } from "./file.js";

const ruleName = /^(?:global )?(?:private )?rule ([A-Za-z_][A-Za-z0-9_]*)/;

export const yaraLanguage: RuleLanguage = {
  kind: "yara",
  order: "sequence",
  byLine: false,
  accepts: (path) => /\.yara?$/i.test(path),
  parse: parseFile,
  merge,
  sequenceKey: namespaceBytes,
  ruleID: (record) => (record.startsWith(ruleMark) ? ruleName.exec(record.slice(1, 400))?.[1] : undefined),
  idPrefixes: () => [],
  exportFiles,
};

/** Two rules may share a name if their files differ: the engine keeps namespaces apart, and so do we. */
function merge(files: readonly ParsedFile[]): { records: string[]; findings: Finding[] } {
  const findings: Finding[] = [];
  const filled = files.filter((file) => file.records.length > 0);
  const keyed = filled.map((file) => ({ file, key: namespaceBytes(file.records[0] as string) }));
  // Byte strings compare in byte order; files of one namespace compare by path, so that the answer is always
  // the same.
  keyed.sort((a, b) => compare(a.key, b.key) || compare(a.file.path, b.file.path));
  const records: string[] = [];
  keyed.forEach(({ file, key }, i) => {
    const before = keyed[i - 1];
    if (before?.key === key) {
      const message = `expected a name that differs by more than .yar, got ${quote(before.file.path)}`;
      findings.push({
        path: file.path,
        line: 1,
        column: 1,
        severity: "error",
        code: "YARA_NAMESPACE_CLASH",
        message,
      });
      return;
    }
    for (const record of file.records) records.push(record);
  });
  return { records, findings };
}

/** From a namespace record: what stands before the imports. */
function namespaceBytes(record: string): string {
  return record.slice(namespaceMark.length, record.indexOf("\0", 1));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
