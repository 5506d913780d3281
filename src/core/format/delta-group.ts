/**
 * A group: a run of changes whose numbers and text fit in memory, and the unit in which a delta is read.
 *
 *     columns = varint(forms) varint(cuts) byte(replaced) column[0] … column[11] bits
 *
 * `forms` has a bit for each column in classes (else plain); `cuts` one for each column behind which a frame ends. Change after
 * change: skip so many old records, insert some, leave out some old ones. An insert is fresh text, or edits of an old record.
 */
import { ByteReader, ByteWriter } from "../encoding/varint.js";
import { limits } from "../limits.js";
import { ruleKinds } from "../rules/model.js";
import type { RuleKind } from "../rules/model.js";
import { malformedPack } from "./pack-header.js";
import { BitWriter, ColumnReader, writeColumn } from "./number-columns.js";
import type { ColumnForm } from "./number-columns.js";

/** In the order in which they stand. */
export const columnNames = [
  /** number of parts; for each: place of its kind in ruleKinds, number of changes */
  "parts",
  /** a change: old records left out; new ones put in their place */
  "removes",
  "inserts",
  /** an insert: 0 fresh; 1 … r edits of the change's removed record; beyond r edits of the dictionary's */
  "sources",
  /** a part: number of old records in the dictionary, then the gaps between them; at last the same of recent texts */
  "exemplars",
  /** an insert of edits: how many */
  "editCounts",
  /** a change: old records kept since the one before */
  "skips",
  /** fresh, sorted kinds: 2 × (bytes shared beyond what its neighbours share) + (1 if shared with the one behind) */
  "gains",
  /** fresh: bytes of text */
  "lengths",
  /** an edit: words kept, words left out, bytes of text put in */
  "editSkips",
  "editRemoves",
  "editInserts",
] as const;
export type ColumnName = (typeof columnNames)[number];
export type Columns = Record<ColumnName, number[]>;

/** Edits may use one of the first records that their change leaves out; more are not kept in memory. */
export const removedSourcesMax = 256;
/** One frame of columns. */
export const columnFrameBytesMax = limits.codecBlockBytesMax;

export function emptyColumns(): Columns {
  const columns: Partial<Columns> = {};
  for (const name of columnNames) columns[name] = [];
  return columns as Columns;
}

/** How a group is laid out; the same numbers can be written in many ways, and the smallest is taken. */
export interface GroupLayout {
  readonly classed: ReadonlySet<ColumnName>;
  /** Columns behind which a frame ends. */
  readonly cuts: ReadonlySet<ColumnName>;
  /** The dictionary also holds the records that the group's changes replace. */
  readonly replaced: boolean;
}

/** The content of each frame of columns. */
export function formatColumns(columns: Columns, layout: GroupLayout): Uint8Array[] {
  const frames: Uint8Array[] = [];
  const writer = new ByteWriter();
  const bits = new BitWriter();
  writer.varint(mask(layout.classed));
  writer.varint(mask(layout.cuts));
  writer.byte(layout.replaced ? 1 : 0);
  for (const name of columnNames) {
    writeColumn(writer, bits, layout.classed.has(name) ? "classed" : "plain", columns[name]);
    if (layout.cuts.has(name)) frames.push(writer.take());
  }
  writer.bytes(bits.take());
  frames.push(writer.take());
  return frames;
}

function mask(names: ReadonlySet<ColumnName>): number {
  return columnNames.reduce((sum, name, i) => sum + (names.has(name) ? 1 << i : 0), 0);
}

/** How many frames of columns follow the first one. */
export function furtherFrames(first: Uint8Array): number {
  const reader = new ByteReader(first, malformedPack);
  reader.varint(2 ** columnNames.length - 1);
  let cuts = reader.varint(2 ** columnNames.length - 1);
  let frames = 0;
  for (; cuts > 0; cuts >>>= 1) frames += cuts & 1;
  return frames;
}

export interface GroupPart {
  readonly kind: RuleKind;
  readonly changes: number;
}

