/** What is left of a file with errors for those who can judge sound rules alone. */
import { utf8Bytes } from "../encoding/bytes.js";
import type { ParsedFile, SourceFile } from "./model.js";
import { decodeSource } from "./source-text.js";

/**
 * The file in which every line and column of what is left is where it was, and all is blank that gave no record, or starts at one of the
 * lines of `without`. Undefined when no rule is left.
 */
export function soundPart(
  file: SourceFile,
  parsed: ParsedFile,
  without: ReadonlySet<number>,
): Uint8Array | undefined {
  const kept = parsed.lines.flatMap((line, i) => (without.has(line) ? [] : [i]));
  if (kept.length === 0) return undefined;
  return parsed.places === undefined
    ? soundLines(file, parsed, kept)
    : soundPlaces(file, parsed.places, kept);
}

/** Kinds in which every rule has its lines for itself. A line without a rule is empty: some engines take white space for a rule. */
function soundLines({ bytes }: SourceFile, { lines, ends }: ParsedFile, kept: readonly number[]): Uint8Array {
  const sound = new Set<number>();
  for (const i of kept) {
    const first = lines[i] as number;
    for (let line = first; line <= (ends?.[i] ?? first); line++) sound.add(line);
  }
  const left = new Uint8Array(bytes.length);
  let [line, length] = [1, 0];
  for (const byte of bytes) {
    if (byte === 0x0a || sound.has(line)) left[length++] = byte;
    if (byte === 0x0a) line++;
  }
  return left.subarray(0, length);
}

function soundPlaces(
  file: SourceFile,
  { imports, records }: NonNullable<ParsedFile["places"]>,
  kept: readonly number[],
): Uint8Array | undefined {
  const text = decodeSource(file);
  if (typeof text !== "string") return undefined;
  const rules = kept
    .map((i) => records[i] as readonly [number, number])
    .filter(([start, end]) => end > start);
  if (rules.length === 0) return undefined;
  const places = [...imports, ...rules];
  let [left, at] = ["", 0];
  for (const [start, end] of places.sort(([a], [b]) => a - b)) {
    left += blank(text.slice(at, start)) + text.slice(start, end);
    at = Math.max(at, end);
  }
  return utf8Bytes(left + blank(text.slice(at)));
}

function blank(text: string): string {
  return text.replace(/[^\n]/g, " ");
}
