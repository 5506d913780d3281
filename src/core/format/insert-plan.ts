/** How a new record is sent: as fresh text, or as edits of a record that its change removes. */
import { limits } from "../limits.js";
import { sharedLength } from "./block.js";
import type { SectionChange } from "./section-change.js";
import { diffWords, splitWords } from "./word-edits.js";
import type { WordEdit } from "./word-edits.js";

export interface EditPlan {
  /** Place among the removed records of the change. */
  readonly source: number;
  readonly edits: readonly WordEdit[];
}

/** Shorter records are cheaper as text. */
const recordBytesMin = 40;
/** Word lists of larger ones take too long to compare. */
const recordBytesMax = 256 * 1024;
/** Removed records that are looked at closely. */
const closeLooks = 4;
/** Share of words in common below which nothing good comes of edits. */
const likenessMin = 0.3;
/** An edit costs about as much as so many bytes of text; all edits together must stay below a share of the record. */
const editBytes = 4;
const editShareMax = 0.6;

/** Undefined: fresh text. */
export function planInsert(change: SectionChange, record: string): EditPlan | undefined {
  if (record.length < recordBytesMin || record.length > recordBytesMax) return undefined;
  const sources = change.removed
    .slice(0, limits.removedSourcesMax)
    .map((old, source) => ({ old, source, shared: sharedLength(old, record) }))
    .filter(({ old }) => old.length >= recordBytesMin && old.length <= recordBytesMax)
    .sort((a, b) => b.shared - a.shared || a.source - b.source)
    .slice(0, closeLooks);
  const words = new Set(splitWords(record));
  let best: { old: string; source: number } | undefined;
  let bestLikeness = likenessMin;
  for (const candidate of sources) {
    const like = likeness(words, new Set(splitWords(candidate.old)));
    if (like <= bestLikeness) continue;
    best = candidate;
    bestLikeness = like;
  }
  if (!best) return undefined;
  const edits = diffWords(best.old, record);
  if (!edits) return undefined;
  const cost = edits.reduce((sum, edit) => sum + editBytes + edit.insert.length, 0);
  return cost < editShareMax * record.length ? { source: best.source, edits } : undefined;
}

function likeness(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  let shared = 0;
  for (const word of a) if (b.has(word)) shared++;
  return shared / Math.max(a.size, b.size);
}
