/** Origins of a merge, collected record by record. */
import type { Origins, ParsedFile } from "./model.js";

export class OriginsWriter {
  readonly #starts: number[] = [0];
  readonly #sources: number[] = [];

  /** What the next record is. */
  add(sources: readonly number[]): void {
    for (const source of sources) this.#sources.push(source);
    this.#starts.push(this.#sources.length);
  }

  finish(): Origins {
    return { starts: Int32Array.from(this.#starts), sources: Int32Array.from(this.#sources) };
  }
}

/** A record of a file, by the number under which origins count it. */
export interface SourceRecord {
  readonly source: number;
  readonly record: string;
  readonly path: string;
  readonly line: number;
}

/** For kinds whose rules are few enough to be objects. */
export function sourceRecords(files: readonly ParsedFile[]): SourceRecord[] {
  const all: SourceRecord[] = [];
  for (const { path, records, lines } of files) {
    for (const [i, record] of records.entries()) {
      all.push({ source: all.length, record, path, line: lines[i] as number });
    }
  }
  return all;
}
