/** The few DER values that verification writes itself: those it compares with, and those it asks with. */
import { concatBytes } from "./bytes.js";
import { tags } from "./der.js";

/** Tag, length in its one form, contents. */
export function derValue(tag: number, ...contents: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const content = concatBytes(...contents);
  return concatBytes(Uint8Array.of(tag, ...lengthOctets(content.length)), content);
}

/** From dotted decimal. */
export function derObjectID(dotted: string): Uint8Array<ArrayBuffer> {
  const [first, second, ...others] = dotted.split(".").map(Number) as [number, number, ...number[]];
  return derValue(tags.oid, Uint8Array.from([40 * first + second, ...others].flatMap(arcOctets)));
}

/** A positive number from its octets, most significant first. */
export function derInteger(magnitude: Uint8Array): Uint8Array<ArrayBuffer> {
  const start = magnitude.findIndex((octet) => octet !== 0);
  const rest = start < 0 ? Uint8Array.of(0) : magnitude.subarray(start);
  return derValue(tags.integer, Uint8Array.from((rest[0] as number) >= 0x80 ? [0] : []), rest);
}

/** X.690 §10.1: the fewest octets. */
function lengthOctets(length: number): number[] {
  if (length < 0x80) return [length];
  const octets: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) octets.unshift(rest % 256);
  return [0x80 | octets.length, ...octets];
}

function arcOctets(arc: number): number[] {
  const octets = [arc % 128];
  for (let rest = Math.floor(arc / 128); rest > 0; rest = Math.floor(rest / 128))
    octets.unshift(128 | (rest % 128));
  return octets;
}
