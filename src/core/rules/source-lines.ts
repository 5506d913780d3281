/**
 * A source file as lines of bytes, and the list of what is wrong with it; shared by the languages that are read line by line.
 *
 * Lines are byte strings (see `encoding/bytes.ts`): one character a byte, so that records are cut out of them without another
 * encoding. Only a finding needs UTF-16 columns, and computes them when it is made. The author controls every byte.
 */
import { byteString, byteStringBytes } from "../encoding/bytes.js";
import { quote } from "../errors.js";
import { limits } from "../limits.js";
import type { Finding, ParsedFile, RecordSink, SourceFile } from "./model.js";

const lossyDecoder = new TextDecoder("utf-8", { ignoreBOM: true });
// Tab is white space and a carriage return ends a line with its line feed; every other control character has no business in a rule.
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const controlCharacter = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f]|\r(?!\n|$)/;

/** The text of a byte string in UTF-8; what is not UTF-8 in it becomes U+FFFD. */
export function byteStringText(text: string): string {
  return lossyDecoder.decode(byteStringBytes(text));
}

/** Without blanks and tabs at either end. `trim` would take the byte a0 too, which is half of many a character. */
export function trimBlanks(text: string): string {
  return trimBlanksEnd(trimBlanksStart(text));
}

/** Without a regular expression: one that repeats over megabytes may use up V8's stack for going back. */
export function trimBlanksStart(text: string): string {
  let start = 0;
  while (text[start] === " " || text[start] === "\t") start++;
  return start === 0 ? text : text.slice(start);
}

export function trimBlanksEnd(text: string): string {
  let end = text.length;
  while (end > 0 && (text[end - 1] === " " || text[end - 1] === "\t")) end--;
  return end === text.length ? text : text.slice(0, end);
}

/** Untrusted bytes for a message. */
export function quoteBytes(text: string): string {
  return quote(byteStringText(text.slice(0, 400)));
}

/** The column, from 1 and in UTF-16 units, of the byte at `offset` of a line of UTF-8. */
export function columnAt(line: string, offset: number): number {
  let column = 1;
  const end = Math.min(offset, line.length);
  for (let i = 0; i < end; i++) {
    const byte = line.charCodeAt(i);
    // A lead byte or ASCII is one unit; a four-byte sequence is a surrogate pair.
    if ((byte & 0xc0) !== 0x80) column += byte >= 0xf0 ? 2 : 1;
  }
  return column;
}

/** Collects findings of one file, at most `limits.findingsMax` of them; a last one says how many more there were. */
export class LineFindings {
  private readonly kept: Finding[] = [];
  private dropped = 0;
  /** How many errors there are: a caller that sees it unchanged knows that its part was sound. */
  errors = 0;

  constructor(readonly path: string) {}

  /** At a byte of a line; the column is worked out for findings that are kept, not for the rest of a flood. */
  add(
    severity: Finding["severity"],
    place: { line: number; source: string; offset: number },
    code: string,
    message: string,
  ): void {
    if (severity === "error") this.errors++;
    if (this.kept.length >= limits.findingsMax) {
      this.dropped++;
      return;
    }
    const column = columnAt(place.source, place.offset);
    this.kept.push({ path: this.path, line: place.line, column, severity, code, message });
  }

  /** In the order of the file. */
  finish(): Finding[] {
    this.kept.sort((a, b) => a.line - b.line || a.column - b.column);
    const last = this.kept.at(-1);
    if (last === undefined || this.dropped === 0) return this.kept;
    const message = `expected at most ${limits.findingsMax} findings in one file, got ${this.dropped} more`;
    const cut: Finding = { ...last, severity: "error", code: "FINDINGS_CUT", message };
    return [...this.kept, cut];
  }
}

