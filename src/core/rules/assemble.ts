/** Puts the parsed files of all rulesets together: one section a kind, the same whatever the order in which the files come. */
import { compareBytes, utf8Bytes } from "../encoding/bytes.js";
import { type Finding, type ParsedFile, type RuleKind, ruleKinds, type Section } from "./model.js";
import { ruleLanguage } from "./registry.js";

/**
 * Kinds without records have no section. The findings are those that only show when files meet (ids that clash), not the ones that
 * each file brought along.
 */
export function assembleSections(files: ReadonlyMap<RuleKind, readonly ParsedFile[]>): {
  sections: Section[];
  findings: Finding[];
} {
  const sections: Section[] = [];
  const findings: Finding[] = [];
  for (const kind of ruleKinds) {
    const language = ruleLanguage(kind);
    const merged = language.merge(inPathOrder(files.get(kind) ?? []));
    for (const finding of merged.findings) findings.push(finding);
    if (merged.records.length > 0) sections.push({ kind, order: language.order, records: merged.records });
  }
  return { sections, findings };
}

/** Byte order of the UTF-8 path: UTF-16 order would differ beyond the basic plane. */
function inPathOrder(files: readonly ParsedFile[]): ParsedFile[] {
  const keyed = files.map((file) => ({ file, key: utf8Bytes(file.path) }));
  return keyed.sort((a, b) => compareBytes(a.key, b.key)).map(({ file }) => file);
}
