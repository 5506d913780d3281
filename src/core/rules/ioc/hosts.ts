/**
 * Host names and their keys. The key of a name is its labels in reverse with a space between them ("com example www"): a space
 * sorts before every character of a label, so a name stands directly before the names below it. An IPv4 host keeps its dots and
 * an IPv6 host its brackets; neither can be mistaken for a name, because a name's key holds no dot and no bracket.
 */
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
  const lower = isName(bare, maySingle) ? bare : namedForm(bare, maySingle);
  if (lower === undefined) return undefined;
  const labels = lower.split(".");
  if (wild > 0) labels.unshift("*");
  return labels.reverse().join(" ");
}

function namedForm(name: string, maySingle: boolean): string | undefined {
  const lower = /[\x80-\xff]/.test(name) ? asciiName(byteStringText(name)) : lowerASCII(name);
  return lower !== undefined && isName(lower, maySingle) ? lower : undefined;
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

/** RFC 1035 §2.3.4 for the lengths. Underscores and hyphens stand where DNS lets them stand: anywhere in a label. */
function isName(name: string, mayBeSingle: boolean): boolean {
  if (name.length === 0 || name.length > nameBytesMax) return false;
  let start = 0;
  let digitsOnly = true;
  for (let i = 0; i <= name.length; i++) {
    const c = i < name.length ? name.charCodeAt(i) : 0x2e;
    if (c === 0x2e) {
      if (i === start || i - start > labelBytesMax) return false;
      if (i === name.length) break;
      start = i + 1;
      digitsOnly = true;
    } else if (c < 0x30 || c > 0x39) {
      digitsOnly = false;
      if (!((c >= 0x61 && c <= 0x7a) || c === 0x2d || c === 0x5f)) return false;
    }
  }
  // A last label of digits is a broken IPv4 address (RFC 1123 §2.1), not a name.
  return !digitsOnly && (mayBeSingle || start > 0);
}
