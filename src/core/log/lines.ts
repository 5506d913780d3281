/** The few tokens that every text format of the log is made of, each with one spelling only, so that no file has two forms. */
import { base64Bytes } from "../encoding/bytes.js";
import { type ErrorCode, RulemintError, VerificationError, quote } from "../errors.js";

/** SHA-256, 32 octets. */
export type Hash = Uint8Array;

/** Sizes and indices: decimal, no leading zero, below 2^53. @throws VerificationError ENCODING_MALFORMED */
export function decimal(text: string): number {
  const value = /^(?:0|[1-9][0-9]{0,15})$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(value)) throw odd("a decimal number below 2^53", text);
  return value;
}

/** One hash in base64. @throws VerificationError ENCODING_MALFORMED */
export function hashBytes(text: string): Uint8Array<ArrayBuffer> {
  const bytes = base64Bytes(text);
  if (bytes.length !== 32) throw odd("a hash of 32 bytes in base64", text);
  return bytes;
}

/** The rest of a line that begins with `word` and a blank. @throws VerificationError ENCODING_MALFORMED */
export function after(word: string, line: string | undefined): string {
  if (line?.startsWith(`${word} `)) return line.slice(word.length + 1);
  throw odd(`a line ${quote(word)}`, line ?? "the end");
}

/** Lines without their line feeds; every line has one. @throws VerificationError ENCODING_MALFORMED */
export function wholeLines(text: string): string[] {
  if (!text.endsWith("\n")) throw odd("whole lines", text.slice(-40));
  return text.slice(0, -1).split("\n");
}

/** Runs a reader whose every refusal becomes `code`, so that one lie has one code. */
export function refusingWith<T>(code: ErrorCode, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (!(cause instanceof RulemintError) || cause.code === code) throw cause;
    throw new VerificationError(code, cause.message, { cause });
  }
}

export function odd(expected: string, got: string): VerificationError {
  return new VerificationError("ENCODING_MALFORMED", `expected ${expected}, got ${quote(got)}`);
}
