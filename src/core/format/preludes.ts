/**
 * What a small frame would have to say about letters and numbers before its first one.
 *
 * A zstd dictionary may begin with entropy tables (RFC 8878 §5). These two hold the statistics of rule text and of our number
 * columns; a frame that starts with one needs no tables of its own, some 20 to 60 bytes. scripts/train-preludes.mjs made them from
 * rule histories that no benchmark reads (docs/adr/0005). They are part of the format: another pair would be another version.
 */
import { concatBytes, hexBytes } from "../encoding/bytes.js";
import { limits } from "../limits.js";

const textTables = hexBytes(
  [
    "37a430ec000000004210a8b34d1b303333333333333333331335880711512344a3a9bb5190a1cd95db4ab3cc44e8ffeb",
    "ebff3363c49b9919bfa2feeeeeeeeeae35d2787be5250a66c63ab2a382101c18104803026928ce43711e54e1c60b0989",
    "c744c503428140200c0883a1602814108603816030140e08a3288a034918e669cf260100e40d8f95c13849724a19638c",
    "51444048600a000000010000000400000008000000",
  ].join(""),
);
const columnTables = hexBytes(
  [
    "37a430ec00000000501020c7d9749e27f1681d527ac048f5c88235c0882a3edc59ac7a7ee9e078000718841d04ca08d2",
    "2f4ea5dcc1707e5fc80c92a6e0ec637ea7d0a889087e2d0b42837c1a0c6a644bb9f7de52cabda54c2923d2703c180cc3",
    "21e188546a1f0344e1c788894584c384010381c1c1c1c18060200c0683c360404810080343c2601810148a89c231d938",
    "caa8d9b601342759a5e1582424c462488881308c8120886419cbd9ccccb60d010000000400000008000000",
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
