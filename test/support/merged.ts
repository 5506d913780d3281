/** A merge with its origins as places, so that two merges can be compared whatever the order of their files was. */
import type { Merged, ParsedFile } from "../../src/core/rules/model.js";

export interface NamedMerge {
  readonly records: readonly string[];
  readonly findings: Merged["findings"];
  /** `path:line-last` of every source, one list a record. */
  readonly places: readonly string[][];
}

export function named(
  merge: (files: readonly ParsedFile[]) => Merged,
  files: readonly ParsedFile[],
): NamedMerge {
  const sources = files.flatMap(({ path, records, lines, ends }) =>
    records.map((record, i) => ({ record, place: `${path}:${lines[i]}-${ends?.[i] ?? lines[i]}` })),
  );
  const { records, findings, origins } = merge(files);
  const places = records.map((record, i) => {
    const mine = [...origins.sources.subarray(origins.starts[i], origins.starts[i + 1])];
    const found = mine.map((source) => sources[source]);
    if (found.length === 0 || found.some((one) => one?.record !== record)) {
      throw new Error(`record ${i} does not stand where its origins say`);
    }
    return found.map((one) => one?.place as string).sort();
  });
  return { records, findings, places };
}
