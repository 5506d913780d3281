/** The few DER values that core itself must write: everything else is read, or built in issuing. */
import { concatBytes } from "./bytes.js";

/** Tag, length in its one form, contents. */
export function derValue(tag: number, ...contents: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const content = concatBytes(...contents);
  return concatBytes(Uint8Array.of(tag), lengthOctets(content.length), content);
}

/** X.690 §10.1: the short form up to 127, then the fewest octets. */
function lengthOctets(length: number): Uint8Array {
  if (length < 0x80) return Uint8Array.of(length);
  const octets: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) octets.unshift(rest % 256);
  return Uint8Array.of(0x80 | octets.length, ...octets);
}
