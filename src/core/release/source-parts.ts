/**
 * A source file that is read line by line, in parts: each is parsed by itself, so a large file keeps several threads busy, and of a file
 * in which one line changed one part is parsed again. A part ends behind a line whose last bytes say so, so parts do not depend on
 * where in the file they stand.
 */
import type { ByteSource } from "../encoding/stream.js";

const partBytesMin = 1024 * 1024;
const partBytesMax = 4 * 1024 * 1024;
/** One line in so many ends a part that is large enough. */
const linesPerEnd = 2048;
const tailBytes = 24;
const lineFeed = 0x0a;

/** In order; together they are the file. Memory is bounded by a part, or by a single longer line. */
export async function* sourceParts(source: ByteSource): AsyncGenerator<Uint8Array, void, undefined> {
  let wanted = partBytesMax + 4;
  for (let start = 0; start < source.length; ) {
    const bytes = await source.read(start, Math.min(wanted, source.length - start));
    const last = start + bytes.length === source.length;
    const end = last && bytes.length <= partBytesMin ? bytes.length : partEnd(bytes, last);
    if (end === undefined) {
      // One line is longer than all that was read.
      wanted *= 2;
      continue;
    }
    yield bytes.subarray(0, end);
    start += end;
    wanted = partBytesMax + 4;
  }
}

/** Where the part that `bytes` begins with ends; undefined when that takes more bytes. */
function partEnd(bytes: Uint8Array, last: boolean): number | undefined {
  let longest: number | undefined;
  for (
    let at = bytes.indexOf(lineFeed, Math.min(partBytesMin, bytes.length) - 1);
    at >= 0;
    at = bytes.indexOf(lineFeed, at + 1)
  ) {
    const end = at + 1;
    if (!mayEnd(bytes, end, last)) continue;
    if (end <= partBytesMax || longest === undefined) longest = end;
    if (end >= partBytesMax || endsPart(bytes, at)) return end <= partBytesMax ? end : longest;
  }
  return last ? bytes.length : longest;
}

/** A byte order mark counts at the start of a file alone, so no part may begin with one that does not. */
function mayEnd(bytes: Uint8Array, end: number, last: boolean): boolean {
  if (end + 3 > bytes.length) return last && bytes[end] !== 0xef;
  return !(bytes[end] === 0xef && bytes[end + 1] === 0xbb && bytes[end + 2] === 0xbf);
}

function endsPart(bytes: Uint8Array, at: number): boolean {
  let hash = 0x811c9dc5;
  for (let i = Math.max(0, at - tailBytes); i < at; i++)
    hash = Math.imul(hash ^ (bytes[i] as number), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return ((hash ^ (hash >>> 13)) >>> 0) % linesPerEnd === 0;
}
