/**
 * Rules of many files as one set in which every id stands once. Of several revisions the highest is taken; two enabled rules of one
 * id and revision that differ are an error. The answer does not depend on the order of the files.
 */
import type { Finding, Merged, ParsedFile } from "../model.js";
import { OriginsWriter, type SourceRecord, sourceRecords } from "../origins.js";
import { idOf, isDisabled, keyOf, revisionOf, textOf } from "./record.js";

export function mergeRules(files: readonly ParsedFile[]): Merged {
  const byKey = new Map<string, SourceRecord[]>();
  for (const entry of sourceRecords(files)) {
    const key = keyOf(entry.record);
    const others = byKey.get(key);
    if (others === undefined) byKey.set(key, [entry]);
    else others.push(entry);
  }
  const taken: SourceRecord[][] = [];
  const findings: Finding[] = [];
  for (const entries of byKey.values()) {
    entries.sort(byPrecedence);
    const [winner, ...losers] = entries as [SourceRecord, ...SourceRecord[]];
    taken.push(entries.filter(({ record }) => record === winner.record));
    for (const loser of losers) if (loser.record !== winner.record) findings.push(clash(winner, loser));
  }
  findings.sort((a, b) => order(a.path, b.path) || a.line - b.line || order(a.message, b.message));
  return { ...inOrder(taken), findings };
}

/** One record each, and all the places that it stands in. */
function inOrder(taken: SourceRecord[][]): Pick<Merged, "records" | "origins"> {
  const recordOf = (same: SourceRecord[]) => (same[0] as SourceRecord).record;
  taken.sort((a, b) => order(recordOf(a), recordOf(b)));
  const origins = new OriginsWriter();
  for (const same of taken) origins.add(same.map(({ source }) => source));
  return { records: taken.map(recordOf), origins: origins.finish() };
}

function byPrecedence(a: SourceRecord, b: SourceRecord): number {
  return (
    revisionOf(b.record) - revisionOf(a.record) ||
    Number(isDisabled(a.record)) - Number(isDisabled(b.record)) ||
    order(textOf(a.record), textOf(b.record)) ||
    order(a.path, b.path) ||
    a.line - b.line
  );
}

function clash(winner: SourceRecord, loser: SourceRecord): Finding {
  const revision = revisionOf(loser.record);
  const taken = revisionOf(winner.record);
  const place = { path: loser.path, line: loser.line, column: 1 } as const;
  const other = `${winner.path}:${winner.line}`;
  const one = `expected one rule ${idOf(loser.record)}`;
  if (revision < taken) {
    const message = `${one}, got revision ${revision} beside revision ${taken} in ${other}, which is taken`;
    return { ...place, severity: "warning", code: "SURICATA_SID_SUPERSEDED", message };
  }
  if (isDisabled(loser.record)) {
    const message = `${one}, got a disabled one beside the one in ${other}, which is taken`;
    return { ...place, severity: "warning", code: "SURICATA_SID_DISABLED", message };
  }
  const message = `${one} of revision ${revision}, got another one in ${other}`;
  return { ...place, severity: "error", code: "SURICATA_SID_DUPLICATE", message };
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
