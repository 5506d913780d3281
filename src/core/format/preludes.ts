/**
 * What a small frame would have to say about letters and numbers before its first one.
 *
 * A zstd dictionary may begin with entropy tables (RFC 8878 §5). These two hold the statistics of rule text and of
 * our number columns; a frame that starts with one needs no tables of its own, some 20 to 60 bytes. They were trained
 * by `scripts/bench.d/make-preludes` and are part of the format: they never change, others can be added.
 */
import { concatBytes, hexBytes } from "../encoding/bytes.js";
import { limits } from "../limits.js";

const textTables = hexBytes(
  [
    "37a430ec000000003f10b0a34d1b300cc3300cc3300cc3c0a5a1fa3fbe25e4c81223c36d9652caa6c298a8f15e3f069e",
    "8722decc5a1d541389eceeeeaeb571fac7eb403e0a20c0011302181414970bc582b1367a0104204f0fcac7480766e250",
    "24180ce44090a2300c621842802106214300420ca1a2020000746c8a65a3a13c1a26410ec320a41432ca484403000000",
    "010000000400000008000000",
  ].join(""),
);
const columnTables = hexBytes(
  [
    "37a430ec000000003310c093241d3330033330033338a52323b27368a0b688883f02c5fff1317e6badb5d6dad65ab3ad",
    "b5d608216493bdb79432a5140302402c269d0f07152f0000046013d3c8c4d28a43298929440800000000000000000000",
    "0000000000000094ce6a84b1441e464910840a218446460630000000010000000400000008000000",
  ].join(""),
);

/** Zstd wants more than 8 bytes of content behind the tables. Zeros: columns begin with some. */
const filler = new Uint8Array(16);

/** Larger frames pay for tables of their own and are better off. */
const preludeFrameBytesMax = 16 * 1024;
/** A dictionary of bare content must not begin like one with tables, whoever wrote the records in it. */
const bareHead = Uint8Array.of(0);

/** Most bytes of old records that fit into a dictionary. */
export const dictionaryContentMax = limits.codecDictionaryBytesMax - 256;

/** For a frame of `frameBytes` of text. Undefined: none at all. */
export function textDictionary(content: Uint8Array, frameBytes: number): Uint8Array | undefined {
  if (frameBytes < preludeFrameBytesMax) return concatBytes(textTables, filler, content);
  return content.length > 0 ? concatBytes(bareHead, content) : undefined;
}

/** For a frame of `frameBytes` of columns. */
export function columnDictionary(frameBytes: number): Uint8Array | undefined {
  return frameBytes < preludeFrameBytesMax ? concatBytes(columnTables, filler) : undefined;
}
