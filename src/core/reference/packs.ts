/** SPEC §4.1 to §4.3: full packs written. */
import { concatBytes, utf8Bytes } from "../encoding/bytes.js";
import { ByteWriter } from "../encoding/varint.js";
import { VerificationError, quote } from "../errors.js";
import type { ReferenceDatabase } from "./database.js";

/** As `Codec` of core/format, which is handed in. */
export interface ReferenceCodec {
  compress(method: ReferenceMethod, blocks: readonly Uint8Array[]): Promise<Uint8Array[]>;
}
export type ReferenceMethod = "xz" | "zstd";

const headerMagic = 0x184d2a5d;
const seekMagic = 0x184d2a5e;
const seekFooter = 0x8f92eab1;
const streamBytes = 8 * 1024 * 1024;
const frameBytes = 256 * 1024;

/** SPEC §4.3: byte for byte what every maker makes. */
export async function writeFullPack(
  database: ReferenceDatabase,
  codecName: string,
  codec: ReferenceCodec,
): Promise<Uint8Array<ArrayBuffer>> {
  // SPEC §4.1.3
  if (codecName === "rulemint-xz/1") {
    return concatBytes(...(await codec.compress("xz", cut(database.bytes, streamBytes))));
  }
  if (codecName === "zstd-codec/0.1.5") return writeFrames(database, codec);
  throw new VerificationError(
    "PACK_FORMAT_UNKNOWN",
    `expected a codec of full packs, got ${quote(codecName)}`,
  );
}

async function writeFrames(
  { bytes: database, digest }: ReferenceDatabase,
  codec: ReferenceCodec,
): Promise<Uint8Array<ArrayBuffer>> {
  const header = new ByteWriter();
  header.bytes(concatBytes(utf8Bytes("RMP"), Uint8Array.of(1, 0)));
  header.varint(database.length);
  header.bytes(digest);
  const contents = cut(database, frameBytes);
  const frames = await codec.compress("zstd", contents);
  const entries = frames.flatMap((frame, i) => [frame.length, (contents[i] as Uint8Array).length]);
  const table = concatBytes(...entries.map(u32le), u32le(frames.length), Uint8Array.of(0), u32le(seekFooter));
  return concatBytes(skippable(headerMagic, header.take()), ...frames, skippable(seekMagic, table));
}

function cut(bytes: Uint8Array, most: number): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += most) pieces.push(bytes.subarray(at, at + most));
  return pieces;
}

function skippable(magic: number, content: Uint8Array): Uint8Array {
  return concatBytes(u32le(magic), u32le(content.length), content);
}

function u32le(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, true);
  return bytes;
}

export function broken(message: string): VerificationError {
  return new VerificationError("PACK_MALFORMED", `expected a pack, got ${message}`);
}