export interface Group {
  readonly parts: readonly GroupPart[];
  readonly columns: Columns;
  /** For each part the numbers of the old records in the dictionary. */
  readonly exemplars: readonly (readonly number[])[];
  readonly replaced: boolean;
  /** Numbers of the recent texts in it. */
  readonly recent: readonly number[];
  /** Bytes of all fresh and inserted text. */
  readonly textBytes: number;
}

/** @param sorted whether a kind's section is sorted */
export function parseColumns(bytes: Uint8Array, sorted: (kind: RuleKind) => boolean): Group {
  const reader = new ByteReader(bytes, malformedPack);
  const classed = reader.varint(2 ** columnNames.length - 1);
  reader.varint(2 ** columnNames.length - 1);
  const replaced = reader.byte();
  if (replaced > 1) throw malformedPack(`expected 0 or 1 for replaced records, got ${replaced}`);
  const columns = emptyColumns();
  const table = new ColumnReader(reader, malformedPack);
  const form = (name: ColumnName): ColumnForm =>
    ((classed >>> columnNames.indexOf(name)) & 1) === 1 ? "classed" : "plain";
  const take = (name: ColumnName, count: number): number[] => {
    const values = table.column(form(name), count);
    for (const value of values) columns[name].push(value);
    return values;
  };
  for (const name of ["parts", "removes", "inserts", "sources", "exemplars", "editCounts"] as const) {
    // these say how many others there are, and must be known before the bits at the end
    if (form(name) !== "plain") throw malformedPack(`expected column ${name} to be plain`);
  }
  const parts = readParts(take);
  const changes = total(parts.map((part) => part.changes));
  take("removes", changes);
  take("inserts", changes);
  take("sources", total(columns.inserts));
  const exemplars = parts.map(() => readExemplars(take));
  const recent = readExemplars(take);
  const edited = columns.sources.filter((source) => source > 0).length;
  take("editCounts", edited);
  const edits = total(columns.editCounts);
  const counts = {
    fresh: columns.sources.length - edited,
    freshSorted: countFreshSorted(parts, columns, sorted),
  };
  const skips = table.column(form("skips"), changes);
  const gains = table.column(form("gains"), counts.freshSorted);
  const lengths = table.column(form("lengths"), counts.fresh);
  const editSkips = table.column(form("editSkips"), edits);
  const editRemoves = table.column(form("editRemoves"), edits);
  const editInserts = table.column(form("editInserts"), edits);
  table.finish();
  const whole = { ...columns, skips, gains, lengths, editSkips, editRemoves, editInserts };
  return {
    parts,
    columns: whole,
    exemplars,
    recent,
    replaced: replaced === 1,
    textBytes: total(lengths) + total(editInserts),
  };
}

type Take = (name: ColumnName, count: number) => number[];

function readParts(take: Take): GroupPart[] {
  const parts: GroupPart[] = [];
  const count = take("parts", 1)[0] as number;
  if (count > ruleKinds.length)
    throw malformedPack(`expected at most ${ruleKinds.length} parts, got ${count}`);
  let before = -1;
  for (let i = 0; i < count; i++) {
    const [place, changes] = take("parts", 2) as [number, number];
    const kind = ruleKinds[place];
    if (kind === undefined || place <= before)
      throw malformedPack("expected parts in the order of their kinds");
    parts.push({ kind, changes });
    before = place;
  }
  return parts;
}

function readExemplars(take: Take): number[] {
  const numbers: number[] = [];
  const count = take("exemplars", 1)[0] as number;
  let next = 0;
  for (const gap of take("exemplars", count)) {
    numbers.push(next + gap);
    next += gap + 1;
  }
  return numbers;
}

function countFreshSorted(
  parts: readonly GroupPart[],
  columns: Columns,
  sorted: (kind: RuleKind) => boolean,
): number {
  let count = 0;
  let change = 0;
  let insert = 0;
  for (const part of parts) {
    for (let end = change + part.changes; change < end; change++) {
      for (let left = columns.inserts[change] as number; left > 0; left--) {
        if (columns.sources[insert++] === 0 && sorted(part.kind)) count++;
      }
    }
  }
  return count;
}

function total(numbers: readonly number[]): number {
  let sum = 0;
  for (const value of numbers) sum += value;
  if (!Number.isSafeInteger(sum)) throw malformedPack("expected numbers that can be added up");
  return sum;
}
