/** The merge of kinds whose records carry no order. */
import type { ParsedFile } from "./model.js";

/** All records of all files in byte order, each once. Byte strings compare in byte order, so the plain sort is the canonical one. */
export function sortUnique(files: readonly ParsedFile[]): string[] {
  const all: string[] = [];
  for (const file of files) for (const record of file.records) all.push(record);
  all.sort();
  let kept = 0;
  for (const record of all) if (kept === 0 || record !== all[kept - 1]) all[kept++] = record;
  all.length = kept;
  return all;
}
