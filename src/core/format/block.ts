/**
 * Blocks of records: front-coded, and cut where the content says so.
 *
 *     record = varint(bytes shared with the record before) varint(other bytes) other bytes
 *
 * The first record of a block shares nothing. A block ends after a record whose hash falls below a bound that
 * grows with the record's length, so that blocks hold about 32 KiB of records and a change moves only the
 * boundaries beside it; it also ends before a record that would take it over 64 KiB.
 */
import { byteString, copyBytes } from "../encoding/bytes.js";
import { ByteReader } from "../encoding/varint.js";
import type { ByteWriter, Complain } from "../encoding/varint.js";
import { limits } from "../limits.js";
import type { SectionOrder } from "../rules/model.js";

const blockWeightTarget = 32 * 1024;
/** Weight of a block that holds more than one record. */
export const blockWeightMax = 64 * 1024;
/** Encoded bytes of a block that holds more than one record: no record costs more than its weight and four. */
export const blockBytesMax = 2 * blockWeightMax;
/** Encoded bytes of a block that holds one record. */
export const singleBlockBytesMax = limits.recordBytesMax + 8;

/** What a record of so many bytes counts towards the size of its block: them, and two for what stands before them. */
export function recordWeight(bytes: number): number {
  return bytes + 2;
}

/** SPEC §3.4.3: whether the block ends after this record: FNV-1a, mixed, against a bound in proportion to the weight. */
export function endsBlock(bytes: Uint8Array, start: number, end: number): boolean {
  let hash = 0x811c9dc5;
  for (let i = start; i < end; i++) hash = Math.imul(hash ^ (bytes[i] as number), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  hash = (hash ^ (hash >>> 13)) >>> 0;
  return hash < recordWeight(end - start) * (2 ** 32 / blockWeightTarget);
}

/** Length of the common prefix. */
export function sharedLength(a: string, b: string): number {
  const most = Math.min(a.length, b.length);
  let i = 0;
  while (i < most && a.charCodeAt(i) === b.charCodeAt(i)) i++;
  return i;
}

/** The same of the first `length` bytes of `before`, and of the bytes from `start` to `end`. */
export function sharedBytes(
  before: Uint8Array,
  length: number,
  bytes: Uint8Array,
  start: number,
  end: number,
): number {
  const most = Math.min(length, end - start);
  let shared = 0;
  while (shared < most && before[shared] === bytes[start + shared]) shared++;
  return shared;
}

/** Puts the bytes from `start` to `end` in the place of those before, of which it shares the first few. A larger place where that is needed. */
export function putRecord(
  before: Uint8Array<ArrayBuffer>,
  bytes: Uint8Array,
  start: number,
  end: number,
  shared: number,
): Uint8Array<ArrayBuffer> {
  let place = before;
  if (end - start > before.length) {
    place = new Uint8Array(2 * (end - start));
    place.set(before.subarray(0, shared));
  }
  copyBytes(place, shared, bytes, start + shared, end);
  return place;
}

/** Appends one record after `before`; "" at the start of a block. */
export function writeRecord(writer: ByteWriter, before: string, record: string): void {
  const shared = sharedLength(before, record);
  writer.varint(shared);
  writer.varint(record.length - shared);
  writer.text(record, shared);
}

/**
 * Steps through the records of a block, each as bytes that the next one overwrites: nothing is made for a record. Refuses what `writeRecord`
 * would have written in another way, and records out of order. Work and memory are bounded by the block's own size.
 */
export class BlockReader {
  /** The record at hand is the first `length` bytes. */
  bytes = new Uint8Array(1024);
  length = 0;
  /** So many of them are those of the record before; the others stand in the block from `start` on. */
  shared = 0;
  start = 0;
  readonly #order: SectionOrder;
  readonly #complain: Complain;
  #reader: ByteReader;
  #block: Uint8Array = new Uint8Array(0);
  #records = 0;
  #left = 0;
  #weight = 0;

  constructor(order: SectionOrder, complain: Complain) {
    this.#order = order;
    this.#complain = complain;
    this.#reader = new ByteReader(this.#block, complain);
  }

  open(block: Uint8Array, records: number): void {
    this.#reader = new ByteReader(block, this.#complain);
    this.#block = block;
    this.#records = records;
    this.#left = records;
    this.#weight = 0;
    this.length = 0;
  }

  /** False behind the last record, which is where the block must end. */
  next(): boolean {
    const reader = this.#reader;
    const before = this.length;
    if (this.#left === 0) {
      reader.end();
      return false;
    }
    const shared = reader.varint(before);
    const rest = reader.varint(reader.left);
    const start = reader.offset;
    if (rest > reader.left) throw this.#complain(`expected ${rest} bytes of a record, got ${reader.left}`);
    reader.skip(rest);
    this.#weight += shared + rest + 2;
    if (this.#records > 1 && this.#weight > blockWeightMax) {
      throw this.#complain("expected a block of at most 64 KiB");
    }
    const first = this.#block[start] as number;
    // SPEC §3.1.4: what could have been shared is shared, or one block would have several encodings.
    if (shared < before && rest > 0 && this.bytes[shared] === first) {
      throw this.#complain("expected records to share all they have in common");
    }
    // With the common prefix known to be the longest, one byte decides.
    const rises = rest > 0 && (shared === before || first > (this.bytes[shared] as number));
    if (this.#order === "sorted" && this.#left < this.#records && !rises) {
      throw this.#complain("expected records in rising order");
    }
    this.#left--;
    this.shared = shared;
    this.start = start;
    this.length = shared + rest;
    this.bytes = putRecord(this.bytes, this.#block, start - shared, start + rest, shared);
    return true;
  }
}

/**
 * Where the records of a block stand, for whoever takes most of them over as they are packed: the block has been compared with its digest, so only
 * what would lead out of it is refused. A record is put together when somebody asks for it.
 */
export class BlockMap {
  readonly #complain: Complain;
  #block: Uint8Array = new Uint8Array(0);
  /** Of each record: where it begins, where the bytes that it does not share begin, and how many it shares. And what all in front
   * of it weigh. One more `start` and `weight`: the end. */
  #starts = new Uint32Array(0);
  #rests = new Uint32Array(0);
  #shared = new Uint32Array(0);
  #weights = new Uint32Array(0);
  /** The bytes of the record that was asked for last; none before the first one. */
  #held = new Uint8Array(1024);
  #holds = -1;

  constructor(complain: Complain) {
    this.#complain = complain;
  }

  /** The bytes must stay as they are until the next call. */
  open(bytes: Uint8Array, records: number): void {
    if (records >= this.#starts.length) {
      this.#starts = new Uint32Array(2 * records + 1);
      this.#rests = new Uint32Array(2 * records);
      this.#shared = new Uint32Array(2 * records);
      this.#weights = new Uint32Array(2 * records + 1);
    }
    this.#block = bytes;
    this.#holds = -1;
    const reader = new ByteReader(bytes, this.#complain);
    let before = 0;
    for (let i = 0; i < records; i++) {
      this.#starts[i] = reader.offset;
      const shared = reader.varint(before);
      const rest = reader.varint(reader.left);
      this.#shared[i] = shared;
      this.#rests[i] = reader.offset;
      reader.skip(rest);
      before = shared + rest;
      this.#weights[i + 1] = (this.#weights[i] as number) + recordWeight(before);
    }
    this.#starts[records] = reader.offset;
    reader.end();
  }

  /** Records `from` to `end`, packed, each against the one in front of it. */
  packed(from: number, end: number): Uint8Array {
    return this.#block.subarray(this.#starts[from], this.#starts[end]);
  }

  /** What they weigh together (`recordWeight`). */
  weight(from: number, end: number): number {
    return (this.#weights[end] as number) - (this.#weights[from] as number);
  }

  /** Where the run of records that begins at `from`, and ends at `end` at most, has to end so as to weigh no more than `most`. */
  endWithin(from: number, end: number, most: number): number {
    let [low, high] = [from, end];
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (this.weight(from, middle) <= most) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  length(record: number): number {
    const rest = (this.#starts[record + 1] as number) - (this.#rests[record] as number);
    return (this.#shared[record] as number) + rest;
  }

  /** The bytes of a record, good until the next one is asked for; they begin a larger array. */
  bytes(record: number): Uint8Array<ArrayBuffer> {
    const { held, length } = { held: this.#held, length: this.length(record) };
    if (length > held.length) {
      this.#held = new Uint8Array(2 * length);
      this.#held.set(held);
    }
    // from behind: what a record shares stands in one of those in front of it, or is what is held
    for (let i = record, missing = length; missing > 0 && i !== this.#holds; i--) {
      const shared = this.#shared[i] as number;
      if (missing <= shared) continue;
      const away = (this.#rests[i] as number) - shared;
      copyBytes(this.#held, shared, this.#block, away + shared, away + missing);
      missing = shared;
    }
    this.#holds = record;
    return this.#held;
  }

  text(record: number): string {
    return byteString(this.bytes(record).subarray(0, this.length(record)));
  }
}

/** The records of one block. */
export function parseBlock(
  bytes: Uint8Array,
  count: number,
  order: SectionOrder,
  complain: Complain,
): string[] {
  const reader = new BlockReader(order, complain);
  reader.open(bytes, count);
  const text = byteString(bytes);
  const records: string[] = [];
  let record = "";
  while (reader.next()) {
    const { shared, start, length } = reader;
    const rest = text.slice(start, start + length - shared);
    record = shared === 0 ? rest : record.slice(0, shared) + rest;
    records.push(record);
  }
  return records;
}
