/**
 * One record written as edits of another, counted in words.
 *
 * A word is a run of letters (and of bytes from 0x80 on), a run of digits, a run of blanks, or any other single
 * byte. Numbers of words vary less from record to record than numbers of bytes, and so compress better.
 */
import type { Complain } from "../encoding/varint.js";

export interface WordEdit {
  /** Words kept since the edit before. */
  readonly skip: number;
  /** Words left out. */
  readonly remove: number;
  /** Text put in their place. */
  readonly insert: string;
}

/** Myers' diff gives up beyond this many differences: such records have little in common. */
const differencesMax = 800;
/** Kept text shorter than this between two edits costs more as a skip than when it is sent again. */
const keptBytesMin = 4;

function wordClass(code: number): number {
  if ((code >= 0x61 && code <= 0x7a) || (code >= 0x41 && code <= 0x5a) || code >= 0x80) return 1;
  if (code >= 0x30 && code <= 0x39) return 2;
  return code === 0x20 || code === 0x09 ? 3 : 0;
}

/** Where the word that starts at `start` ends. */
function wordEnd(text: string, start: number): number {
  const kind = wordClass(text.charCodeAt(start));
  let end = start + 1;
  if (kind > 0) while (end < text.length && wordClass(text.charCodeAt(end)) === kind) end++;
  return end;
}

export function splitWords(text: string): string[] {
  const words: string[] = [];
  for (let at = 0; at < text.length; ) {
    const end = wordEnd(text, at);
    words.push(text.slice(at, end));
    at = end;
  }
  return words;
}

/** Where so many words behind `start` end. @throws what `complain` makes, when there are fewer */
export function wordsEnd(text: string, start: number, words: number, complain: Complain): number {
  let end = start;
  for (let left = words; left > 0; left--) {
    if (end >= text.length) throw complain("expected edits within the old record");
    end = wordEnd(text, end);
  }
  return end;
}

/** Undefined when the records differ too much. */
export function diffWords(old: string, next: string): WordEdit[] | undefined {
  const a = splitWords(old);
  const b = splitWords(next);
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start++;
  let endA = a.length;
  let endB = b.length;
  while (endA > start && endB > start && a[endA - 1] === b[endB - 1]) {
    endA--;
    endB--;
  }
  const matches = commonWords(a.slice(start, endA), b.slice(start, endB));
  if (!matches) return undefined;
  const edits: { skip: number; remove: number; insert: string }[] = [];
  let i = start;
  let j = start;
  let lastEnd = 0;
  const put = (untilA: number, untilB: number): void => {
    if (untilA === i && untilB === j) return;
    const insert = b.slice(j, untilB).join("");
    const before = edits.at(-1);
    const kept = a.slice(lastEnd, i).join("");
    if (before && kept.length < keptBytesMin) {
      before.remove += untilA - lastEnd;
      before.insert += kept + insert;
    } else edits.push({ skip: i - lastEnd, remove: untilA - i, insert });
    lastEnd = untilA;
  };
  for (const [matchA, matchB] of matches) {
    put(start + matchA, start + matchB);
    i = start + matchA + 1;
    j = start + matchB + 1;
  }
  put(endA, endB);
  return edits;
}

/** Myers, "An O(ND) Difference Algorithm" (1986): pairs of equal words, rising in both. */
function commonWords(a: readonly string[], b: readonly string[]): [number, number][] | undefined {
  const most = Math.min(a.length + b.length, differencesMax);
  const reach = new Int32Array(2 * most + 3);
  const trace: Int32Array[] = [];
  for (let differences = 0; differences <= most; differences++) {
    trace.push(reach.slice(most - differences, most + differences + 3));
    for (let diagonal = -differences; diagonal <= differences; diagonal += 2) {
      const at = most + 1 + diagonal;
      const down =
        diagonal === -differences ||
        (diagonal !== differences && (reach[at - 1] as number) < (reach[at + 1] as number));
      let x = down ? (reach[at + 1] as number) : (reach[at - 1] as number) + 1;
      while (x < a.length && x - diagonal < b.length && a[x] === b[x - diagonal]) x++;
      reach[at] = x;
      if (x >= a.length && x - diagonal >= b.length) return backtrack(trace, a, b);
    }
  }
  return undefined;
}

function backtrack(
  trace: readonly Int32Array[],
  a: readonly string[],
  b: readonly string[],
): [number, number][] {
  const matches: [number, number][] = [];
  let x = a.length;
  let y = b.length;
  for (let differences = trace.length - 1; differences > 0; differences--) {
    // the slice starts one below the lowest diagonal of this round
    const reach = trace[differences] as Int32Array;
    const at = (diagonal: number): number => reach[diagonal + differences + 1] as number;
    const diagonal = x - y;
    const down =
      diagonal === -differences || (diagonal !== differences && at(diagonal - 1) < at(diagonal + 1));
    const previous = down ? diagonal + 1 : diagonal - 1;
    const previousX = at(previous);
    const previousY = previousX - previous;
    while (x > previousX && y > previousY && x > 0 && y > 0 && a[x - 1] === b[y - 1]) {
      matches.push([--x, --y]);
    }
    x = previousX;
    y = previousY;
  }
  while (x > 0 && y > 0) matches.push([--x, --y]);
  return matches.reverse();
}
