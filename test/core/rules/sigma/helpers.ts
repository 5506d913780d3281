/** Short ways to parse and export Sigma in tests. */
import type { ParsedFile } from "../../../../src/core/rules/model.js";
import { sigmaLanguage } from "../../../../src/core/rules/sigma/language.js";

export const someID = "929a690e-bef0-4204-a928-ef5e620d6fcc";

export function parse(text: string, path = "set/a.yml"): ParsedFile {
  return sigmaLanguage.parse({ path, bytes: new TextEncoder().encode(text) });
}

/** `line:column CODE` for every finding. */
export function places(text: string): string[] {
  return parse(text).findings.map(({ line, column, code }) => `${line}:${column} ${code}`);
}

export function exported(files: readonly ParsedFile[]): { path: string; text: string }[] {
  const { records } = sigmaLanguage.merge(files);
  return [...sigmaLanguage.exportFiles(records)].map(({ path, chunks }) => ({
    path,
    text: Buffer.concat([...chunks]).toString("utf8"),
  }));
}

/** The canonical text of a file of one rule. */
export function canonical(text: string): string {
  return exported([parse(text)])[0]?.text ?? "";
}

/** A sound rule around a `detection` section, which begins on line 5; `more` goes to the end. */
export function withDetection(detection: string, more = ""): string {
  return `title: T\nid: ${someID}\nlogsource:\n    category: test\ndetection:\n${detection}\n${more}`;
}

/** A rule with the selections sel_a, sel_b and _hidden around a condition on line 9. */
export function withCondition(condition: string): string {
  return withDetection(
    `    sel_a: {A: 1}\n    sel_b: {B: 1}\n    _hidden: {C: 1}\n    condition: ${condition}`,
  );
}

/** A sound rule with one more top-level field. */
export function withField(field: string): string {
  return withDetection("    s: {A: 1}\n    condition: s", field);
}
