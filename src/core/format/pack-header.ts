/**
 * How a pack starts: a full one of xz streams as every file of xz does, the others with a header.
 *
 *     zstd   = skippable frame of: "RMP" 0x01 0x00 varint(database bytes) digest of the database
 *     delta  = "RMP" 0x02 0x01 varint(bytes of the base) varint(bytes of the result) tag(base) tag(result) byte(model bits)
 *
 * A tag is the first 4 bytes of a database's digest: it catches mix-ups. What a database must be is said by
 * the signed manifest, and whoever applies a pack compares the whole digest with that.
 */
import { equalBytes, hexBytes, hexText } from "../encoding/bytes.js";
import { ByteReader, ByteWriter } from "../encoding/varint.js";
import type { Sha256Hex } from "../brands.js";
import { VerificationError } from "../errors.js";
import { limits } from "../limits.js";
import { xzMagic } from "./xz-stream.js";
import { formatSkippable, skippableBytes, skippableHeadBytes } from "./zstd-frame.js";

/** What makes the bytes of deltas, as manifests name it. */
export const deltaCodec = "rulemint-delta/2";

const magic = [0x52, 0x4d, 0x50] as const;
const [zstdVersion, deltaVersion] = [1, 2];
/** Variant of the skippable frame's magic number. */
const variant = 0xd;
const tagBytes = 4;
export const tagDigits = 2 * tagBytes;

export interface XzPackHeader {
  readonly kind: "full";
  readonly method: "xz";
}

export interface ZstdPackHeader {
  readonly kind: "full";
  readonly method: "zstd";
  readonly databaseBytes: number;
  readonly databaseSha256: Sha256Hex;
}

export interface DeltaPackHeader {
  readonly kind: "delta";
  readonly fromBytes: number;
  readonly toBytes: number;
  /** 8 lower-case hexadecimal digits: how the digest of the base starts. */
  readonly fromTag: string;
  readonly toTag: string;
  /** 2 to this power buckets has the text model. */
  readonly modelBits: number;
}

/** `headerBytes`: with the skippable frame around it. */
export type PackHeader = (XzPackHeader | ZstdPackHeader | DeltaPackHeader) & { readonly headerBytes: number };

export function malformedPack(message: string): VerificationError {
  return new VerificationError("PACK_MALFORMED", message);
}

export function formatPackHeader(header: ZstdPackHeader | DeltaPackHeader): Uint8Array<ArrayBuffer> {
  const writer = new ByteWriter();
  for (const byte of magic) writer.byte(byte);
  if (header.kind === "full") {
    writer.byte(zstdVersion);
    writer.byte(0);
    writer.varint(header.databaseBytes);
    writer.bytes(hexBytes(header.databaseSha256));
    return formatSkippable(variant, writer.take());
  }
  writer.byte(deltaVersion);
  writer.byte(1);
  writer.varint(header.fromBytes);
  writer.varint(header.toBytes);
  writer.bytes(hexBytes(header.fromTag));
  writer.bytes(hexBytes(header.toTag));
  writer.byte(header.modelBits);
  return writer.take();
}

/**
 * @param bytes the start of a pack: the whole header, and as much more as the caller happens to have
 * @throws VerificationError PACK_MALFORMED, PACK_FORMAT_UNKNOWN for a later version
 */
export function parsePackHeader(bytes: Uint8Array): PackHeader {
  if (equalBytes(bytes.subarray(0, xzMagic.length), xzMagic)) {
    return { kind: "full", method: "xz", headerBytes: 0 };
  }
  const length = skippableBytes(bytes, variant);
  return length === undefined ? parseDelta(bytes) : parseZstd(bytes, length);
}

function parseZstd(bytes: Uint8Array, length: number): PackHeader {
  if (length > limits.packHeaderBytesMax) {
    throw malformedPack(
      `expected a pack header of at most ${limits.packHeaderBytesMax} bytes, got ${length}`,
    );
  }
  const headerBytes = skippableHeadBytes + length;
  if (headerBytes > bytes.length) throw malformedPack("expected the whole header of a pack");
  const reader = new ByteReader(bytes.subarray(skippableHeadBytes, headerBytes), malformedPack);
  expectVersion(reader, zstdVersion, 0);
  const databaseBytes = reader.varint(limits.databaseBytesMax);
  const databaseSha256 = hexText(reader.bytes(32)) as Sha256Hex;
  reader.end();
  return { kind: "full", method: "zstd", databaseBytes, databaseSha256, headerBytes };
}

function parseDelta(bytes: Uint8Array): PackHeader {
  const reader = new ByteReader(bytes, malformedPack);
  expectVersion(reader, deltaVersion, 1);
  const header = {
    kind: "delta",
    fromBytes: reader.varint(limits.databaseBytesMax),
    toBytes: reader.varint(limits.databaseBytesMax),
    fromTag: hexText(reader.bytes(tagBytes)),
    toTag: hexText(reader.bytes(tagBytes)),
    modelBits: reader.byte(),
  } as const;
  // SPEC §4.2.3
  if (header.modelBits < 1 || header.modelBits > limits.deltaModelBitsMax) {
    throw malformedPack(`expected at most 2^${limits.deltaModelBitsMax} buckets, got 2^${header.modelBits}`);
  }
  return { ...header, headerBytes: reader.offset };
}

/** SPEC §4.2.1 */
function expectVersion(reader: ByteReader, version: number, kind: number): void {
  for (const byte of magic) if (reader.byte() !== byte) throw malformedPack("expected the header of a pack");
  const found = reader.byte();
  if (found !== version) {
    throw new VerificationError("PACK_FORMAT_UNKNOWN", `expected pack format ${version}, got ${found}`);
  }
  const foundKind = reader.byte();
  if (foundKind !== kind) {
    throw new VerificationError("PACK_FORMAT_UNKNOWN", `expected pack kind ${kind}, got ${foundKind}`);
  }
}
