/** Plain byte work shared by every format: joining, comparing, hex, base64 and strict UTF-8. */
import { VerificationError } from "../errors.js";

const encoder = new TextEncoder();
const strictDecoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}

/** Below so many bytes a loop is done before the platform's copy has begun. */
const copiedAtOnceMin = 48;

/** Copies the bytes from `start` to `end` to place `at`. */
export function copyBytes(into: Uint8Array, at: number, bytes: Uint8Array, start: number, end: number): void {
  if (end - start >= copiedAtOnceMin) into.set(bytes.subarray(start, end), at);
  else for (let i = start; i < end; i++) into[at + i - start] = bytes[i] as number;
}

export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let i = 0; i < a.length; i++) difference |= (a[i] as number) ^ (b[i] as number);
  return difference === 0;
}

/** Byte order: negative, zero or positive, as `Array.prototype.sort` wants it. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i++) {
    const difference = (a[i] as number) - (b[i] as number);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

export function utf8Bytes(text: string): Uint8Array<ArrayBuffer> {
  return encoder.encode(text) as Uint8Array<ArrayBuffer>;
}

/** SPEC §1.2.5. @throws VerificationError TEXT_NOT_UTF8 */
export function utf8Text(bytes: Uint8Array): string {
  try {
    return strictDecoder.decode(bytes);
  } catch (cause) {
    throw new VerificationError("TEXT_NOT_UTF8", "expected UTF-8 text, got other bytes", { cause });
  }
}

const hexPairs = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

export function hexText(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += hexPairs[byte];
  return text;
}

/** Lower or upper case, even length. @throws VerificationError ENCODING_MALFORMED */
export function hexBytes(text: string): Uint8Array<ArrayBuffer> {
  if (text.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(text)) {
    throw new VerificationError("ENCODING_MALFORMED", "expected hexadecimal digits in pairs");
  }
  const bytes = new Uint8Array(text.length / 2);
  for (let i = 0; i < bytes.length; i++) bytes[i] = Number.parseInt(text.slice(2 * i, 2 * i + 2), 16);
  return bytes;
}

export function base64Text(bytes: Uint8Array): string {
  return btoa(byteString(bytes));
}

/** Canonical base64 only: padded, no white space, no stray bits. @throws VerificationError ENCODING_MALFORMED */
export function base64Bytes(text: string): Uint8Array<ArrayBuffer> {
  const digits = text.length - (text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0);
  if (text.length % 4 !== 0) throw new VerificationError("ENCODING_MALFORMED", "expected base64");
  const bytes = new Uint8Array(Math.floor((digits * 3) / 4));
  let [bits, held, at] = [0, 0, 0];
  for (let i = 0; i < digits; i++) {
    const digit = base64Digits[text.charCodeAt(i)] ?? notBase64;
    if (digit === notBase64) throw new VerificationError("ENCODING_MALFORMED", "expected base64");
    bits = ((bits << 6) | digit) & 0xffff;
    held += 6;
    if (held < 8) continue;
    held -= 8;
    bytes[at++] = bits >>> held;
  }
  if ((bits & ((1 << held) - 1)) !== 0) {
    throw new VerificationError("ENCODING_MALFORMED", "expected canonical base64");
  }
  return bytes;
}

const notBase64 = 64;
/** RFC 4648 §4: what each ASCII character stands for. */
const base64Digits = new Uint8Array(128).fill(notBase64);
for (const [digit, letter] of [
  ..."ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
].entries()) {
  base64Digits[letter.charCodeAt(0)] = digit;
}

/**
 * A byte string holds one byte in each character (U+0000 to U+00FF). V8 stores it in one byte a
 * character and compares it in byte order, so millions of records fit in memory and sort fast.
 */
export function byteString(bytes: Uint8Array): string {
  const step = 0x2000;
  // ASCII is UTF-8, and platforms read that several times as fast
  if (bytes.length > asciiBytesMin && isAscii(bytes)) return strictDecoder.decode(bytes);
  if (bytes.length <= step) return String.fromCharCode.apply(null, bytes as unknown as number[]);
  const parts: string[] = [];
  for (let i = 0; i < bytes.length; i += step) {
    parts.push(String.fromCharCode.apply(null, bytes.subarray(i, i + step) as unknown as number[]));
  }
  return parts.join("");
}

/** Calling a decoder costs as much as so many bytes without it. */
const asciiBytesMin = 32;

function isAscii(bytes: Uint8Array): boolean {
  // most of what is not says so soon
  for (let start = 0; start < bytes.length; start += 256) {
    const end = Math.min(start + 256, bytes.length);
    let seen = 0;
    for (let i = start; i < end; i++) seen |= bytes[i] as number;
    if (seen > 0x7f) return false;
  }
  return true;
}

export function byteStringBytes(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}
