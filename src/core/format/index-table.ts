/**
 * The two tables behind a section's blocks: the sparse index (one entry a block) and, for sequences, the id table.
 *
 *     index entry = varint(block bytes) varint(records) varint(rules) [sorted: front-coded key] sha256(block)
 *     id entry    = front-coded id, varint(record number)
 *
 * A key is the first 64 bytes of the block's first record. Ids are in byte order, then by record number.
 */
import { ByteReader } from "../encoding/varint.js";
import type { ByteWriter, Complain } from "../encoding/varint.js";
import type { SectionOrder } from "../rules/model.js";
import { blockBytesMax, putRecord, sharedLength, singleBlockBytesMax, writeRecord } from "./block.js";

/** A key is so many bytes of a block's first record. */
export const keyBytesMax = 64;
/** No engine takes longer names; the bound keeps a lying table from costing more than its bytes. */
const idBytesMax = 4096;

export interface BlockEntry {
  /** Offset of the block in the file, its length, and the number of its first record. */
  readonly offset: number;
  readonly bytes: number;
  readonly first: number;
  readonly records: number;
  readonly rules: number;
  /** "" in a sequence. */
  readonly key: string;
  /** SHA-256 of the block, as a byte string: a million of them take little room and compare fast. */
  readonly digest: string;
}

/** What the writer of an index knows of a block. */
export type BlockFacts = Omit<BlockEntry, "offset" | "first">;

const digestBytes = 32;

export function writeIndexEntry(
  writer: ByteWriter,
  order: SectionOrder,
  keyBefore: string,
  entry: BlockFacts,
): void {
  writer.varint(entry.bytes);
  writer.varint(entry.records);
  writer.varint(entry.rules);
  if (order === "sorted") writeRecord(writer, keyBefore, entry.key);
  writer.text(entry.digest);
}

/** What the directory says about the section; the index must add up to it. */
export interface IndexTotals {
  readonly order: SectionOrder;
  readonly offset: number;
  readonly blockBytes: number;
  readonly records: number;
  readonly rules: number;
}

export function parseIndex(bytes: Uint8Array, totals: IndexTotals, complain: Complain): BlockEntry[] {
  const reader = new ByteReader(bytes, complain);
  const entries: BlockEntry[] = [];
  let used = 0;
  let first = 0;
  let rules = 0;
  let key = "";
  while (reader.left > 0) {
    const blockBytes = reader.varint(singleBlockBytesMax);
    const records = reader.varint(totals.records - first);
    if (records < 1) throw complain("expected a block with records");
    if (records > 1 && blockBytes > blockBytesMax) throw complain("expected a smaller block");
    if (blockBytes < 2 * records) throw complain("expected more bytes for the records of a block");
    const ruleCount = reader.varint(records);
    if (totals.order === "sorted") key = parseKey(reader, key, entries.length > 0, complain);
    if (used + blockBytes > totals.blockBytes) throw complain("expected blocks within their section");
    const digest = reader.text(digestBytes);
    const offset = totals.offset + used;
    entries.push({ offset, bytes: blockBytes, first, records, rules: ruleCount, key, digest });
    used += blockBytes;
    first += records;
    rules += ruleCount;
  }
  // SPEC §3.5.2
  if (used !== totals.blockBytes || first !== totals.records || rules !== totals.rules) {
    throw complain("expected an index that adds up to its section");
  }
  return entries;
}

function parseKey(reader: ByteReader, before: string, ordered: boolean, complain: Complain): string {
  const shared = reader.varint(before.length);
  const length = reader.varint(keyBytesMax - shared);
  const key = before.slice(0, shared) + reader.text(length);
  if (sharedLength(before, key) !== shared) throw complain("expected keys to share all they have in common");
  if (ordered && key < before) throw complain("expected keys in rising order");
  return key;
}

export interface RuleEntry {
  readonly id: string;
  readonly record: number;
}

/** An entry of the id table whose id shares its first `shared` bytes with the one before. */
export function writeIDEntry(writer: ByteWriter, { id, record }: RuleEntry, shared: number): void {
  if (id.length > idBytesMax) throw new Error(`a rule id of ${id.length} bytes`);
  writer.varint(shared);
  writer.varint(id.length - shared);
  writer.text(id, shared);
  writer.varint(record);
}

/** Steps through an id table, each id as bytes that the next one overwrites: nothing is made for an entry. */
export class IDTableReader {
  /** The id at hand is the first `length` bytes. */
  id = new Uint8Array(256);
  length = 0;
  /** So many of them are those of the id before. */
  shared = 0;
  record = 0;
  readonly #table: Uint8Array;
  readonly #reader: ByteReader;
  readonly #records: number;
  readonly #complain: Complain;

  constructor(table: Uint8Array, records: number, complain: Complain) {
    this.#table = table;
    this.#reader = new ByteReader(table, complain);
    this.#records = records;
    this.#complain = complain;
  }

  /** False behind the last entry. */
  next(): boolean {
    const reader = this.#reader;
    if (reader.left === 0) return false;
    const before = this.length;
    const shared = reader.varint(before);
    const rest = reader.varint(idBytesMax - shared);
    const start = reader.offset;
    reader.skip(rest);
    const rises =
      shared === before || (rest > 0 && (this.#table[start] as number) > (this.id[shared] as number));
    if (!rises) throw this.#complain("expected ids in rising order, which share all they have in common");
    this.id = putRecord(this.id, this.#table, start - shared, start + rest, shared);
    this.shared = shared;
    this.length = shared + rest;
    this.record = reader.varint(this.#records - 1);
    return true;
  }

  /** Length of what it has in common with another id. */
  sharedWith(id: string): number {
    const most = Math.min(id.length, this.length);
    let shared = 0;
    while (shared < most && id.charCodeAt(shared) === this.id[shared]) shared++;
    return shared;
  }

  /** Writes it, as one that shares its first `shared` bytes with the one before, for another record. */
  write(writer: ByteWriter, shared: number, record: number): void {
    writer.varint(shared);
    writer.varint(this.length - shared);
    writer.slice(this.id, shared, this.length);
    writer.varint(record);
  }
}

/** One after the other, as far as somebody asks. */
export function* parseIDTable(
  bytes: Uint8Array,
  records: number,
  complain: Complain,
): Generator<RuleEntry, void, undefined> {
  const reader = new ByteReader(bytes, complain);
  let before = "";
  while (reader.left > 0) {
    const shared = reader.varint(before.length);
    const id = before.slice(0, shared) + reader.text(reader.varint(idBytesMax - shared));
    const record = reader.varint(records - 1);
    if (id < before) throw complain("expected ids in rising order");
    yield { id, record };
    before = id;
  }
}

/** Which records are rules: a byte for each of them, 1 for a rule. */
export function parseRuleMarks(bytes: Uint8Array, records: number, complain: Complain): Uint8Array {
  const marks = new Uint8Array(records);
  const reader = new ByteReader(bytes, complain);
  while (reader.left > 0) {
    reader.varint(idBytesMax);
    reader.skip(reader.varint(idBytesMax));
    marks[reader.varint(records - 1)] = 1;
  }
  return marks;
}
