/**
 * A full pack: the database cut into plain zstd frames, which any zstd puts together again.
 *
 *     pack = skippable(header) frame* skippable(seek table)
 *
 * Every frame holds 256 KiB of the database, the last one the rest. The seek table is that of the zstd seekable
 * format, without checksums: two u32le a frame (compressed, decompressed bytes), then u32le(frames) 0x00 u32le(0x8F92EAB1).
 */
import { byteString } from "../encoding/bytes.js";
import type { ByteSink, ByteSource, DigestFactory } from "../encoding/stream.js";
import { VerificationError } from "../errors.js";
import { ruleLanguage } from "../rules/registry.js";
import type { Sha256Hex } from "../brands.js";
import type { Codec } from "./codec.js";
import { type Database, openDatabase } from "./database.js";
import type { Languages } from "./database-writer.js";
import type { BlockEntry } from "./index-table.js";
import { formatPackHeader } from "./pack-header.js";
import {
  type FrameSizes,
  type PackedDatabase,
  formatSeekTable,
  frameContentBytesMax,
  openFullPack,
  seekTableVariant,
} from "./packed-database.js";
import { formatSkippable } from "./zstd-frame.js";

const level = 19;
/** Frames compressed at a time: enough for every worker, a few megabytes. */
const batchFrames = 16;

/** @param databaseSha256 of `database`, as its writer or `openDatabase` said */
export async function encodeFullPack(
  database: ByteSource,
  databaseSha256: Sha256Hex,
  sink: ByteSink,
  codec: Codec,
): Promise<void> {
  await sink.write(formatPackHeader({ kind: "full", databaseBytes: database.length, databaseSha256 }));
  const sizes: FrameSizes[] = [];
  for (let offset = 0; offset < database.length; ) {
    const blocks: { bytes: Uint8Array; level: number }[] = [];
    for (; blocks.length < batchFrames && offset < database.length; offset += frameContentBytesMax) {
      const length = Math.min(frameContentBytesMax, database.length - offset);
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
 * Writes the database that the pack holds, frame by frame. Its tables, which are at its end, are read first, so every block
 * is compared with its digest as it goes by.
 *
 * @throws VerificationError PACK_MALFORMED, PACK_FORMAT_UNKNOWN, CODEC_FAILED, DATABASE_DIGEST_MISMATCH: the sink
 *   may then have got bytes, and they are worth nothing
 */
export async function decodeFullPack(
  pack: ByteSource,
  sink: ByteSink,
  codec: Codec,
  digest: DigestFactory,
  languages: Languages = ruleLanguage,
): Promise<{ sha256: Sha256Hex; bytes: number }> {
  const packed = await openFullPack(pack, codec);
  const database = await openPacked(packed, digest, languages);
  const check = new PassingBlocks(database, digest);
  for (const number of packed.frames.keys()) {
    const content = await packed.frame(number);
    check.update(content);
    await sink.write(content);
  }
  return { sha256: database.sha256, bytes: packed.length };
}

/** SPEC §4.3.3 */
async function openPacked(
  packed: PackedDatabase,
  digest: DigestFactory,
  languages: Languages,
): Promise<Database> {
  let found: Database;
  try {
    found = await openDatabase(packed, languages, digest);
  } catch (cause) {
    if (!(cause instanceof VerificationError) || cause.code !== "DATABASE_MALFORMED") throw cause;
    throw wrongContent(`SHA-256 ${packed.claimedSha256}`, "no database", cause);
  }
  if (found.sha256 === packed.claimedSha256) return found;
  throw wrongContent(`SHA-256 ${packed.claimedSha256}`, found.sha256);
}

/** The blocks of a database whose bytes come from front to back, each compared with the digest in the index. */
class PassingBlocks {
  readonly #blocks: readonly BlockEntry[];
  readonly #newDigest: DigestFactory;
  #block = 0;
  #running: ReturnType<DigestFactory>;
  #at = 0;

  constructor(database: Database, digest: DigestFactory) {
    this.#blocks = database.sections.flatMap(({ kind }) => database.section(kind)?.blocks ?? []);
    this.#newDigest = digest;
    this.#running = digest();
  }

  update(bytes: Uint8Array): void {
    const start = this.#at;
    this.#at += bytes.length;
    for (let entry = this.#blocks[this.#block]; entry !== undefined; entry = this.#blocks[this.#block]) {
      const end = entry.offset + entry.bytes;
      if (entry.offset >= this.#at) return;
      this.#running.update(bytes.subarray(Math.max(0, entry.offset - start), end - start));
      if (end > this.#at) return;
      if (byteString(this.#running.finish()) !== entry.digest) {
        throw wrongContent("the block that the index names", `other bytes at ${entry.offset}`);
      }
      this.#running = this.#newDigest();
      this.#block++;
    }
  }
}

function wrongContent(expected: string, got: string, cause?: unknown): VerificationError {
  return new VerificationError("DATABASE_DIGEST_MISMATCH", `expected ${expected}, got ${got}`, { cause });
}
