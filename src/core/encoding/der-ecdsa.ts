/**
 * ECDSA signatures (RFC 3279 §2.2.3): DER on the wire, r and s side by side in WebCrypto and PKCS#11. Both directions are
 * exact: one pair of numbers has one encoding, so a signature cannot be rewritten without its key.
 */
import { VerificationError } from "../errors.js";
import { concatBytes } from "./bytes.js";
import { parseDER, tags } from "./der.js";
import { derValue } from "./der-writer.js";

/** `size` octets of r, `size` octets of s. @throws VerificationError DER_MALFORMED */
export function parseECDSASignature(der: Uint8Array, size: number): Uint8Array<ArrayBuffer> {
  const fields = parseDER(der, 2 * size + 16).fields("a signature");
  const r = fixedWidth(fields.next().integerBytes(), size);
  const s = fixedWidth(fields.next().integerBytes(), size);
  fields.end();
  return concatBytes(r, s);
}

/** From r and s side by side. */
export function formatECDSASignature(raw: Uint8Array): Uint8Array<ArrayBuffer> {
  const half = raw.length / 2;
  return derValue(tags.sequence, integer(raw.subarray(0, half)), integer(raw.subarray(half)));
}

function fixedWidth(integerBytes: Uint8Array, size: number): Uint8Array {
  const magnitude = integerBytes[0] === 0 ? integerBytes.subarray(1) : integerBytes;
  if ((integerBytes[0] as number) >= 0x80 || magnitude.length === 0 || magnitude.length > size) {
    throw new VerificationError("DER_MALFORMED", `expected a positive number of at most ${size} octets`);
  }
  const fixed = new Uint8Array(size);
  fixed.set(magnitude, size - magnitude.length);
  return fixed;
}

function integer(magnitude: Uint8Array): Uint8Array {
  let start = 0;
  while (start < magnitude.length - 1 && magnitude[start] === 0) start++;
  const rest = magnitude.subarray(start);
  const sign = (rest[0] ?? 0) >= 0x80 ? Uint8Array.of(0) : new Uint8Array();
  return derValue(tags.integer, sign, rest);
}
