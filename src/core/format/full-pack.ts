/**
 * A full pack: the database cut into pieces that are each compressed by themselves, and that any xz or any zstd puts together again.
 *
 *     xz   = stream*                                           a stream holds 8 MiB of the database, the last one the rest
 *     zstd = skippable(header) frame* skippable(seek table)    a frame holds 256 KiB
 */
import { byteString, equalBytes } from "../encoding/bytes.js";
import type { ByteSink, ByteSource, DigestFactory } from "../encoding/stream.js";
import { VerificationError } from "../errors.js";
import { kindFacts } from "../rules/kind-facts.js";
import type { Sha256Hex } from "../brands.js";
import type { RuleKind } from "../rules/model.js";
import { type Codec, type PackMethod, pieceContentBytes } from "./codec.js";
import { type Database, type SectionReader, openDatabase } from "./database.js";
import type { Languages } from "./database-writer.js";
import type { BlockEntry } from "./index-table.js";
import { formatPackHeader } from "./pack-header.js";
import { type FrameSizes, formatSeekTable } from "./pack-pieces.js";
import { type PackedDatabase, openFullPack } from "./packed-database.js";

/** Pieces made at a time: enough for every worker, 32 or 4 MiB of the database. */
const batchPieces = { xz: 4, zstd: 16 } as const;

/** A full pack that the same compiler made by the same method, and the database in it. */
export interface FormerPack {
  readonly database: ByteSource;
  readonly pack: ByteSource;
}

/**
 * Pieces of the database that stand in the former one at the same place are taken from its pack as they are: compressing them again would
 * give the same bytes. Nothing of that pack is checked, so decode what was made.
 *
 * @param facts the digest of `database`, as its writer or `openDatabase` said, and how to compress it
 * @throws VerificationError PACK_MALFORMED, PACK_FORMAT_UNKNOWN of the former pack
 */
export async function encodeFullPack(
  database: ByteSource,
  { sha256, method }: { readonly sha256: Sha256Hex; readonly method: PackMethod },
  sink: ByteSink,
  codec: Codec,
  former?: FormerPack,
): Promise<void> {
  if (method === "zstd") {
    const header = { kind: "full", method, databaseBytes: database.length, databaseSha256: sha256 } as const;
    await sink.write(formatPackHeader(header));
  }
  const sizes: FrameSizes[] = [];
  const put = async (piece: Uint8Array, content: Uint8Array) => {
    sizes.push([piece.length, content.length]);
    await sink.write(piece);
  };
  const takeFormer = former && (await formerPieces(former, codec));
  const waiting: Uint8Array[] = [];
  const putWaiting = async () => {
    const contents = waiting.splice(0);
    if (contents.length === 0) return;
    const pieces = await codec.compress(method, contents);
    for (const [i, content] of contents.entries()) await put(pieces[i] as Uint8Array, content);
  };
  const pieceBytes = pieceContentBytes[method];
  for (let offset = 0; offset < database.length; offset += pieceBytes) {
    const content = await database.read(offset, Math.min(pieceBytes, database.length - offset));
    const taken = await takeFormer?.(offset / pieceBytes, content);
    if (taken === undefined) waiting.push(content);
    if (taken !== undefined || waiting.length === batchPieces[method]) await putWaiting();
    if (taken !== undefined) await put(taken, content);
  }
  await putWaiting();
  if (method === "zstd") await sink.write(formatSeekTable(sizes));
}

/** The piece of that number, if it holds these bytes. */
async function formerPieces({ database, pack }: FormerPack, codec: Codec) {
  const { pieces } = await openFullPack(pack, codec);
  return async (number: number, content: Uint8Array): Promise<Uint8Array | undefined> => {
    const piece = pieces[number];
    if (piece === undefined || piece.contentBytes !== content.length) return undefined;
    if (piece.start + content.length > database.length) return undefined;
    const before = await database.read(piece.start, content.length);
    return equalBytes(before, content) ? pack.read(piece.at, piece.bytes) : undefined;
  };
}

/**
 * Writes the database that the pack holds, piece by piece. Its tables, which are at its end, are read first, so every block
 * is compared with its digest as it goes by. With `expected`, the digest of the database as somebody trusted says, the sink gets
 * nothing before its tables are known to be the right ones, and no piece behind one that ends in a wrong block.
 *
 * @throws VerificationError PACK_MALFORMED, PACK_FORMAT_UNKNOWN, CODEC_FAILED, DATABASE_DIGEST_MISMATCH: the sink
 *   may then have got bytes, and they are worth nothing
 */
export async function decodeFullPack(
  pack: ByteSource,
  sink: ByteSink,
  codec: Codec,
  digest: DigestFactory,
  languages: Languages = kindFacts,
  expected?: Sha256Hex,
): Promise<{ sha256: Sha256Hex; bytes: number }> {
  const packed = await openFullPack(pack, codec);
  const database = await openPacked(packed, digest, languages, expected);
  const check = new PassingBlocks(database, digest);
  for (const number of packed.pieces.keys()) {
    const content = await packed.content(number);
    check.update(content);
    await sink.write(content);
  }
  return { sha256: database.sha256, bytes: packed.length };
}

/** SPEC §4.3.3. The tables of the database are read, and proven when `trusted` is its digest. */
async function openPacked(
  packed: PackedDatabase,
  digest: DigestFactory,
  languages: Languages,
  trusted?: Sha256Hex,
  kinds?: readonly RuleKind[],
): Promise<Database> {
  const claims = [packed.claimedSha256, trusted].filter((one) => one !== undefined);
  const expected = claims.length === 0 ? "a database" : `SHA-256 ${claims.join(" and ")}`;
  let found: Database;
  try {
    found = await openDatabase(packed, languages, digest, kinds);
  } catch (cause) {
    if (!(cause instanceof VerificationError) || cause.code !== "DATABASE_MALFORMED") throw cause;
    throw wrongContent(expected, "no database", cause);
  }
  if (claims.every((one) => one === found.sha256)) return found;
  throw wrongContent(expected, found.sha256);
}

/**
 * Some sections of the database in a pack, read where they are, and which bytes of the pack their blocks are in. `sha256` is the digest of the
 * database as somebody trusted says.
 *
 * @throws VerificationError PACK_MALFORMED, PACK_FORMAT_UNKNOWN, CODEC_FAILED, DATABASE_DIGEST_MISMATCH; reading throws DATABASE_MALFORMED too
 */
export async function openSections(
  pack: ByteSource,
  { sha256, kinds }: { readonly sha256: Sha256Hex; readonly kinds: readonly RuleKind[] },
  codec: Codec,
  digest: DigestFactory,
): Promise<{ database: Database; places: readonly { readonly start: number; readonly end: number }[] }> {
  const packed = await openFullPack(pack, codec);
  const database = await openPacked(packed, digest, kindFacts, sha256, kinds);
  const places = database.sections.map(({ kind }) => {
    const { offset, blockBytes } = (database.section(kind) as SectionReader).facts;
    return packed.placeOf(offset, blockBytes);
  });
  return { database, places };
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