/** What `readLines` of a language reads, as its `parse` gives it. */
export function parseLines(
  file: SourceFile,
  readLines: (file: SourceFile, sink: RecordSink) => Finding[],
): ParsedFile {
  const records: string[] = [];
  const lines: number[] = [];
  const add = (record: string, line: number) => {
    records.push(record);
    lines.push(line);
  };
  const findings = readLines(file, {
    add,
    addBytes: (bytes, start, end, line) => add(byteString(bytes.subarray(start, end)), line),
  });
  return { path: file.path, records, lines, findings };
}

/**
 * Calls `visit` for every line without its line end (LF or CRLF). A line that is not UTF-8 or holds control characters is
 * reported and not visited. A byte order mark in front of the file is left out.
 */
export function forEachLine(
  file: SourceFile,
  list: LineFindings,
  visit: (line: string, number: number) => void,
): void {
  const text = byteString(file.bytes);
  forEachLineOfBytes(file, list, (start, end, number) => visit(text.slice(start, end), number));
}

/** The same by the places of the lines in the file: of a million none becomes a text. */
export function forEachLineOfBytes(
  { bytes }: SourceFile,
  list: LineFindings,
  visit: (start: number, end: number, number: number) => void,
): void {
  const sound = isSoundText(bytes);
  const isMarked = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
  let start = isMarked ? 3 : 0;
  for (let number = 1; start < bytes.length; number++) {
    let end = start;
    while (end < bytes.length && bytes[end] !== 0x0a) end++;
    const stop = end > start && bytes[end - 1] === 0x0d ? end - 1 : end;
    if (sound || isSound(byteString(bytes.subarray(start, stop)), number, list)) visit(start, stop, number);
    start = end + 1;
  }
}

const isControl = 1;
/** What only its neighbours can tell: a carriage return, and bytes of characters beyond ASCII. */
const mayBeUnsound = 2;
const soundness = new Uint8Array(256)
  .fill(isControl, 0, 0x20)
  .fill(isControl, 0x7f, 0x80)
  .fill(mayBeUnsound, 0x80);
soundness[0x09] = soundness[0x0a] = 0;
soundness[0x0d] = mayBeUnsound;

/** Whether all of it is UTF-8 without control characters. */
function isSoundText(bytes: Uint8Array): boolean {
  let seen = 0;
  for (let i = 0; i < bytes.length; i++) seen |= soundness[bytes[i] as number] as number;
  if (seen !== mayBeUnsound) return seen === 0;
  const text = byteString(bytes);
  return !controlCharacter.test(text) && invalidUTF8(text) < 0;
}

function isSound(line: string, number: number, list: LineFindings): boolean {
  const broken = invalidUTF8(line);
  if (broken >= 0) {
    const got = `got the byte 0x${line.charCodeAt(broken).toString(16)}`;
    list.add(
      "error",
      { line: number, source: line, offset: broken },
      "TEXT_NOT_UTF8",
      `expected UTF-8, ${got}`,
    );
    return false;
  }
  const at = line.search(controlCharacter);
  if (at < 0) return true;
  const got = `got the control character 0x${line.charCodeAt(at).toString(16).padStart(2, "0")}`;
  list.add(
    "error",
    { line: number, source: line, offset: at },
    "TEXT_CONTROL_CHARACTER",
    `expected text, ${got}`,
  );
  return false;
}

/** The offset of the first byte that is not part of well-formed UTF-8 (Unicode 15, table 3-7), or -1. */
export function invalidUTF8(text: string): number {
  let i = 0;
  while (i < text.length) {
    const lead = text.charCodeAt(i);
    if (lead < 0x80) {
      i++;
      continue;
    }
    const length = lead >= 0xc2 && lead <= 0xdf ? 2 : lead >= 0xe0 && lead <= 0xef ? 3 : lead <= 0xf4 ? 4 : 0;
    if (length === 0 || lead < 0xc2 || i + length > text.length) return i;
    const second = text.charCodeAt(i + 1);
    const low = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
    const high = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
    if (second < low || second > high) return i;
    for (let k = 2; k < length; k++) if ((text.charCodeAt(i + k) & 0xc0) !== 0x80) return i;
    i += length;
  }
  return -1;
}
