/** SPEC §4.6.4, §4.6.5: what stands in front of the dictionary of a small frame. */
import { concatBytes, hexBytes } from "../encoding/bytes.js";

const textTables = hexBytes(
  "37a430ec000000004210a8b34d1b303333333333333333331335880711512344a3a9bb5190a1cd95db4ab3cc44e8ffebebff3363c49b9919bfa2feeeeeeeeeae" +
    "35d2787be5250a66c63ab2a382101c18104803026928ce43711e54e1c60b0989c744c503428140200c0883a1602814108603816030140e08a3288a034918e669" +
    "cf260100e40d8f95c13849724a19638c51444048600a000000010000000400000008000000",
);
const columnTables = hexBytes(
  "37a430ec00000000501020c7d9749e27f1681d527ac048f5c88235c0882a3edc59ac7a7ee9e078000718841d04ca08d22f4ea5dcc1707e5fc80c92a6e0ec637e" +
    "a7d0a889087e2d0b42837c1a0c6a644bb9f7de52cabda54c2923d2703c180cc321e188546a1f0344e1c788894584c384010381c1c1c1c18060200c0683c36040" +
    "4810080343c2601810148a89c231d938caa8d9b601342759a5e1582424c462488881308c8120886419cbd9ccccb60d010000000400000008000000",
);
const smallFrameBytes = 16 * 1024;
const zeros = new Uint8Array(16);

/** Undefined: none at all. */
export function columnDictionary(frameBytes: number): Uint8Array | undefined {
  return frameBytes < smallFrameBytes ? concatBytes(columnTables, zeros) : undefined;
}

export function textDictionary(frameBytes: number, records: Uint8Array): Uint8Array | undefined {
  if (frameBytes < smallFrameBytes) return concatBytes(textTables, zeros, records);
  return records.length === 0 ? undefined : concatBytes(Uint8Array.of(0), records);
}
