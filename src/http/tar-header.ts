/**
 * One 512-byte tar header, and the PAX records that may stand before it (POSIX.1-2017, pax, "ustar
 * Interchange Format").
 *
 *     0 name 100 · 100 mode · 124 size 12 · 148 checksum 8 · 156 type 1 · 157 link name 100 ·
 *     257 magic 8 · 345 prefix 155
 *
 * Everything in it was written by the caller; anything unusual is refused instead of guessed.
 */
import { quote, VerificationError } from "../core/errors.js";
import { byteString, utf8Text } from "../core/encoding/bytes.js";

export interface TarHeader {
  /** As written: not yet known to be safe. */
  readonly path: string;
  readonly type: string;
  readonly bytes: number;
}

export function malformed(message: string, hint?: string): VerificationError {
  return new VerificationError("ARCHIVE_MALFORMED", message, hint === undefined ? {} : { details: { hint } });
}

/** @throws VerificationError ARCHIVE_MALFORMED, TEXT_NOT_UTF8 */
export function parseTarHeader(block: Uint8Array): TarHeader {
  if (checksum(block) !== number(block, 148, 8, "checksum")) {
    throw malformed("expected a tar header with the right checksum, got another one");
  }
  const magic = byteString(block.subarray(257, 263));
  const posix = magic === "ustar\0";
  if (!posix && magic !== "ustar ") throw malformed(`expected a ustar header, got magic ${quote(magic)}`);
  // GNU archives use the bytes of the prefix for other things.
  const prefix = posix ? text(block, 345, 155) : "";
  const name = text(block, 0, 100);
  return {
    path: prefix === "" ? name : `${prefix}/${name}`,
    type: block[156] === 0 ? "0" : String.fromCharCode(block[156] as number),
    bytes: number(block, 124, 12, "size"),
  };
}

/** `length key=value\n`, again and again. @throws VerificationError ARCHIVE_MALFORMED, TEXT_NOT_UTF8 */
export function parsePaxRecords(bytes: Uint8Array): Map<string, string> {
  const records = new Map<string, string>();
  let offset = 0;
  while (offset < bytes.length) {
    const space = bytes.indexOf(0x20, offset);
    const digits = space < 0 ? "" : byteString(bytes.subarray(offset, space));
    const end = offset + Number(digits);
    if (!/^[1-9][0-9]{0,6}$/.test(digits) || end > bytes.length || end <= space || bytes[end - 1] !== 0x0a) {
      throw malformed("expected PAX records with their lengths, got other bytes");
    }
    const record = utf8Text(bytes.subarray(space + 1, end - 1));
    const equals = record.indexOf("=");
    if (equals < 1) throw malformed(`expected a PAX record key=value, got ${quote(record)}`);
    records.set(record.slice(0, equals), record.slice(equals + 1));
    offset = end;
  }
  return records;
}

/** A GNU long name: text up to the first zero. */
export function parseLongName(bytes: Uint8Array): string {
  return text(bytes, 0, bytes.length);
}

function text(block: Uint8Array, offset: number, length: number): string {
  const field = block.subarray(offset, offset + length);
  const end = field.indexOf(0);
  return utf8Text(end < 0 ? field : field.subarray(0, end));
}

/** Octal digits, or base 256 when the top bit is set (GNU, for sizes of 8 GiB and more). */
function number(block: Uint8Array, offset: number, length: number, what: string): number {
  const field = block.subarray(offset, offset + length);
  let value = 0;
  if (((field[0] as number) & 0x80) !== 0) {
    if (field[0] !== 0x80) throw malformed(`expected a ${what} that is not negative`);
    for (const byte of field.subarray(1)) value = value * 256 + byte;
  } else {
    const digits = byteString(field)
      .replace(/[\0 ]+$/, "")
      .replace(/^ +/, "");
    if (!/^[0-7]*$/.test(digits)) throw malformed(`expected a ${what} in octal digits, got ${quote(digits)}`);
    value = digits === "" ? 0 : Number.parseInt(digits, 8);
  }
  if (!Number.isSafeInteger(value)) throw malformed(`expected a ${what} below 2^53`);
  return value;
}

/** The sum of all bytes, the checksum field itself counted as spaces. */
function checksum(block: Uint8Array): number {
  let sum = 8 * 0x20;
  for (let i = 0; i < 512; i++) if (i < 148 || i >= 156) sum += block[i] as number;
  return sum;
}
