/** IPv4 and IPv6 addresses as text and as bytes: one canonical text for every address (RFC 5952), nothing but strict forms read. */
import { byteString, byteStringBytes } from "../encoding/bytes.js";

/** Four decimal numbers without leading zeros; `undefined` for anything else. The answer is a byte string of length 4. */
export function parseIPv4(text: string): string | undefined {
  if (text.length < 7 || text.length > 15) return undefined;
  const place = new Uint8Array(5);
  return putIPv4(byteStringBytes(text), 0, text.length, place) ? byteString(place.subarray(1)) : undefined;
}

/** The same of the bytes from `start` to `end`: the address goes into `into`, behind its first byte. False: it is none. */
export function putIPv4(bytes: Uint8Array, start: number, end: number, into: Uint8Array): boolean {
  let next = start;
  for (let part = 0; part < 4; part++) {
    let value = -1;
    for (const first = next; next < end && next - first < 4; next++) {
      const digit = (bytes[next] as number) - 0x30;
      if (digit < 0 || digit > 9) break;
      // A leading zero means octal to some readers and decimal to others: refused.
      if (value === 0) return false;
      value = (value < 0 ? 0 : value * 10) + digit;
    }
    if (value < 0 || value > 255) return false;
    if (part < 3 && (next >= end || bytes[next++] !== 0x2e)) return false;
    into[1 + part] = value;
  }
  return next === end;
}

export function formatIPv4(bytes: string): string {
  return `${bytes.charCodeAt(0)}.${bytes.charCodeAt(1)}.${bytes.charCodeAt(2)}.${bytes.charCodeAt(3)}`;
}

/** RFC 4291 §2.2 without zones; `undefined` for anything else. The answer is a byte string of length 16. */
export function parseIPv6(text: string): string | undefined {
  if (text.length < 2 || text.length > 45) return undefined;
  const gap = text.indexOf("::");
  if (gap < 0) {
    const groups = parseGroups(text);
    return groups?.length === 16 ? groups : undefined;
  }
  const head = gap === 0 ? "" : parseGroups(text.slice(0, gap), false);
  const tail = gap + 2 === text.length ? "" : parseGroups(text.slice(gap + 2));
  // RFC 4291 §2.2: "::" stands for one or more groups of zeros.
  if (head === undefined || tail === undefined || head.length + tail.length > 14) return undefined;
  return head + "\0".repeat(16 - head.length - tail.length) + tail;
}

function parseGroups(text: string, mayEndInIPv4 = true): string | undefined {
  const groups = text.split(":");
  let bytes = "";
  for (const [i, group] of groups.entries()) {
    if (/^[0-9a-fA-F]{1,4}$/.test(group)) {
      const value = Number.parseInt(group, 16);
      bytes += String.fromCharCode(value >> 8, value & 255);
      continue;
    }
    const dotted = mayEndInIPv4 && i === groups.length - 1 ? parseIPv4(group) : undefined;
    if (dotted === undefined) return undefined;
    bytes += dotted;
  }
  return bytes;
}

/** RFC 5952 §4 and §5: lower case, the first longest run of two or more zero groups as "::", IPv4-mapped addresses in mixed form. */
export function formatIPv6(bytes: string): string {
  const groups: number[] = [];
  for (let i = 0; i < 16; i += 2) groups.push((bytes.charCodeAt(i) << 8) | bytes.charCodeAt(i + 1));
  if (groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff) {
    return `::ffff:${formatIPv4(bytes.slice(12))}`;
  }
  let best = -1;
  let longest = 1;
  for (let i = 0; i < 8; i++) {
    let run = 0;
    while (i + run < 8 && groups[i + run] === 0) run++;
    if (run > longest) {
      best = i;
      longest = run;
    }
    i += run;
  }
  const hex = groups.map((group) => group.toString(16));
  if (best < 0) return hex.join(":");
  return `${hex.slice(0, best).join(":")}::${hex.slice(best + longest).join(":")}`;
}

/** The address with everything behind the first `bits` bits set to zero. */
export function maskAddress(bytes: string, bits: number): string {
  const whole = bits >> 3;
  if (whole >= bytes.length) return bytes;
  const cut = String.fromCharCode(bytes.charCodeAt(whole) & (0xff00 >> (bits & 7)) & 0xff);
  return bytes.slice(0, whole) + cut + zeros.slice(whole + 1, bytes.length);
}

const zeros = "\0".repeat(16);

/** Decimal without a leading zero, at most `max`; `undefined` for anything else. */
export function parseDecimal(text: string, max: number): number | undefined {
  if (text.length === 0 || text.length > 10 || !/^(0|[1-9][0-9]*)$/.test(text)) return undefined;
  const value = Number(text);
  return value <= max ? value : undefined;
}
