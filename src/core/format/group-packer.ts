/**
 * Turns a group into frames. Edits or plain text, which dictionary, which form for each column: what is smaller is found by
 * trying, and of equal ones the first is taken, so that the result is the same on every machine.
 */
import { byteStringBytes } from "../encoding/bytes.js";
import { ByteWriter } from "../encoding/varint.js";
import { ruleKinds } from "../rules/model.js";
import type { RuleKind } from "../rules/model.js";
import type { Codec, CodecBlock } from "./codec.js";
import type { Database } from "./database.js";
import { columnNames, formatColumns } from "./delta-group.js";
import type { ColumnName, Columns, GroupLayout } from "./delta-group.js";
import { textFrameBytesMax } from "./delta-reader.js";
import { findExemplars } from "./exemplars.js";
import type { Exemplar } from "./exemplars.js";
import type { Draft, GroupBuilder } from "./group-builder.js";
import { BitWriter, canBeClassed, writeColumn } from "./number-columns.js";
import type { RecentTexts } from "./recent-texts.js";
import { columnDictionary, dictionaryContentMax, textDictionary } from "./preludes.js";

const level = 19;
/** Kinds whose new records bring less text each are not worth a search through the old ones. */
const bytesPerInsertMin = 12;
/** Columns below this size are not tried in classes, nor on their own. */
const smallColumn = 256;

export interface PackedGroup {
  /** Columns as they are, if they are smaller so than in frames and nothing needs to be cut. */
  readonly stored: Uint8Array | undefined;
  readonly columnFrames: readonly Uint8Array[];
  readonly textFrames: readonly Uint8Array[];
  /** For the dictionaries of later groups. */
  readonly freshTexts: readonly string[];
}

/** What may still be read of old sections in search of exemplars: a large delta of a large database must end some day. */
export interface SearchBudget {
  bytes: number;
}

interface Variant {
  readonly draft: Draft;
  readonly layout: GroupLayout;
  readonly columns: Columns;
  readonly dictionary: Uint8Array;
}

export async function packGroup(
  group: GroupBuilder,
  from: Database,
  recent: RecentTexts,
  budget: SearchBudget,
  codec: Codec,
): Promise<PackedGroup> {
  const variants = await makeVariants(group, from, recent, budget);
  const textBlocks = variants.map((variant) => cutText(variant));
  const columnBlocks = variants.map(({ columns, layout }) => formatColumns(columns, layout).map(columnBlock));
  const frames = await compressMany(codec, [...textBlocks, ...columnBlocks]);
  let best = 0;
  let bestBytes = Number.POSITIVE_INFINITY;
  variants.forEach((_, i) => {
    const bytes = size(frames[i] as Uint8Array[]) + size(frames[variants.length + i] as Uint8Array[]);
    if (bytes >= bestBytes) return;
    best = i;
    bestBytes = bytes;
  });
  const chosen = variants[best] as Variant;
  const { stored, columnFrames } = await packColumns(chosen, codec);
  return {
    stored,
    columnFrames,
    textFrames: frames[best] as Uint8Array[],
    freshTexts: chosen.draft.freshTexts,
  };
}

async function makeVariants(
  group: GroupBuilder,
  from: Database,
  recent: RecentTexts,
  budget: SearchBudget,
): Promise<Variant[]> {
  const plain = { classed: new Set<ColumnName>(), cuts: new Set<ColumnName>(), replaced: false };
  const kinds = group.parts.map(({ kind }) => kind);
  const edits = group.draft(true);
  const variant = (draft: Draft, layout: GroupLayout, found: readonly Exemplar[], rest = ""): Variant => {
    const exemplars = inOrder(found);
    const content = exemplars.map(({ record }) => record).join("") + rest;
    return {
      draft,
      layout,
      columns: { ...draft.columns, exemplars: exemplarColumn(kinds, exemplars) },
      dictionary: byteStringBytes(content.slice(-dictionaryContentMax)),
    };
  };
  const variants = [variant(edits, plain, [])];
  const searched = group.textKinds(bytesPerInsertMin);
  const stock = { database: from, kinds: affordable(searched, from, budget), recent };
  const found = searched.length > 0 ? await findExemplars(stock, edits.text, dictionaryContentMax) : [];
  if (found.length > 0) variants.push(variant(edits, plain, found));
  if (group.edited && group.replacedBytes < dictionaryContentMax) {
    const replaced = replacedText(group);
    const rest = trim(found, dictionaryContentMax - replaced.length);
    variants.push(variant(group.draft(false), { ...plain, replaced: true }, rest, replaced));
  }
  return variants;
}

/** Those kinds whose sections can still be searched; each search goes through them twice. */
function affordable(kinds: readonly RuleKind[], from: Database, budget: SearchBudget): RuleKind[] {
  return kinds.filter((kind) => {
    const bytes = 2 * (from.section(kind)?.facts.blockBytes ?? 0);
    if (bytes > budget.bytes) return false;
    budget.bytes -= bytes;
    return true;
  });
}

function replacedText(group: GroupBuilder): string {
  let text = "";
  for (const { changes } of group.parts) {
    for (const { change } of changes) if (change.inserted.length > 0) text += change.removed.join("");
  }
  return text;
}

