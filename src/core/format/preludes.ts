/**
 * What a small frame would have to say about letters and numbers before its first one.
 *
 * A zstd dictionary may begin with entropy tables (RFC 8878 §5). These two hold the statistics of rule text and of our number
 * columns; a frame that starts with one needs no tables of its own, some 20 to 60 bytes. They were trained once (`zstd --train`)
 * and are part of the format: another pair would be another version.
 */
import { concatBytes, hexBytes } from "../encoding/bytes.js";
import { limits } from "../limits.js";

const textTables = hexBytes(
  [
    "37a430ec000000003810b0336d0e300cc3300c3b0441f021f881262242924c5fa624493e97ec24728a0aa989d1d1c1af",
    "303046b6bbbbbb9bbaf1f00ffa4010754683812038289a0ee7b359d9000094a14e564d09c5315918108723418cc4288a",
    "82208831c618430c218420842422a10200004447090523c3c201792c1489040271482449b228cfd2e601000001000000",
    "0400000008000000",
  ].join(""),
);
const columnTables = hexBytes(
  [
    "37a430ec00000000511050cb28e9acd31ac75701ffd1ffdb7fe0a4d478014e92c96ff197cff9e319e49939913bbdce4c",
    "29bc07fff1b54913e3c489d67a38269c7c341d4708f955c0dee07ff4ffd65a6ba491bd092144ca2d530a9348691a8649",
    "ac57000000c4810388454803c44243c3c201c2c182c1c0818000818080818030180c0403c1803018202806c26291b097",
    "24490714235b88a3b178382a0bc5a2380a04290cc440524a559224e9010000000400000008000000",
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
