/** SPEC §3.7.2: a file as lines of bytes; a line that is not text is an error and nothing else. */
import { byteString, byteStringBytes } from "../encoding/bytes.js";
import type { SourceError } from "./model.js";

export interface SourceLine {
  readonly text: string;
  readonly number: number;
}

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export function sourceLines(bytes: Uint8Array): { lines: SourceLine[]; errors: SourceError[] } {
  const whole = byteString(bytes).replace(/^\xef\xbb\xbf/, "");
  const lines: SourceLine[] = [];
  const errors: SourceError[] = [];
  for (const [i, raw] of whole.split("\n").entries()) {
    const number = i + 1;
    const text = raw.endsWith("\r") ? raw.slice(0, -1) : raw;
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    if (/[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\r]/.test(text))
      errors.push({ line: number, message: "a control character" });
    else if (!isUTF8(text)) errors.push({ line: number, message: "not UTF-8" });
    else lines.push({ text, number });
  }
  return { lines, errors };
}

function isUTF8(text: string): boolean {
  if (!/[\x80-\xff]/.test(text)) return true;
  try {
    decoder.decode(byteStringBytes(text));
    return true;
  } catch {
    return false;
  }
}

/** The characters behind a byte string of UTF-8. */
export function characters(text: string): string {
  return decoder.decode(byteStringBytes(text));
}
