/**
 * ECDSA signatures (RFC 3279 §2.2.3): DER on the wire, r and s side by side in WebCrypto and PKCS#11. Both directions are
 * exact: one pair of numbers has one encoding, so a signature cannot be rewritten without its key.
 */
import { concatBytes } from "./bytes.js";
import { parseDER, tags } from "./der.js";
import { derInteger, derValue } from "./der-writer.js";
import { sequence, unsigned } from "./der-schema.js";
import { malformed } from "./der-values.js";

const readSignature = sequence("a signature", { r: unsigned, s: unsigned });

/** `size` octets of r, `size` octets of s. @throws VerificationError DER_MALFORMED */
export function parseECDSASignature(der: Uint8Array, size: number): Uint8Array<ArrayBuffer> {
  const { r, s } = readSignature(parseDER(der, 2 * size + 16));
  return concatBytes(fixedWidth(r, size), fixedWidth(s, size));
}

/** From r and s side by side. */
export function formatECDSASignature(raw: Uint8Array): Uint8Array<ArrayBuffer> {
  const half = raw.length / 2;
  return derValue(tags.sequence, derInteger(raw.subarray(0, half)), derInteger(raw.subarray(half)));
}

function fixedWidth(magnitude: Uint8Array, size: number): Uint8Array {
  if (magnitude.length === 0 || magnitude.length > size) {
    throw malformed(`a positive number of at most ${size} octets`, `${magnitude.length}`);
  }
  const fixed = new Uint8Array(size);
  fixed.set(magnitude, size - magnitude.length);
  return fixed;
}
