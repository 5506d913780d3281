/**
 * What a release changes, rule by rule: which ids came, went, or stand for something else now. Made from two databases, so it says what
 * endpoints get and not what somebody meant to change.
 */
import type { FeedName, ReleaseNumber } from "../brands.js";
import { utf8Bytes } from "../encoding/bytes.js";
import type { Database } from "../format/database.js";
import { diffSections } from "../format/section-diff.js";
import { type RuleKind, ruleKinds } from "../rules/model.js";

export interface KindChanges {
  /** Ids, sorted by UTF-16 code units. */
  readonly added: readonly string[];
  /** The same id, another rule. */
  readonly changed: readonly string[];
  readonly removed: readonly string[];
  /** Records that came or went and are no rules: namespaces and their imports. */
  readonly others: number;
}

export interface RuleChanges {
  readonly feed: FeedName;
  readonly release: ReleaseNumber;
  /** Null for the first release: then everything was added. */
  readonly previous: ReleaseNumber | null;
  /** Kinds without a change are left out. */
  readonly kinds: Readonly<Partial<Record<RuleKind, KindChanges>>>;
}

export async function compareRules(
  before: Database | undefined,
  after: Database,
): Promise<RuleChanges["kinds"]> {
  const kinds: Partial<Record<RuleKind, KindChanges>> = {};
  for (const kind of ruleKinds) {
    const changes = await compareKind(before, after, kind);
    if (changes.added.length + changes.changed.length + changes.removed.length + changes.others > 0) {
      kinds[kind] = changes;
    }
  }
  return kinds;
}

/** Records of one id, on both sides. */
interface Sides {
  readonly old: string[];
  readonly new: string[];
}

async function compareKind(
  before: Database | undefined,
  after: Database,
  kind: RuleKind,
): Promise<KindChanges> {
  const { ruleID } = after.languages(kind);
  const byID = new Map<string, Sides>();
  let others = 0;
  const note = (records: readonly string[], side: keyof Sides) => {
    for (const record of records) {
      const id = ruleID(record);
      if (id === undefined) others++;
      else {
        const sides = byID.get(id) ?? { old: [], new: [] };
        sides[side].push(record);
        byID.set(id, sides);
      }
    }
  };
  if (before === undefined) for await (const records of after.records(kind)) note(records, "new");
  else {
    for await (const { removed, inserted } of diffSections(before, after, kind)) {
      note(removed, "old");
      note(inserted, "new");
    }
  }
  const found = { added: [] as string[], changed: [] as string[], removed: [] as string[] };
  for (const [id, sides] of byID) {
    const change = await changeOf(sides, (database) => stands(database, kind, id), { before, after });
    if (change !== undefined) found[change].push(id);
  }
  for (const list of Object.values(found)) list.sort();
  return { ...found, others };
}

/** Undefined for a rule that only moved. */
async function changeOf(
  { old, new: now }: Sides,
  standsIn: (database: Database) => Promise<boolean>,
  { before, after }: { readonly before: Database | undefined; readonly after: Database },
): Promise<"added" | "changed" | "removed" | undefined> {
  if (old.length === 0) return before !== undefined && (await standsIn(before)) ? "changed" : "added";
  if (now.length === 0) return (await standsIn(after)) ? "changed" : "removed";
  return old.sort().join("\0") === now.sort().join("\0") ? undefined : "changed";
}

/** Kinds in which several rules may have one id: when one of them comes or goes, the id stands for something else. */
const shared: ReadonlySet<RuleKind> = new Set(["clamav", "yara"]);

async function stands(database: Database, kind: RuleKind, id: string): Promise<boolean> {
  return shared.has(kind) && (await database.findRule(kind, id)) !== undefined;
}

/** SPEC §14.4.1: one id a line, so that line tools read it too. */
export function formatRuleChanges({ feed, release, previous, kinds }: RuleChanges): Uint8Array<ArrayBuffer> {
  return utf8Bytes(`${JSON.stringify({ schema: 1, feed, release, previous, kinds }, null, 1)}\n`);
}

/** For people. Lists longer than this are cut; the JSON has them whole. */
const shownMax = 500;

export function describeRuleChanges({
  feed,
  release,
  previous,
  kinds,
}: RuleChanges): Uint8Array<ArrayBuffer> {
  const since = previous === null ? "the first release" : `since release ${previous}`;
  const lines = [`# Release ${release} of feed ${feed}, ${since}`, ""];
  const entries = ruleKinds.flatMap((kind) => (kinds[kind] ? [[kind, kinds[kind]] as const] : []));
  if (entries.length === 0) lines.push("No rule was added, changed or removed.", "");
  for (const [kind, { added, changed, removed, others }] of entries) {
    lines.push(`## ${kind}`, "");
    const counts = `${added.length} added, ${changed.length} changed, ${removed.length} removed`;
    lines.push(others === 0 ? counts : `${counts}; ${others} records beside the rules`, "");
    for (const [word, ids] of [
      ["Added", added],
      ["Changed", changed],
      ["Removed", removed],
    ] as const) {
      if (ids.length > 0) lines.push(`### ${word}`, "", ...idLines(ids), "");
    }
  }
  return utf8Bytes(lines.join("\n"));
}

function idLines(ids: readonly string[]): string[] {
  const shown = ids.slice(0, shownMax).map((id) => `- ${codeSpan(id)}`);
  return ids.length > shownMax ? [...shown, `- and ${ids.length - shownMax} more, in changes.json`] : shown;
}

/** Authors choose ids: nothing of one becomes markup. */
export function codeSpan(id: string): string {
  const text = /[\p{C}`]|^\s|\s$/u.test(id) ? JSON.stringify(id).replaceAll("`", "\\u0060") : id;
  return `\`${text.replace(/\p{C}/gu, "\ufffd")}\``;
}
