/**
 * A full pack as the database that it holds, read at random: its seek table says where the frames are. Nothing is believed: the
 * table must fill the pack exactly, and every frame must be what the table says of it.
 */
import type { Sha256Hex } from "../brands.js";
import type { ByteSource } from "../encoding/stream.js";
import { limits } from "../limits.js";
import type { Codec } from "./codec.js";
import { malformedPack } from "./pack-header.js";
import { PackReader } from "./pack-reader.js";
import { frameBytes, frameContentBytes, skippableBytes, skippableHeadBytes } from "./zstd-frame.js";

export const frameContentBytesMax = limits.codecBlockBytesMax;
/** The seekable format fixes the variant of its table's frame, and the number that ends it. */
export const seekTableVariant = 0xe;
const seekableMagic = 0x8f92eab1;
const entryBytes = 8;
const footerBytes = 9;

/** Compressed and decompressed bytes of a frame. */
export type FrameSizes = readonly [compressed: number, content: number];

export function formatSeekTable(sizes: readonly FrameSizes[]): Uint8Array {
  const table = new Uint8Array(entryBytes * sizes.length + footerBytes);
  const view = new DataView(table.buffer);
  sizes.forEach(([compressed, content], i) => {
    view.setUint32(entryBytes * i, compressed, true);
    view.setUint32(entryBytes * i + 4, content, true);
  });
  view.setUint32(entryBytes * sizes.length, sizes.length, true);
  view.setUint32(entryBytes * sizes.length + 5, seekableMagic, true);
  return table;
}

interface Frame {
  /** Place and length in the pack. */
  readonly at: number;
  readonly bytes: number;
  /** Place and length in the database. */
  readonly start: number;
  readonly contentBytes: number;
}

export class PackedDatabase implements ByteSource {
  readonly length: number;
  /** What the header says that the database is. */
  readonly claimedSha256: Sha256Hex;
  readonly frames: readonly Frame[];
  readonly #pack: ByteSource;
  readonly #codec: Codec;
  /** The frame that was read last. */
  #number = -1;
  #content: Uint8Array = new Uint8Array(0);

  constructor(
    pack: ByteSource,
    codec: Codec,
    { databaseBytes, databaseSha256 }: { databaseBytes: number; databaseSha256: Sha256Hex },
    frames: readonly Frame[],
  ) {
    this.#pack = pack;
    this.#codec = codec;
    this.length = databaseBytes;
    this.claimedSha256 = databaseSha256;
    this.frames = frames;
  }

  /** Content of one frame. @throws VerificationError PACK_MALFORMED, CODEC_FAILED */
  async frame(number: number): Promise<Uint8Array> {
    if (number === this.#number) return this.#content;
    const { at, bytes, contentBytes } = this.frames[number] as Frame;
    const frame = await this.#pack.read(at, bytes);
    // SPEC §4.1.1, §4.3.2
    if (frameContentBytes(frame) !== contentBytes || frameBytes(frame) !== bytes) {
      throw malformedPack("expected the frame that the pack's table names");
    }
    this.#content = await this.#codec.decompress(frame, contentBytes);
    this.#number = number;
    return this.#content;
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(length);
    for (let filled = 0; filled < length; ) {
      const number = this.#frameAt(offset + filled);
      const { start } = this.frames[number] as Frame;
      const part = (await this.frame(number)).subarray(offset + filled - start);
      bytes.set(part.subarray(0, length - filled), filled);
      filled += Math.min(part.length, length - filled);
    }
    return bytes;
  }

  /** The frame that holds a byte below `length`. */
  #frameAt(offset: number): number {
    let low = 0;
    let high = this.frames.length;
    while (high - low > 1) {
      const middle = (low + high) >>> 1;
      if ((this.frames[middle] as Frame).start <= offset) low = middle;
      else high = middle;
    }
    return low;
  }
}

/** @throws VerificationError PACK_MALFORMED, PACK_FORMAT_UNKNOWN */
export async function openFullPack(pack: ByteSource, codec: Codec): Promise<PackedDatabase> {
  const header = await new PackReader(pack).header();
  if (header.kind !== "full") throw malformedPack("expected a full pack, got a delta pack");
  return new PackedDatabase(pack, codec, header, await readFrames(pack, header));
}

/** SPEC §4.3.2: from the footer back; the frames fill what is between the header and the table. */
async function readFrames(
  pack: ByteSource,
  { headerBytes, databaseBytes }: { headerBytes: number; databaseBytes: number },
): Promise<Frame[]> {
  const count = Math.ceil(databaseBytes / frameContentBytesMax);
  const tableBytes = skippableHeadBytes + entryBytes * count + footerBytes;
  const end = pack.length - tableBytes;
  if (end < headerBytes) throw malformedPack("expected the table of the pack's frames");
  const table = await pack.read(end, tableBytes);
  const view = new DataView(table.buffer, table.byteOffset, table.length);
  const frames: Frame[] = [];
  let [at, start] = [headerBytes, 0];
  for (let i = 0; i < count; i++) {
    const bytes = view.getUint32(skippableHeadBytes + entryBytes * i, true);
    const contentBytes = Math.min(frameContentBytesMax, databaseBytes - start);
    if (at + bytes > end) throw malformedPack("expected frames within the pack");
    frames.push({ at, bytes, start, contentBytes });
    at += bytes;
    start += contentBytes;
  }
  const same = formatSeekTable(frames.map(({ bytes, contentBytes }) => [bytes, contentBytes]));
  const found = table.subarray(skippableHeadBytes);
  const sound = skippableBytes(table, seekTableVariant) === same.length && at === end;
  if (!sound || !same.every((byte, i) => byte === found[i])) {
    throw malformedPack("expected the table of the pack's frames");
  }
  return frames;
}
