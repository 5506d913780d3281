/**
 * A text file under examination: strict UTF-8, positions by line and column, and the list of findings.
 * Columns count UTF-16 units from 1, as editors do. A hostile file cannot make the list grow without end.
 */
import { utf8Text } from "../encoding/bytes.js";
import { VerificationError } from "../errors.js";
import { limits } from "../limits.js";
import type { Finding, ParsedFile, SourceFile } from "./model.js";

export interface Position {
  readonly line: number;
  readonly column: number;
}

/** Offsets to lines and columns. Lines end with LF; a CR before it belongs to the line. */
export class LineMap {
  readonly #starts: number[] = [0];

  constructor(text: string) {
    for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) this.#starts.push(at + 1);
  }

  position(offset: number): Position {
    let low = 0;
    let high = this.#starts.length;
    while (high - low > 1) {
      const middle = (low + high) >>> 1;
      if ((this.#starts[middle] as number) <= offset) low = middle;
      else high = middle;
    }
    return { line: low + 1, column: offset - (this.#starts[low] as number) + 1 };
  }
}

/** Collects findings by offset. After `limits.findingsMax` of them it counts no further. */
export class FindingList {
  readonly path: string;
  readonly lines: LineMap;
  readonly #findings: Finding[] = [];
  /** Offsets of errors, as many as findings are kept. */
  readonly #places: number[] = [];
  #errors = 0;

  constructor(path: string, text: string) {
    this.path = path;
    this.lines = new LineMap(text);
  }

  /** How many errors there are: a caller that sees it unchanged knows that its part was sound. */
  get errors(): number {
    return this.#errors;
  }

  /** Whether there is an error from `start` up to `end`; behind the limit of findings there may be one anywhere. */
  hasErrorWithin(start: number, end: number): boolean {
    return (
      this.#errors > this.#places.length || this.#places.some((offset) => start <= offset && offset < end)
    );
  }

  error(offset: number, code: string, message: string): void {
    this.#errors++;
    if (this.#places.length < limits.findingsMax) this.#places.push(offset);
    this.#add(offset, "error", code, message);
  }

  warning(offset: number, code: string, message: string): void {
    this.#add(offset, "warning", code, message);
  }

  /** In the order of the text. */
  sorted(): Finding[] {
    return this.#findings.sort((a, b) => a.line - b.line || a.column - b.column);
  }

  #add(offset: number, severity: Finding["severity"], code: string, message: string): void {
    if (this.#findings.length >= limits.findingsMax) return;
    this.#findings.push({ path: this.path, ...this.lines.position(offset), severity, code, message });
  }
}

/** The file's text, or what a parser answers for bytes that are not UTF-8: no records and one finding. */
export function decodeSource(file: SourceFile): string | ParsedFile {
  try {
    return utf8Text(file.bytes);
  } catch (error) {
    if (!(error instanceof VerificationError)) throw error;
    const end = invalidOffset(file.bytes);
    const before = utf8Text(file.bytes.subarray(0, end));
    const finding: Finding = {
      path: file.path,
      ...new LineMap(before).position(before.length),
      severity: "error",
      code: "TEXT_NOT_UTF8",
      message: `expected UTF-8, got byte 0x${(file.bytes[end] ?? 0).toString(16).padStart(2, "0")}`,
    };
    return { path: file.path, records: [], lines: [], findings: [finding] };
  }
}

/** Where the first sequence that is not UTF-8 begins (Unicode 15 §3.9, table 3-7). */
function invalidOffset(bytes: Uint8Array): number {
  let at = 0;
  while (at < bytes.length) {
    const length = sequenceLength(bytes, at);
    if (length === 0) return at;
    at += length;
  }
  return at;
}

function sequenceLength(bytes: Uint8Array, at: number): number {
  const lead = bytes[at] as number;
  if (lead < 0x80) return 1;
  const length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4) return 0;
  for (let i = 1; i < length; i++) if (((bytes[at + i] ?? 0) & 0xc0) !== 0x80) return 0;
  const second = bytes[at + 1] as number;
  if (lead === 0xe0 && second < 0xa0) return 0;
  if (lead === 0xed && second > 0x9f) return 0;
  if (lead === 0xf0 && second < 0x90) return 0;
  if (lead === 0xf4 && second > 0x8f) return 0;
  return length;
}
