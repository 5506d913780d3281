/**
 * Host names and their keys. The key of a name is its labels in reverse with a space between them ("com example www"): a space
 * sorts before every character of a label, so a name stands directly before the names below it. An IPv4 host keeps its dots and
 * an IPv6 host its brackets; neither can be mistaken for a name, because a name's key holds no dot and no bracket.
 */
import { byteString, byteStringBytes } from "../../encoding/bytes.js";
import { byteStringText } from "../source-lines.js";
import { asciiName } from "./international-names.js";
import { formatIPv6, parseIPv4, parseIPv6 } from "../ip-addresses.js";

const nameBytesMax = 253;
const labelBytesMax = 63;

/** What a name may be: in an indicator of its own it needs a dot, or it would be a word. */
export type NameRule = "dotted" | "any";

/** The key of a name in any case, in its ASCII form and without its final dot; or `undefined` when it is no name. */
export function nameKey(name: string, rule: NameRule): string | undefined {
  const wild = name.startsWith("*.") ? 2 : 0;
  const bare = name.endsWith(".") ? name.slice(wild, -1) : name.slice(wild);
  const maySingle = rule === "any" || wild > 0;
  // most names are in their form already
  const key = plainKey(bare, maySingle) ?? plainKey(asciiForm(bare), maySingle);
  return key !== undefined && wild > 0 ? `${key} *` : key;
}

function asciiForm(name: string): string {
  return /[\x80-\xff]/.test(name) ? (asciiName(byteStringText(name)) ?? "") : lowerASCII(name);
}

const keyPlace = new Uint8Array(1 + nameBytesMax);

function plainKey(name: string, maySingle: boolean): string | undefined {
  const bytes = byteStringBytes(name);
  return putNameKey(bytes, 0, bytes.length, maySingle, keyPlace)
    ? byteString(keyPlace.subarray(1, 1 + bytes.length))
    : undefined;
}

/** An export asks this of every name there is: no array is made for one. */
export function nameText(key: string): string {
  let at = key.lastIndexOf(" ");
  let text = key.slice(at + 1);
  while (at >= 0) {
    const end = at;
    // Before the first character there is nothing to look for, and `lastIndexOf` would look at that one again.
    at = end > 0 ? key.lastIndexOf(" ", end - 1) : -1;
    text += `.${key.slice(at + 1, end)}`;
  }
  return text;
}

/** The key of what stands in a URL: a name, an IPv4 address, or an IPv6 address in brackets. */
export function hostKey(host: string, rule: NameRule): string | undefined {
  if (host.startsWith("[") && host.endsWith("]")) {
    const address = parseIPv6(host.slice(1, -1));
    return address === undefined ? undefined : `[${formatIPv6(address)}]`;
  }
  if (parseIPv4(host) !== undefined) return host;
  return host.startsWith("*") ? undefined : nameKey(host, rule);
}

export function hostText(key: string): string {
  return key.startsWith("[") || key.includes(".") ? key : nameText(key);
}

/** Lower case of A to Z alone: other alphabets would depend on the Unicode version of the machine. */
export function lowerASCII(text: string): string {
  return /[A-Z]/.test(text) ? text.replace(/[A-Z]+/g, (upper) => upper.toLowerCase()) : text;
}

const [dot, space] = [0x2e, 0x20];
const isDigit = 1;
const isOfName = 2;
const nameClass = new Uint8Array(256);
for (const c of "abcdefghijklmnopqrstuvwxyz-_") nameClass[c.charCodeAt(0)] = isOfName;
for (const c of "0123456789") nameClass[c.charCodeAt(0)] = isDigit;

/**
 * Puts the key of a name, which has as many bytes, into `into`, behind its first byte; false when it is no name in lower case. RFC 1035
 * §2.3.4 for the lengths. Underscores and hyphens stand where DNS lets them stand: anywhere in a label.
 */
export function putNameKey(
  bytes: Uint8Array,
  start: number,
  end: number,
  maySingle: boolean,
  into: Uint8Array,
): boolean {
  if (end === start || end - start > nameBytesMax) return false;
  let label = start;
  let seen = 0;
  for (let i = start; ; i++) {
    if (i < end && bytes[i] !== dot) {
      const found = nameClass[bytes[i] as number] as number;
      if (found === 0) return false;
      seen |= found;
      continue;
    }
    if (i === label || i - label > labelBytesMax) return false;
    // In front of it comes what stands behind it.
    let to = 1 + end - i;
    if (i < end) into[to - 1] = space;
    for (let k = label; k < i; k++) into[to++] = bytes[k] as number;
    // A last label of digits is a broken IPv4 address (RFC 1123 §2.1), not a name.
    if (i === end) return seen !== isDigit && (maySingle || label > start);
    label = i + 1;
    seen = 0;
  }
}
