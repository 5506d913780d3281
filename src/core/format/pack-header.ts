/**
 * What stands in front of every pack, inside a skippable frame that zstd passes over.
 *
 *     header = "RMP" 0x01 byte(0 full, 1 delta) body
 *     full   = varint(database bytes) sha256(database)
 *     delta  = varint(bytes of the base) varint(bytes of the result) tag(base) tag(result) …
 *
 * A tag is the first 8 bytes of a database's SHA-256: it catches mix-ups. What a database must be is said by
 * the signed manifest, and whoever applies a pack compares the whole digest with that.
 */
import { hexBytes, hexText } from "../encoding/bytes.js";
import { ByteReader, ByteWriter } from "../encoding/varint.js";
import type { Sha256Hex } from "../brands.js";
import { VerificationError } from "../errors.js";
import { limits } from "../limits.js";
import { formatSkippable, skippableBytes, skippableHeadBytes } from "./zstd-frame.js";

const magic = [0x52, 0x4d, 0x50] as const;
const version = 1;
/** Variant of the skippable frame's magic number. */
const variant = 0xd;
const tagBytes = 8;
export const tagDigits = 2 * tagBytes;

export interface FullPackHeader {
  readonly kind: "full";
  readonly databaseBytes: number;
  readonly databaseSha256: Sha256Hex;
}

export interface DeltaPackHeader {
  readonly kind: "delta";
  readonly fromBytes: number;
  readonly toBytes: number;
  /** 16 lower-case hexadecimal digits: how the SHA-256 of the base starts. */
  readonly fromTag: string;
  readonly toTag: string;
}

export type PackHeader = (FullPackHeader | DeltaPackHeader) & {
  /** Length of the whole skippable frame. */
  readonly headerBytes: number;
  /** What else the frame holds: the first columns of a small delta. */
  readonly rest: Uint8Array;
};

export function malformedPack(message: string): VerificationError {
  return new VerificationError("PACK_MALFORMED", message);
}

/** `rest` goes behind the fields of a delta. */
export function formatPackHeader(
  header: FullPackHeader | DeltaPackHeader,
  rest: Uint8Array = new Uint8Array(0),
): Uint8Array<ArrayBuffer> {
  const writer = new ByteWriter();
  for (const byte of magic) writer.byte(byte);
  writer.byte(version);
  if (header.kind === "full") {
    writer.byte(0);
    writer.varint(header.databaseBytes);
    writer.bytes(hexBytes(header.databaseSha256));
  } else {
    writer.byte(1);
    writer.varint(header.fromBytes);
    writer.varint(header.toBytes);
    writer.bytes(hexBytes(header.fromTag));
    writer.bytes(hexBytes(header.toTag));
  }
  writer.bytes(rest);
  return formatSkippable(variant, writer.take());
}

/**
 * @param bytes the start of a pack: the whole header frame, and as much more as the caller happens to have
 * @throws VerificationError PACK_MALFORMED, PACK_FORMAT_UNKNOWN for a later version
 */
export function parsePackHeader(bytes: Uint8Array): PackHeader {
  const length = skippableBytes(bytes, variant);
  if (length === undefined) throw malformedPack("expected the header of a pack");
  if (length > limits.packHeaderBytesMax) {
    throw malformedPack(
      `expected a pack header of at most ${limits.packHeaderBytesMax} bytes, got ${length}`,
    );
  }
  if (skippableHeadBytes + length > bytes.length) throw malformedPack("expected the whole header of a pack");
  const reader = new ByteReader(
    bytes.subarray(skippableHeadBytes, skippableHeadBytes + length),
    malformedPack,
  );
  for (const byte of magic) if (reader.byte() !== byte) throw malformedPack("expected the header of a pack");
  const found = reader.byte();
  if (found !== version) {
    throw new VerificationError("PACK_FORMAT_UNKNOWN", `expected pack format ${version}, got ${found}`);
  }
  const headerBytes = skippableHeadBytes + length;
  const kind = reader.byte();
  if (kind === 0) {
    const databaseBytes = reader.varint(limits.databaseBytesMax);
    const databaseSha256 = hexText(reader.bytes(32)) as Sha256Hex;
    reader.end();
    return { kind: "full", databaseBytes, databaseSha256, headerBytes, rest: new Uint8Array(0) };
  }
  if (kind !== 1)
    throw new VerificationError("PACK_FORMAT_UNKNOWN", `expected pack kind 0 or 1, got ${kind}`);
  return {
    kind: "delta",
    fromBytes: reader.varint(limits.databaseBytesMax),
    toBytes: reader.varint(limits.databaseBytesMax),
    fromTag: hexText(reader.bytes(tagBytes)),
    toTag: hexText(reader.bytes(tagBytes)),
    headerBytes,
    rest: reader.bytes(reader.left),
  };
}
