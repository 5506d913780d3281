/** The merge of kinds whose records carry no order. */
import type { Merged, ParsedFile } from "./model.js";

/**
 * All records of all files in byte order, each once, and where each of them came from. Byte strings compare in byte order, so `<` is the
 * canonical order. Our own merge sort, because the one of the engine cannot tell where a record went; it makes use of what is in order
 * already, and takes no longer.
 */
export function mergeSorted(files: readonly ParsedFile[]): Merged {
  const all: string[] = [];
  for (const file of files) for (const record of file.records) all.push(record);
  const { records, sources } = sortWithSources(all);
  const starts = new Int32Array(records.length + 1);
  let kept = 0;
  for (let i = 0; i < records.length; i++) {
    if (i > 0 && records[i] === records[kept - 1]) continue;
    starts[kept] = i;
    records[kept++] = records[i] as string;
  }
  starts[kept] = sources.length;
  records.length = kept;
  return { records, findings: [], origins: { starts: starts.slice(0, kept + 1), sources } };
}

interface Columns {
  readonly records: string[];
  readonly sources: Int32Array;
}

/** Stable; takes the array over. `sources[i]` is where `records[i]` stood before. */
function sortWithSources(all: string[]): Columns {
  const numbers = new Int32Array(all.length);
  for (let i = 0; i < numbers.length; i++) numbers[i] = i;
  let from: Columns = { records: all, sources: numbers };
  let to: Columns = { records: new Array<string>(all.length), sources: new Int32Array(all.length) };
  let runs = runsOf(all);
  while (runs.length > 2) {
    const merged: number[] = [];
    for (let k = 0; k + 1 < runs.length; k += 2) {
      const start = runs[k] as number;
      const middle = runs[k + 1] as number;
      merged.push(start);
      mergeRuns(from, to, start, middle, runs[k + 2] ?? middle);
    }
    merged.push(all.length);
    runs = merged;
    [from, to] = [to, from];
  }
  return from;
}

/** Where records that are in order begin, and the end of the last. */
function runsOf(all: readonly string[]): number[] {
  const runs = [0];
  for (let i = 1; i < all.length; i++) if ((all[i] as string) < (all[i - 1] as string)) runs.push(i);
  runs.push(all.length);
  return runs;
}

/** The hot loop of a compilation: the two records that are compared stay in variables. */
function mergeRuns(from: Columns, to: Columns, start: number, middle: number, end: number): void {
  const { records, sources } = from;
  const { records: merged, sources: mergedSources } = to;
  let left = start;
  let right = middle;
  let at = start;
  if (right < end) {
    let a = records[left] as string;
    let b = records[right] as string;
    for (;;) {
      if (b < a) {
        merged[at] = b;
        mergedSources[at++] = sources[right++] as number;
        if (right === end) break;
        b = records[right] as string;
      } else {
        merged[at] = a;
        mergedSources[at++] = sources[left++] as number;
        if (left === middle) break;
        a = records[left] as string;
      }
    }
  }
  for (let rest = left < middle ? left : right; at < end; rest++) {
    merged[at] = records[rest] as string;
    mergedSources[at++] = sources[rest] as number;
  }
}
