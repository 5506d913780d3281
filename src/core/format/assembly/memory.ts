/**
 * Where things lie in the memory of the module. All of it is 0 at first, and what nobody touches costs nothing.
 *
 *     page 0                the compiler's own: tables that the source spells out
 *     squashed              u16 × 5,631
 *     stretched             i16 × 4,096
 *     numbers, text         a model each (bit-model.ts)
 *     fields                of each field the last number and the one before it, u32 each
 *     piece                 bytes of text on their way in or out
 *     numberBuckets         2^12 buckets of 32 bytes
 *     history               the last 2^20 bytes of text
 *     heads                 u32 × 2^18
 *     textBuckets           2^bits buckets of 32 bytes; behind them, up to the end, the bytes of a part
 */
const kib: usize = 1024;

export const squashed: usize = 64 * kib;
export const stretched: usize = squashed + 12 * kib;
export const numbers: usize = stretched + 8 * kib;
export const text: usize = numbers + 24 * kib;
export const fields: usize = text + 24 * kib;
export const piece: usize = fields + 4 * kib;
export const pieceBytes: u32 = 4096;
export const numberBuckets: usize = piece + 4 * kib;
export const history: usize = numberBuckets + 128 * kib;
export const heads: usize = history + 1024 * kib;
export const textBuckets: usize = heads + 1024 * kib;

const pageBits: u32 = 16;

/** Makes the memory reach up to here at least. Fails where there is no more. */
export function reach(end: usize): void {
  const pages = i32((end + 0xffff) >> pageBits) - memory.size();
  if (pages > 0 && memory.grow(pages) < 0) unreachable();
}
