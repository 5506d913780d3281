/**
 * A full pack: the database cut into plain zstd frames, which any zstd puts together again.
 *
 *     pack = skippable(header) frame* skippable(seek table)
 *
 * Every frame holds 256 KiB of the database, the last one the rest. The seek table is that of the zstd seekable
 * format, without checksums: two u32le a frame (compressed, decompressed bytes), then u32le(frames) 0x00 u32le(0x8F92EAB1).
 */
import { hexText } from "../encoding/bytes.js";
import type { ByteSink, ByteSource, DigestFactory } from "../encoding/stream.js";
import { VerificationError } from "../errors.js";
import { limits } from "../limits.js";
import type { Sha256Hex } from "../brands.js";
import type { Codec } from "./codec.js";
import { formatPackHeader, malformedPack } from "./pack-header.js";
import { PackReader } from "./pack-reader.js";
import { formatSkippable } from "./zstd-frame.js";

const blockBytes = limits.codecBlockBytesMax;
const level = 19;
/** Frames compressed at a time: enough for every worker, a few megabytes. */
const batchFrames = 16;
/** The seekable format fixes the variant of its table's frame, and the number that ends it. */
const seekTableVariant = 0xe;
const seekableMagic = 0x8f92eab1;
const seekFooterBytes = 9;

/** @param databaseSha256 of exactly the bytes of `database`, as the caller computed it */
export async function encodeFullPack(
  database: ByteSource,
  databaseSha256: Sha256Hex,
  sink: ByteSink,
  codec: Codec,
): Promise<void> {
  await sink.write(formatPackHeader({ kind: "full", databaseBytes: database.length, databaseSha256 }));
  const sizes: [number, number][] = [];
  for (let offset = 0; offset < database.length; ) {
    const blocks: { bytes: Uint8Array; level: number }[] = [];
    for (; blocks.length < batchFrames && offset < database.length; offset += blockBytes) {
      const length = Math.min(blockBytes, database.length - offset);
      blocks.push({ bytes: await database.read(offset, length), level });
    }
    for (const [i, frame] of (await codec.compress(blocks)).entries()) {
      sizes.push([frame.length, blocks[i]?.bytes.length ?? 0]);
      await sink.write(frame);
    }
  }
  await sink.write(formatSkippable(seekTableVariant, formatSeekTable(sizes)));
}

/**
 * Writes the database that the pack holds, block by block.
 *
 * @throws VerificationError PACK_MALFORMED, PACK_FORMAT_UNKNOWN, CODEC_FAILED, DATABASE_DIGEST_MISMATCH: the sink
 *   may then have got bytes, and they are worth nothing
 */
export async function decodeFullPack(
  pack: ByteSource,
  sink: ByteSink,
  codec: Codec,
  digest: DigestFactory,
): Promise<{ sha256: Sha256Hex; bytes: number }> {
  const reader = new PackReader(pack);
  const header = await reader.header();
  if (header.kind !== "full") throw malformedPack("expected a full pack, got a delta pack");
  const running = digest();
  const sizes: [number, number][] = [];
  for (let offset = 0; offset < header.databaseBytes; ) {
    const expected = Math.min(blockBytes, header.databaseBytes - offset);
    const { frame, contentBytes } = await reader.frame(expected);
    if (contentBytes !== expected) {
      throw malformedPack(`expected a frame of ${expected} bytes, got ${contentBytes}`);
    }
    const block = await codec.decompress(frame, contentBytes);
    running.update(block);
    await sink.write(block);
    sizes.push([frame.length, contentBytes]);
    offset += contentBytes;
  }
  // SPEC §4.3.2
  const table = formatSeekTable(sizes);
  const found = await reader.skippable(seekTableVariant, table.length);
  if (!table.every((byte, i) => byte === found[i]))
    throw malformedPack("expected the table of the pack's frames");
  reader.end();
  // SPEC §4.3.3
  const sha256 = hexText(running.finish()) as Sha256Hex;
  if (sha256 !== header.databaseSha256) {
    throw new VerificationError(
      "DATABASE_DIGEST_MISMATCH",
      `expected SHA-256 ${header.databaseSha256}, got ${sha256}`,
    );
  }
  return { sha256, bytes: header.databaseBytes };
}

function formatSeekTable(sizes: readonly [number, number][]): Uint8Array {
  const table = new Uint8Array(8 * sizes.length + seekFooterBytes);
  const view = new DataView(table.buffer);
  sizes.forEach(([compressed, decompressed], i) => {
    view.setUint32(8 * i, compressed, true);
    view.setUint32(8 * i + 4, decompressed, true);
  });
  view.setUint32(8 * sizes.length, sizes.length, true);
  view.setUint32(8 * sizes.length + 5, seekableMagic, true);
  return table;
}
