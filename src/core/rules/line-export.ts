/** Turns one ordered section into export files: one a group of neighbouring records, each a stream of lines. */
import { byteStringBytes } from "../encoding/bytes.js";
import type { ExportedFile } from "./model.js";

const chunkBytes = 64 * 1024;

/** One file for every run of records with the same path, a line a record. */
export function exportByPath(
  records: Iterable<string>,
  pathOf: (record: string) => string,
  lineOf: (record: string) => string,
): Iterable<ExportedFile> {
  return exportRuns(records, pathOf, function* (run) {
    for (const record of run) yield lineOf(record);
  });
}

/**
 * One file for every run of items with the same path. Items are drawn while the file's chunks are read; a caller that asks for
 * the next file first has the rest of this one kept for it. Each file's chunks can be read once.
 */
export function* exportRuns<T>(
  items: Iterable<T>,
  pathOf: (item: T) => string,
  linesOf: (run: Iterable<T>) => Iterable<string>,
): Iterable<ExportedFile> {
  const source = items[Symbol.iterator]();
  let next = source.next();
  while (!next.done) {
    const path = pathOf(next.value);
    const run = function* () {
      while (!next.done && pathOf(next.value) === path) {
        const item = next.value;
        next = source.next();
        yield item;
      }
    };
    yield* drawnFile(path, lineChunks(linesOf(run())));
  }
}

/** One file, and behind it all of its chunks are drawn, by its reader or else for it. */
export function* drawnFile(path: string, chunks: Generator<Uint8Array>): Iterable<ExportedFile> {
  const kept: Uint8Array[] = [];
  yield { path, chunks: keptFirst(kept, chunks) };
  for (const chunk of chunks) kept.push(chunk.slice());
}

function* keptFirst(kept: Uint8Array[], chunks: Iterator<Uint8Array>): Iterable<Uint8Array> {
  for (;;) {
    const step = kept.length === 0 ? chunks.next() : { done: false, value: kept.shift() as Uint8Array };
    if (step.done) return;
    yield step.value;
  }
}

/** Byte strings, each followed by a line feed, in pieces of about 64 KiB. */
export function* lineChunks(lines: Iterable<string>): Generator<Uint8Array> {
  let held = "";
  for (const line of lines) {
    held += `${line}\n`;
    if (held.length < chunkBytes) continue;
    yield byteStringBytes(held);
    held = "";
  }
  if (held.length > 0) yield byteStringBytes(held);
}
