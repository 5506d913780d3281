/** The contents of DER values that have an inner form of their own: object identifiers, times, alphabets. Each has one spelling. */
import { VerificationError } from "../errors.js";
import { byteString } from "./bytes.js";

export function malformed(expected: string, got: string): VerificationError {
  return new VerificationError("DER_MALFORMED", `expected ${expected}, got ${got}`);
}

/** Dotted decimal. X.690 §8.19.2: no leading 0x80 octets. Arcs may be large: 2.25 holds UUIDs. */
export function oidText(content: Uint8Array): string {
  const last = content[content.length - 1];
  if (last === undefined || last >= 0x80 || content.length > 64) {
    throw malformed("an object identifier", "one that is cut or too long");
  }
  const arcs: bigint[] = [];
  let value = 0n;
  for (const [i, octet] of content.entries()) {
    const first = i === 0 || (content[i - 1] as number) < 0x80;
    if (first && octet === 0x80) throw malformed("a minimal object identifier", "a padded one");
    value = value * 128n + BigInt(octet & 0x7f);
    if (octet >= 0x80) continue;
    if (arcs.length === 0) {
      const root = value < 80n ? value / 40n : 2n;
      arcs.push(root, value - 40n * root);
    } else arcs.push(value);
    value = 0n;
  }
  return arcs.join(".");
}

/** RFC 5280 §4.1.2.5.1: two digits of the year, from 1950 to 2049. */
export function utcTime(content: Uint8Array): Date {
  const digits = asciiText(content);
  if (!/^\d{12}Z$/.test(digits)) throw malformed("a UTC time YYMMDDHHMMSSZ", "another form");
  return calendarDate((Number(digits.slice(0, 2)) < 50 ? "20" : "19") + digits.slice(0, 12), 0);
}

export function generalizedTime(content: Uint8Array, fraction: "whole-seconds" | "fraction"): Date {
  const parts = /^(\d{14})(?:\.(\d{0,8}[1-9]))?Z$/.exec(asciiText(content));
  if (parts === null || (fraction === "whole-seconds" && parts[2] !== undefined)) {
    throw malformed("a generalized time YYYYMMDDHHMMSSZ", "another form");
  }
  return calendarDate(parts[1] as string, Math.floor(Number(`0.${parts[2] ?? "0"}`) * 1000));
}

export const isIA5 = (octet: number): boolean => octet < 0x80;
export const isPrintable = (octet: number): boolean =>
  /[A-Za-z0-9 '()+,./:=?-]/.test(String.fromCharCode(octet));

/** No time has more than 40 characters; longer content matches no pattern. */
const asciiText = (bytes: Uint8Array): string => (bytes.length > 40 ? "" : byteString(bytes));

/** `YYYYMMDDHHMMSS`; a date that the calendar does not have is refused. */
function calendarDate(digits: string, milliseconds: number): Date {
  const pair = (at: number): number => Number(digits.slice(at, at + 2));
  const day = Date.UTC(
    Number(digits.slice(0, 4)),
    pair(4) - 1,
    pair(6),
    pair(8),
    pair(10),
    pair(12),
    milliseconds,
  );
  const date = new Date(day);
  if (date.toISOString().replace(/[-:T]/g, "").slice(0, 14) !== digits) {
    throw malformed("a date of the calendar", "another one");
  }
  return date;
}
