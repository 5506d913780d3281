/**
 * Blocks of records: front-coded, and cut where the content says so.
 *
 *     record = varint(bytes shared with the record before) varint(other bytes) other bytes
 *
 * The first record of a block shares nothing. A block ends after a record whose hash falls below a bound that
 * grows with the record's length, so that blocks hold about 32 KiB of records and a change moves only the
 * boundaries beside it; it also ends before a record that would take it over 64 KiB.
 */
import { byteString } from "../encoding/bytes.js";
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

/** What a record counts towards the size of its block: its bytes, and two for what stands before them. */
export function recordWeight(record: string): number {
  return record.length + 2;
}

/** SPEC §3.4.3: whether the block ends after this record: FNV-1a, mixed, against a bound in proportion to the weight. */
export function endsBlock(record: string): boolean {
  let hash = 0x811c9dc5;
  for (let i = 0; i < record.length; i++) hash = Math.imul(hash ^ record.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  hash = (hash ^ (hash >>> 13)) >>> 0;
  return hash < recordWeight(record) * (2 ** 32 / blockWeightTarget);
}

/** Length of the common prefix. */
export function sharedLength(a: string, b: string): number {
  const most = Math.min(a.length, b.length);
  let i = 0;
  while (i < most && a.charCodeAt(i) === b.charCodeAt(i)) i++;
  return i;
}

/** Appends one record after `before`; "" at the start of a block. */
export function writeRecord(writer: ByteWriter, before: string, record: string): void {
  const shared = sharedLength(before, record);
  writer.varint(shared);
  writer.varint(record.length - shared);
  writer.text(record, shared);
}

/**
 * The records of one block. Refuses what `writeRecord` would have written in another way, and records out of order.
 * Work and memory are bounded by the block's own size.
 */
export function parseBlock(
  bytes: Uint8Array,
  count: number,
  order: SectionOrder,
  complain: Complain,
): string[] {
  const reader = new ByteReader(bytes, complain);
  const text = byteString(bytes);
  const records: string[] = [];
  let before = "";
  let weight = 0;
  for (let i = 0; i < count; i++) {
    const shared = reader.varint(before.length);
    const length = reader.varint(reader.left);
    const start = reader.offset;
    if (length > reader.left) throw complain(`expected ${length} bytes of a record, got ${reader.left}`);
    reader.skip(length);
    weight += shared + length + 2;
    if (count > 1 && weight > blockWeightMax) throw complain("expected a block of at most 64 KiB");
    // SPEC §3.1.4: what could have been shared is shared, or one block would have several encodings.
    if (shared < before.length && length > 0 && before.charCodeAt(shared) === text.charCodeAt(start)) {
      throw complain("expected records to share all they have in common");
    }
    const record = joined(before, shared, text, start, length);
    if (order === "sorted" && i > 0 && !rises(before, shared, text, start, length)) {
      throw complain("expected records in rising order");
    }
    records.push(record);
    before = record;
  }
  reader.end();
  return records;
}

function joined(before: string, shared: number, text: string, start: number, length: number): string {
  const rest = text.slice(start, start + length);
  return shared === 0 ? rest : before.slice(0, shared) + rest;
}

/** With the common prefix known to be the longest, one character decides. */
function rises(before: string, shared: number, text: string, start: number, length: number): boolean {
  if (length === 0) return false;
  return shared === before.length || text.charCodeAt(start) > before.charCodeAt(shared);
}
