/**
 * A full pack as the database that it holds, read at random, piece by piece. Nothing is believed: the pieces must fill the pack exactly,
 * and every one must hold what the pack says of it.
 */
import type { Sha256Hex } from "../brands.js";
import type { ByteSource } from "../encoding/stream.js";
import { type Codec, type PackMethod, pieceContentBytes } from "./codec.js";
import { malformedPack } from "./pack-header.js";
import { PackReader } from "./pack-reader.js";
import { type PackPiece, findFrames, findStreams } from "./pack-pieces.js";
import { frameBytes, frameContentBytes } from "./zstd-frame.js";

export interface PackedDatabaseFacts {
  readonly method: PackMethod;
  readonly pieces: readonly PackPiece[];
  /** What the pack says of itself; packs of xz streams leave that to the manifest. */
  readonly claimedSha256?: Sha256Hex;
}

export class PackedDatabase implements ByteSource {
  readonly length: number;
  readonly claimedSha256: Sha256Hex | undefined;
  readonly pieces: readonly PackPiece[];
  readonly #pack: ByteSource;
  readonly #codec: Codec;
  readonly #method: PackMethod;
  /** The piece that was read last. */
  #number = -1;
  #content: Uint8Array = new Uint8Array(0);

  constructor(pack: ByteSource, codec: Codec, { method, pieces, claimedSha256 }: PackedDatabaseFacts) {
    this.#pack = pack;
    this.#codec = codec;
    this.#method = method;
    this.pieces = pieces;
    this.length = pieces.reduce((sum, { contentBytes }) => sum + contentBytes, 0);
    this.claimedSha256 = claimedSha256;
  }

  /** Content of one piece. @throws VerificationError PACK_MALFORMED, CODEC_FAILED */
  async content(number: number): Promise<Uint8Array> {
    if (number === this.#number) return this.#content;
    // one at a time in memory
    this.#number = -1;
    this.#content = new Uint8Array(0);
    const { at, bytes, contentBytes } = this.pieces[number] as PackPiece;
    const piece = await this.#pack.read(at, bytes);
    // SPEC §4.1.1, §4.3.2: a stream was looked at when its end was found
    if (
      this.#method === "zstd" &&
      (frameContentBytes(piece) !== contentBytes || frameBytes(piece) !== bytes)
    ) {
      throw malformedPack("expected the frame that the pack's table names");
    }
    // SPEC §4.1.2
    this.#content = await this.#codec.decompress(this.#method, piece, contentBytes);
    this.#number = number;
    return this.#content;
  }

  /** Where in the pack the pieces are that hold these bytes of the database. */
  placeOf(offset: number, length: number): { readonly start: number; readonly end: number } {
    const full = pieceContentBytes[this.#method];
    const first = this.pieces[Math.floor(offset / full)] as PackPiece;
    const last = this.pieces[Math.floor((offset + length - 1) / full)] as PackPiece;
    return { start: first.at, end: last.at + last.bytes };
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(length);
    for (let filled = 0; filled < length; ) {
      const number = Math.floor((offset + filled) / pieceContentBytes[this.#method]);
      const { start } = this.pieces[number] as PackPiece;
      const part = (await this.content(number)).subarray(offset + filled - start);
      bytes.set(part.subarray(0, length - filled), filled);
      filled += Math.min(part.length, length - filled);
    }
    return bytes;
  }
}

/** @throws VerificationError PACK_MALFORMED, PACK_FORMAT_UNKNOWN */
export async function openFullPack(pack: ByteSource, codec: Codec): Promise<PackedDatabase> {
  const header = await new PackReader(pack).header();
  if (header.kind !== "full") throw malformedPack("expected a full pack, got a delta pack");
  if (header.method === "xz") {
    return new PackedDatabase(pack, codec, { method: "xz", pieces: await findStreams(pack) });
  }
  const pieces = await findFrames(pack, header);
  return new PackedDatabase(pack, codec, { method: "zstd", pieces, claimedSha256: header.databaseSha256 });
}
