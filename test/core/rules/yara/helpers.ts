/** Short ways to parse and export YARA in tests. */
import type { Finding, ParsedFile } from "../../../../src/core/rules/model.js";
import { yaraLanguage } from "../../../../src/core/rules/yara/language.js";

export function parse(text: string, path = "set/a.yar"): ParsedFile {
  return yaraLanguage.parse({ path, bytes: new TextEncoder().encode(text) });
}

export function errorsOf(text: string): Finding[] {
  return parse(text).findings.filter((finding) => finding.severity === "error");
}

/** `line:column CODE` for every finding. */
export function places(text: string): string[] {
  return parse(text).findings.map(({ line, column, code }) => `${line}:${column} ${code}`);
}

/** Path and text of every exported file. */
export function exported(files: readonly ParsedFile[]): { path: string; text: string }[] {
  const { records } = yaraLanguage.merge(files);
  return [...yaraLanguage.exportFiles(records)].map(({ path, chunks }) => ({
    path,
    text: Buffer.concat([...chunks]).toString("utf8"),
  }));
}

/** The canonical text of a file. */
export function canonical(text: string): string {
  return exported([parse(text)])[0]?.text ?? "";
}

/** A rule around strings, all of which the condition uses. */
export function withStrings(strings: string): string {
  return `rule a { strings:\n${strings}\ncondition: all of them }`;
}

/** A rule with two strings around a condition. */
export function withCondition(condition: string): string {
  return `rule a { strings: $a = "x" $b = "y" condition:any of them and\n${condition}\n}`;
}
