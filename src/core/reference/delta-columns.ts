/** SPEC §4.5: the numbers of a group. */
import { ByteReader } from "../encoding/varint.js";
import { broken } from "./packs.js";

/** One change of a part. */
export interface DeltaChange {
  readonly skips: number;
  readonly removes: number;
  readonly inserts: readonly DeltaInsert[];
}

export type DeltaInsert =
  | { readonly source: 0; readonly gain: number; readonly length: number }
  | { readonly source: number; readonly edits: readonly DeltaEdit[] };

export interface DeltaEdit {
  readonly skips: number;
  readonly removes: number;
  readonly inserts: number;
}

export interface DeltaPart {
  readonly kind: number;
  readonly changes: readonly DeltaChange[];
  /** Record numbers of the old section. */
  readonly exemplars: readonly number[];
}

export interface DeltaGroup {
  readonly parts: readonly DeltaPart[];
  readonly recents: readonly number[];
  readonly replaced: boolean;
}

/** How many frames of columns there are beside the first. */
export function cutsOf(start: Uint8Array): number {
  const reader = new ByteReader(start, broken);
  reader.varint();
  return reader.varint().toString(2).replace(/0/g, "").length;
}

/** @param isSorted whether the kind's section is sorted: only then fresh inserts have gains */
export function readGroup(bytes: Uint8Array, isSorted: (kind: number) => boolean): DeltaGroup {
  const reader = new ByteReader(bytes, broken);
  const forms = reader.varint();
  reader.varint();
  const replaced = reader.byte();
  if (replaced > 1 || forms % 64 !== 0) throw broken("marks that mean nothing");
  const next = () => reader.varint();
  const shape = times(next(), () => ({ kind: next(), changes: next() }));
  const perChange = () => shape.map(({ changes }) => times(changes, next));
  const [removes, inserts] = [perChange(), perChange()];
  const sources = inserts.map((part) => part.map((count) => times(count, next)));
  const exemplars = shape.map(() => numbers(next));
  const recents = numbers(next);
  const editCounts = sources.map((part) => part.map((row) => row.map((source) => (source > 0 ? next() : 0))));

  const total = (
    rows: readonly (readonly (readonly number[])[])[],
    of: (value: number, part: number) => number,
  ) => sum(rows.map((part, p) => sum(part.flat().map((value) => of(value, p)))));
  const fresh = total(sources, (source) => (source === 0 ? 1 : 0));
  const gained = total(sources, (source, p) =>
    source === 0 && isSorted((shape[p] as { kind: number }).kind) ? 1 : 0,
  );
  const edited = total(editCounts, (count) => count);
  const counts = [sum(shape.map(({ changes }) => changes)), gained, fresh, edited, edited, edited];
  const [skips, gains, lengths, editSkips, editRemoves, editInserts] = lastColumns(reader, forms, counts);

  const parts = shape.map(({ kind, changes }, p) => ({
    kind,
    exemplars: exemplars[p] as number[],
    changes: times(changes, (c) => ({
      skips: taken(skips),
      removes: removes[p]?.[c] as number,
      inserts: ((sources[p] as number[][])[c] as number[]).map((source, i): DeltaInsert => {
        if (source === 0)
          return { source: 0, gain: isSorted(kind) ? taken(gains) : 0, length: taken(lengths) };
        const count = editCounts[p]?.[c]?.[i] as number;
        const edits = times(count, () => ({
          skips: taken(editSkips),
          removes: taken(editRemoves),
          inserts: taken(editInserts),
        }));
        return { source, edits };
      }),
    })),
  }));
  return { parts, recents, replaced: replaced === 1 };
}

/** SPEC §4.6.2: how many, then their gaps. */
function numbers(next: () => number): number[] {
  let before = -1;
  return times(next(), () => {
    before += next() + 1;
    return before;
  });
}

/** Columns 6 to 11, whose numbers may be in classes, and the bits behind them. Each comes out reversed, to be taken from its end. */
function lastColumns(reader: ByteReader, forms: number, counts: readonly number[]): (number[] | undefined)[] {
  const inClasses = (i: number) => Math.floor(forms / 2 ** (i + 6)) % 2 === 1;
  const raw = counts.map((count, i) => times(count, () => (inClasses(i) ? reader.byte() : reader.varint())));
  const bits = reader.bytes(reader.left);
  let used = 0;
  const columns = raw.map((column, i) => {
    if (!inClasses(i)) return column.reverse();
    return column
      .map((value) => {
        if (value < 16) return value;
        const [k, high] = [(value - 16) >> 1, (value - 16) & 1];
        let low = 0;
        for (let bit = 0; bit < k + 3; bit++, used++) {
          const byte = bits[used >> 3];
          if (byte === undefined) throw broken("fewer bits than numbers ask for");
          low += ((byte >> (used & 7)) & 1) * 2 ** bit;
        }
        return (2 + high) * 2 ** (k + 3) + low;
      })
      .reverse();
  });
  if (Math.ceil(used / 8) !== bits.length) throw broken("more bits than numbers ask for");
  return columns;
}

function taken(column: number[] | undefined): number {
  const value = column?.pop();
  if (value === undefined) throw broken("columns that do not belong together");
  return value;
}

function sum(values: readonly number[]): number {
  return values.reduce((all, value) => all + value, 0);
}

function times<T>(count: number, make: (i: number) => T): T[] {
  if (count > 1e8) throw broken("a count beyond belief");
  return Array.from({ length: count }, (_, i) => make(i));
}