/** As they stand in a dictionary: by kind and number, recent texts last. */
function inOrder(exemplars: readonly Exemplar[]): Exemplar[] {
  const place = ({ kind }: Exemplar): number =>
    kind === "recent" ? ruleKinds.length : ruleKinds.indexOf(kind);
  return [...exemplars].sort((a, b) => place(a) - place(b) || a.number - b.number);
}

/** The first ones that fit. */
function trim(exemplars: readonly Exemplar[], bytesMax: number): Exemplar[] {
  let left = bytesMax;
  return exemplars.filter(({ record }) => {
    if (record.length > left) return false;
    left -= record.length;
    return true;
  });
}

function exemplarColumn(kinds: readonly RuleKind[], exemplars: readonly Exemplar[]): number[] {
  const column: number[] = [];
  for (const kind of ruleKinds) {
    if (!kinds.includes(kind)) continue;
    const own = exemplars.filter((exemplar) => exemplar.kind === kind);
    pushGaps(column, own);
  }
  pushGaps(
    column,
    exemplars.filter((exemplar) => exemplar.kind === "recent"),
  );
  return column;
}

function pushGaps(column: number[], exemplars: readonly Exemplar[]): void {
  column.push(exemplars.length);
  let next = 0;
  for (const { number } of exemplars) {
    column.push(number - next);
    next = number + 1;
  }
}

function cutText({ draft, dictionary }: Variant): CodecBlock[] {
  const bytes = byteStringBytes(draft.text);
  const blocks: CodecBlock[] = [];
  for (let at = 0; at < bytes.length; at += textFrameBytesMax) {
    const part = bytes.subarray(at, at + textFrameBytesMax);
    blocks.push({ bytes: part, dictionary: textDictionary(dictionary, part.length), level });
  }
  return blocks;
}

function columnBlock(bytes: Uint8Array): CodecBlock {
  return { bytes, dictionary: columnDictionary(bytes.length), level };
}

/** Several lists of blocks in one call, so that every thread has work. */
async function compressMany(codec: Codec, lists: readonly CodecBlock[][]): Promise<Uint8Array[][]> {
  const frames = await codec.compress(lists.flat());
  let at = 0;
  return lists.map((list) => {
    at += list.length;
    return frames.slice(at - list.length, at);
  });
}

function size(frames: readonly Uint8Array[]): number {
  return frames.reduce((sum, frame) => sum + frame.length, 0);
}

/** The smallest of: all columns plain, large ones in classes, large ones in frames of their own, both. */
async function packColumns(
  { columns, layout }: Variant,
  codec: Codec,
): Promise<Pick<PackedGroup, "stored" | "columnFrames">> {
  const large = columnNames.filter((name) => columns[name].length >= smallColumn);
  const layouts: GroupLayout[] = [layout];
  if (large.length > 0) {
    const classed = await betterClassed(columns, large.filter(isLate), codec);
    const cuts = new Set(cutsAround(large, classed.size > 0));
    layouts.push({ ...layout, cuts }, { ...layout, classed }, { ...layout, classed, cuts });
  }
  const contents = layouts.map((each) => formatColumns(columns, each));
  const frames = await compressMany(
    codec,
    contents.map((parts) => parts.map(columnBlock)),
  );
  let best = frames[0] as Uint8Array[];
  for (const each of frames) if (size(each) < size(best)) best = each;
  const stored = contents[0]?.[0] as Uint8Array;
  return { stored: stored.length <= size(best) ? stored : undefined, columnFrames: best };
}

/** Columns that say how many numbers others have are always plain. */
function isLate(name: ColumnName): boolean {
  return columnNames.indexOf(name) >= columnNames.indexOf("skips");
}

/** A frame ends in front of each large column and behind it. */
function cutsAround(large: readonly ColumnName[], bits: boolean): ColumnName[] {
  const cuts: ColumnName[] = [];
  columnNames.forEach((name, i) => {
    const next = columnNames[i + 1];
    if (next === undefined) {
      if (bits) cuts.push(name);
    } else if (large.includes(name) || large.includes(next)) cuts.push(name);
  });
  return cuts;
}

/** Those of the columns that are smaller in classes, low bits included, each looked at alone. */
async function betterClassed(
  columns: Columns,
  names: readonly ColumnName[],
  codec: Codec,
): Promise<Set<ColumnName>> {
  const candidates = names.filter((name) => canBeClassed(columns[name]));
  const lists: CodecBlock[][] = [];
  const lowBytes: number[] = [];
  for (const name of candidates) {
    const writer = new ByteWriter();
    const bits = new BitWriter();
    writeColumn(writer, bits, "plain", columns[name]);
    lists.push([columnBlock(writer.take())]);
    writeColumn(writer, bits, "classed", columns[name]);
    lists.push([columnBlock(writer.take())]);
    lowBytes.push(bits.take().length);
  }
  const frames = await compressMany(codec, lists);
  const better = candidates.filter((_, i) => {
    const plain = size(frames[2 * i] as Uint8Array[]);
    return size(frames[2 * i + 1] as Uint8Array[]) + (lowBytes[i] as number) < plain;
  });
  return new Set(better);
}
