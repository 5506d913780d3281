/**
 * Takes the rules out of a parsed file that a revision says to leave out. Publisher and overseer do this
 * alike.
 */
import { ruleLanguage } from "../rules/registry.js";
import type { ParsedFile, RuleKind } from "../rules/model.js";

/**
 * SPEC §2.2.6: every rule that starts at one of the lines goes; a file without rules gives no records at all.
 */
export function withoutLines(kind: RuleKind, file: ParsedFile, leftOut: ReadonlySet<number>): ParsedFile {
  if (leftOut.size === 0) return file;
  const { ruleID } = ruleLanguage(kind);
  const isRule = (record: string) => ruleID(record) !== undefined;
  const stays = (record: string, i: number) => !leftOut.has(file.lines[i] as number) || !isRule(record);
  const kept = file.records.flatMap((record, i) => (stays(record, i) ? [i] : []));
  if (!kept.some((i) => isRule(file.records[i] as string)))
    return { ...file, records: [], lines: [], ends: [], places: undefined };
  return {
    ...file,
    places: undefined,
    records: kept.map((i) => file.records[i] as string),
    lines: kept.map((i) => file.lines[i] as number),
    ...(file.ends && { ends: kept.map((i) => file.ends?.[i] as number) }),
  };
}
