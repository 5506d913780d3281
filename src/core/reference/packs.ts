/** SPEC §4.1 to §4.3: full packs written, and the parts of which every pack consists. */
import { concatBytes, equalBytes, utf8Bytes } from "../encoding/bytes.js";
import { ByteReader, ByteWriter } from "../encoding/varint.js";
import { VerificationError } from "../errors.js";
import type { ReferenceDatabase } from "./database.js";

/** As `Codec` of core/format, which is handed in. */
export interface ReferenceCodec {
  compress(
    blocks: readonly { bytes: Uint8Array; dictionary?: Uint8Array; level: number }[],
  ): Promise<Uint8Array[]>;
  decompress(frame: Uint8Array, bytes: number, dictionary?: Uint8Array): Promise<Uint8Array>;
}

const headerMagic = 0x184d2a5d;
const seekMagic = 0x184d2a5e;
const seekFooter = 0x8f92eab1;
const frameBytes = 256 * 1024;
const level = 19;

/** SPEC §4.3: byte for byte what every maker makes. */
export async function writeFullPack(
  { bytes: database, digest }: ReferenceDatabase,
  codec: ReferenceCodec,
): Promise<Uint8Array<ArrayBuffer>> {
  const header = new ByteWriter();
  header.bytes(concatBytes(utf8Bytes("RMP"), Uint8Array.of(1, 0)));
  header.varint(database.length);
  header.bytes(digest);
  const contents: Uint8Array[] = [];
  for (let at = 0; at < database.length; at += frameBytes)
    contents.push(database.subarray(at, at + frameBytes));
  const frames = await codec.compress(contents.map((bytes) => ({ bytes, level })));
  const entries = frames.flatMap((frame, i) => [frame.length, (contents[i] as Uint8Array).length]);
  const table = concatBytes(...entries.map(u32le), u32le(frames.length), Uint8Array.of(0), u32le(seekFooter));
  return concatBytes(skippable(headerMagic, header.take()), ...frames, skippable(seekMagic, table));
}

function skippable(magic: number, content: Uint8Array): Uint8Array {
  return concatBytes(u32le(magic), u32le(content.length), content);
}

function u32le(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, true);
  return bytes;
}

/** SPEC §4.2: what stands behind the kind in the header, and where the frames begin. */
export function packHeader(pack: Uint8Array, kind: 0 | 1): { body: ByteReader; end: number } {
  const view = new DataView(pack.buffer, pack.byteOffset, pack.length);
  if (pack.length < 13 || view.getUint32(0, true) !== headerMagic) throw broken("no header");
  const end = 8 + view.getUint32(4, true);
  if (end > pack.length || end > 64 * 1024 + 8) throw broken("a header beyond the pack");
  const content = pack.subarray(8, end);
  if (!equalBytes(content.subarray(0, 5), concatBytes(utf8Bytes("RMP"), Uint8Array.of(1, kind))))
    throw broken("another kind");
  return { body: new ByteReader(content.subarray(5), broken), end };
}

export interface Frame {
  readonly bytes: Uint8Array;
  readonly contentBytes: number;
}

/** The zstd frame at `at` (RFC 8878 §3.1.1): with its content size, without a dictionary id. */
export function frameAt(pack: Uint8Array, at: number): Frame {
  const view = new DataView(pack.buffer, pack.byteOffset, pack.length);
  if (at + 6 > pack.length || view.getUint32(at, true) !== 0xfd2fb528) throw broken("no frame");
  const descriptor = pack[at + 4] as number;
  const single = (descriptor & 0x20) !== 0;
  const sizeFlag = descriptor >> 6;
  if ((descriptor & 0x1f & ~0x04) !== 0 || (sizeFlag === 0 && !single))
    throw broken("a frame without its size");
  let next = at + 5 + (single ? 0 : 1);
  const width = sizeFlag === 0 ? 1 : 2 ** sizeFlag;
  let contentBytes = sizeFlag === 1 ? 256 : 0;
  for (let i = 0; i < width; i++) contentBytes += (pack[next + i] ?? 0) * 256 ** i;
  next += width;
  for (let last = false; !last; ) {
    if (next + 3 > pack.length) throw broken("a frame cut off");
    const head =
      (pack[next] as number) | ((pack[next + 1] as number) << 8) | ((pack[next + 2] as number) << 16);
    last = (head & 1) === 1;
    next += 3 + (((head >> 1) & 3) === 1 ? 1 : head >> 3);
  }
  if ((descriptor & 0x04) !== 0) next += 4;
  if (next > pack.length) throw broken("a frame cut off");
  return { bytes: pack.subarray(at, next), contentBytes };
}

export function broken(message: string): VerificationError {
  return new VerificationError("PACK_MALFORMED", `expected a pack, got ${message}`);
}
