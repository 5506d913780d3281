/**
 * What one revision of a ruleset changes against another, rule by rule and file by file. A rule that only stands on other lines of its file
 * is unchanged; one that stands in another file has moved; comments and layout change nothing.
 */
import type { FileFacts } from "../core/release/model.js";
import type { SubmissionRecord } from "./model.js";
import { type ParseContext, type PlacedRule, parseRevision, type RulePlace } from "./parse-revision.js";

export const ruleChangeWords = ["added", "changed", "removed", "moved"] as const;

export interface RuleChange {
  readonly change: (typeof ruleChangeWords)[number];
  readonly id: string;
  readonly before: RulePlace | null;
  readonly after: RulePlace | null;
}

export type RuleChangeTotals = Readonly<Record<RuleChange["change"], number>>;

export function totalsOf(changes: readonly RuleChange[]): RuleChangeTotals {
  const count = (word: RuleChange["change"]) => changes.filter(({ change }) => change === word).length;
  return {
    added: count("added"),
    changed: count("changed"),
    removed: count("removed"),
    moved: count("moved"),
  };
}

export interface FileChange {
  readonly change: "added" | "changed" | "removed" | "renamed";
  readonly path: string;
  /** Of a renamed file. */
  readonly from: string | null;
}

/** Nothing but these of a submission counts. */
export type Revision = Pick<SubmissionRecord, "ruleset" | "kind" | "leftOut" | "files">;

/** By path. A file that came with the content of one that went is renamed. */
export function compareFiles(before: readonly FileFacts[], after: readonly FileFacts[]): FileChange[] {
  const old = new Map(before.map((file) => [file.path, file]));
  const now = new Map(after.map((file) => [file.path, file]));
  const gone = before.filter(({ path }) => !now.has(path));
  const changes: FileChange[] = [];
  for (const { path, sha256 } of after) {
    const same = old.get(path);
    if (same !== undefined) {
      if (same.sha256 !== sha256) changes.push({ change: "changed", path, from: null });
      continue;
    }
    const at = gone.findIndex((file) => file.sha256 === sha256);
    const [source] = at < 0 ? [] : gone.splice(at, 1);
    changes.push({ change: source ? "renamed" : "added", path, from: source?.path ?? null });
  }
  for (const { path } of gone) changes.push({ change: "removed", path, from: null });
  return changes.sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** By id. Files that are the same on both sides are not looked at: what is in them has not changed. */
export async function compareRules(
  context: ParseContext,
  before: Revision | undefined,
  after: Revision,
): Promise<RuleChange[]> {
  const sides = new Map<string, { old: PlacedRule[]; now: PlacedRule[] }>();
  const sideOf = (id: string) => {
    const found = sides.get(id) ?? { old: [], now: [] };
    sides.set(id, found);
    return found;
  };
  if (before !== undefined) {
    for await (const rule of parseRevision(context, before, differing(before, after))) {
      sideOf(rule.id).old.push(rule);
    }
  }
  for await (const rule of parseRevision(context, after, differing(after, before)))
    sideOf(rule.id).now.push(rule);
  const ids = [...sides.keys()].sort();
  return ids.flatMap((id) => changesOf(id, sides.get(id) as { old: PlacedRule[]; now: PlacedRule[] }));
}

/** Files that are not the same in the other revision, with the same rules left out of them. */
function differing(one: Revision, other: Revision | undefined): FileFacts[] {
  const key = (revision: Revision, { path, sha256 }: FileFacts) =>
    JSON.stringify([path, sha256, revision.leftOut.filter((rule) => rule.path === path)]);
  const known = new Set(other?.files.map((file) => key(other, file)));
  return one.files.filter((file) => !known.has(key(one, file)));
}

function changesOf(id: string, { old, now }: { old: PlacedRule[]; now: PlacedRule[] }): RuleChange[] {
  const changes: RuleChange[] = [];
  const left = [...old];
  const take = (fits: (rule: PlacedRule) => boolean): PlacedRule | undefined => {
    const at = left.findIndex(fits);
    return at < 0 ? undefined : left.splice(at, 1)[0];
  };
  const unplaced = now.filter(
    ({ record, path }) => !take((one) => one.record === record && one.path === path),
  );
  const others = unplaced.filter((rule) => {
    const from = take(({ record }) => record === rule.record);
    if (from !== undefined) changes.push({ change: "moved", id, before: place(from), after: place(rule) });
    return from === undefined;
  });
  for (const rule of others) {
    const from = take(({ path }) => path === rule.path) ?? left.shift();
    const change = from === undefined ? "added" : "changed";
    changes.push({ change, id, before: from === undefined ? null : place(from), after: place(rule) });
  }
  for (const rule of left) changes.push({ change: "removed", id, before: place(rule), after: null });
  return changes;
}

function place({ path, firstLine, lastLine }: RulePlace): RulePlace {
  return { path, firstLine, lastLine };
}
