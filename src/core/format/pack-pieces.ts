/**
 * Where the pieces of a full pack are: xz streams by what stands at the end of each, zstd frames by the seek table of the zstd seekable
 * format at the end of the pack, without checksums: two u32le a frame (compressed, decompressed bytes), then
 * u32le(frames) 0x00 u32le(0x8F92EAB1).
 */
import type { ByteSource } from "../encoding/stream.js";
import { limits } from "../limits.js";
import { pieceContentBytes } from "./codec.js";
import { malformedPack } from "./pack-header.js";
import { streamAtEnd, tailBytesMax } from "./xz-stream.js";
import { formatSkippable, skippableBytes, skippableHeadBytes } from "./zstd-frame.js";

export interface PackPiece {
  /** Place and length in the pack. */
  readonly at: number;
  readonly bytes: number;
  /** Place and length in the database. */
  readonly start: number;
  readonly contentBytes: number;
}

/** SPEC §4.1.4, §4.3.2: from the end of the pack back to its start. @throws VerificationError PACK_MALFORMED */
export async function findStreams(pack: ByteSource): Promise<PackPiece[]> {
  const full = pieceContentBytes.xz;
  const found: Omit<PackPiece, "start">[] = [];
  for (let end = pack.length; end > 0; ) {
    const tailBytes = Math.min(tailBytesMax, end);
    const { bytes, contentBytes } = streamAtEnd(await pack.read(end - tailBytes, tailBytes), malformedPack);
    const isLast = found.length === 0;
    if (bytes > end || found.length === limits.databaseBytesMax / full) {
      throw malformedPack("expected streams within the pack");
    }
    if (contentBytes === 0 || (!isLast && contentBytes !== full)) {
      throw malformedPack(`expected streams of ${full} bytes, got ${contentBytes}`);
    }
    end -= bytes;
    found.push({ at: end, bytes, contentBytes });
  }
  found.reverse();
  return found.map((stream, i) => ({ ...stream, start: full * i }));
}

/** The seekable format fixes the variant of its table's frame, and the number that ends it. */
const seekTableVariant = 0xe;
const seekableMagic = 0x8f92eab1;
const entryBytes = 8;
const footerBytes = 9;

/** Compressed and decompressed bytes of a frame. */
export type FrameSizes = readonly [compressed: number, content: number];

/** With the skippable frame around it. */
export function formatSeekTable(sizes: readonly FrameSizes[]): Uint8Array<ArrayBuffer> {
  const table = new Uint8Array(entryBytes * sizes.length + footerBytes);
  const view = new DataView(table.buffer);
  sizes.forEach(([compressed, content], i) => {
    view.setUint32(entryBytes * i, compressed, true);
    view.setUint32(entryBytes * i + 4, content, true);
  });
  view.setUint32(entryBytes * sizes.length, sizes.length, true);
  view.setUint32(entryBytes * sizes.length + 5, seekableMagic, true);
  return formatSkippable(seekTableVariant, table);
}

/**
 * SPEC §4.3.2: from the footer back; the frames fill what is between the header and the table.
 *
 * @throws VerificationError PACK_MALFORMED
 */
export async function findFrames(
  pack: ByteSource,
  { headerBytes, databaseBytes }: { headerBytes: number; databaseBytes: number },
): Promise<PackPiece[]> {
  const full = pieceContentBytes.zstd;
  const count = Math.ceil(databaseBytes / full);
  const tableBytes = skippableHeadBytes + entryBytes * count + footerBytes;
  const end = pack.length - tableBytes;
  if (end < headerBytes) throw malformedPack("expected the table of the pack's frames");
  const table = await pack.read(end, tableBytes);
  const view = new DataView(table.buffer, table.byteOffset, table.length);
  const frames: PackPiece[] = [];
  let [at, start] = [headerBytes, 0];
  for (let i = 0; i < count; i++) {
    const bytes = view.getUint32(skippableHeadBytes + entryBytes * i, true);
    const contentBytes = Math.min(full, databaseBytes - start);
    if (at + bytes > end) throw malformedPack("expected frames within the pack");
    frames.push({ at, bytes, start, contentBytes });
    at += bytes;
    start += contentBytes;
  }
  const same = formatSeekTable(frames.map(({ bytes, contentBytes }) => [bytes, contentBytes]));
  const sound = skippableBytes(table, seekTableVariant) === same.length - skippableHeadBytes && at === end;
  if (!sound || !same.every((byte, i) => byte === table[i])) {
    throw malformedPack("expected the table of the pack's frames");
  }
  return frames;
}
