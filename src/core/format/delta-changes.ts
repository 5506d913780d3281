/** The changes of a delta one by one, with the text of each, out of its groups. */
import type { RuleKind } from "../rules/model.js";
import { removedSourcesMax } from "./delta-group.js";
import type { ReadGroup } from "./delta-reader.js";
import { malformedPack } from "./pack-header.js";
import type { WordEdit } from "./word-edits.js";

export type ReadInsert =
  | { readonly type: "fresh"; readonly gain: number; readonly text: string }
  /** `source`: place among the change's removed records, or the old record itself. */
  | { readonly type: "edits"; readonly source: number | string; readonly edits: readonly WordEdit[] };

export interface ReadChange {
  readonly kind: RuleKind;
  readonly skip: number;
  readonly removes: number;
  readonly inserts: readonly ReadInsert[];
}

export async function* readChanges(
  groups: AsyncIterable<ReadGroup>,
  sorted: (kind: RuleKind) => boolean,
): AsyncGenerator<ReadChange, void, undefined> {
  for await (const group of groups) {
    const cursor = new GroupCursor(group);
    for (const part of group.parts) {
      for (let left = part.changes; left > 0; left--) yield cursor.change(part.kind, sorted(part.kind));
    }
  }
}

class GroupCursor {
  readonly #group: ReadGroup;
  #change = 0;
  #insert = 0;
  #edited = 0;
  #edit = 0;
  #fresh = 0;
  #gain = 0;
  #text = 0;

  constructor(group: ReadGroup) {
    this.#group = group;
  }

  change(kind: RuleKind, sorted: boolean): ReadChange {
    const { skips, removes, inserts } = this.#group.columns;
    const at = this.#change++;
    const removed = removes[at] as number;
    const read: ReadInsert[] = [];
    for (let left = inserts[at] as number; left > 0; left--) read.push(this.#nextInsert(removed, sorted));
    return { kind, skip: skips[at] as number, removes: removed, inserts: read };
  }

  #nextInsert(removes: number, sorted: boolean): ReadInsert {
    const { columns, exemplarRecords } = this.#group;
    const source = columns.sources[this.#insert++] as number;
    if (source === 0) {
      const gain = sorted ? (columns.gains[this.#gain++] as number) : 0;
      return { type: "fresh", gain, text: this.#take(columns.lengths[this.#fresh++] as number) };
    }
    const sources = Math.min(removes, removedSourcesMax);
    const exemplar = exemplarRecords[source - 1 - sources];
    if (source > sources && exemplar === undefined) {
      throw malformedPack(
        `expected edits of one of ${sources + exemplarRecords.length} records, got ${source}`,
      );
    }
    const edits: WordEdit[] = [];
    for (let left = columns.editCounts[this.#edited++] as number; left > 0; left--) {
      const at = this.#edit++;
      const skip = columns.editSkips[at] as number;
      const remove = columns.editRemoves[at] as number;
      edits.push({ skip, remove, insert: this.#take(columns.editInserts[at] as number) });
    }
    return {
      type: "edits",
      source: exemplar !== undefined && source > sources ? exemplar : source - 1,
      edits,
    };
  }

  #take(length: number): string {
    this.#text += length;
    return this.#group.text.slice(this.#text - length, this.#text);
  }
}
