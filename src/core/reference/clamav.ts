/** SPEC §3.8: ClamAV's signatures, one a line; the extension of the file says of which form. */
import { byteString, hexBytes } from "../encoding/bytes.js";
import { isHexBody, lowerHex } from "./clamav-hex.js";
import { isLevels, isName, isOffset, targetOf } from "./clamav-fields.js";
import { logicalRest } from "./clamav-logical.js";
import { sourceLines } from "./lines.js";
import { NotARule, type Reading, type ReferenceFile, type ReferenceLanguage, sortedOnce } from "./model.js";

const extensions = "hdb hdu hsb hsu mdb mdu msb msu ndb ndu ldb ldu fp sfp ign ign2".split(" ");
const sizeMax = 4_294_967_294;
/** From this level on the engine knows hashes without a size. */
const anySizeLevel = 73;

/** Name and rest of a line, or `NotARule`. */
type LineReader = (line: string) => readonly [name: string, rest: string];

export const referenceClamAV: ReferenceLanguage = {
  order: "sorted",
  accepts: (path) => extensions.includes(extensionOf(path)),
  read,
  join: (files) => ({ records: sortedOnce(files), conflicts: [] }),
  idOf: (record) => record.slice(1, record.indexOf("\0", 1)),
};

function extensionOf(path: string): string {
  return path.slice(path.lastIndexOf(".") + 1).toLowerCase();
}

function read({ path, bytes }: ReferenceFile): Reading {
  const { lines, errors } = sourceLines(bytes);
  const extension = extensionOf(path);
  const mark = String.fromCharCode(extensions.indexOf(extension) + 1);
  const [reader, bytesMax] = readerOf(extension);
  const records = lines.flatMap(({ text, number }) => {
    if (text === "" || text.startsWith("#")) return [];
    try {
      if (text.length > bytesMax) throw new NotARule("a longer line than the engine reads");
      const [name, rest] = reader(text);
      if (!isName(name)) throw new NotARule("no name");
      return [{ record: `${mark}${name}\0${rest}`, line: number }];
    } catch (error) {
      if (!(error instanceof NotARule)) throw error;
      errors.push({ line: number, message: error.message });
      return [];
    }
  });
  return { path, records, errors };
}

/** SPEC §3.8.7: the engine reads so many bytes of a line. */
function readerOf(extension: string): [LineReader, number] {
  if (/^ld[bu]$/.test(extension)) return [logicalLine, 32_766];
  if (/^nd[bu]$/.test(extension)) return [contentLine, 8190];
  if (/^ign2?$/.test(extension)) return [ignoreLine, 8190];
  return [/^m/.test(extension) ? sectionHashLine : hashLine, 8190];
}

/** SPEC §3.8.2 */
const hashLine: LineReader = (line) => {
  const [hash, size, name, ...levels] = line.split(":");
  return hashRest(hash, size, name, levels);
};
const sectionHashLine: LineReader = (line) => {
  const [size, hash, name, ...levels] = line.split(":");
  return hashRest(hash, size, name, levels);
};

function hashRest(
  hash = "",
  size = "",
  name: string | undefined,
  levels: readonly string[],
): [string, string] {
  if (name === undefined || !isLevels(levels)) throw new NotARule("fields");
  if (!/^(?:.{32}|.{40}|.{64})$/.test(hash) || /[^0-9a-f]/i.test(hash)) throw new NotARule("no hash");
  const raw = byteString(hexBytes(hash));
  const levelText = levels.map((level) => `:${level}`).join("");
  if (size === "*") {
    if (Number(levels[0] ?? 0) < anySizeLevel) throw new NotARule("no size, and no least level of 73");
  } else if (!/^\d{1,20}$/.test(size) || Number(size) < 1 || Number(size) > sizeMax)
    throw new NotARule("no size");
  const sizeText = size === "*" ? "*" : String(Number(size));
  return [name, String.fromCharCode(raw.length) + raw + sizeText + levelText];
}

/** SPEC §3.8.3 */
const contentLine: LineReader = (line) => {
  const [name, target, offset, hex, ...levels] = line.split(":");
  if (name === undefined || target === undefined || offset === undefined || hex === undefined) {
    throw new NotARule("fields");
  }
  if (!isLevels(levels) || !isOffset(offset, targetOf(target)) || !isHexBody(hex, 3))
    throw new NotARule("a field");
  return [name, [target, offset, lowerHex(hex), ...levels].join(":")];
};

const logicalLine: LineReader = (line) => {
  const end = line.indexOf(";");
  if (end < 0) throw new NotARule("fields");
  return [line.slice(0, end), logicalRest(line.slice(end + 1))];
};

/** SPEC §3.8.5 */
const ignoreLine: LineReader = (line) => {
  const fields = line.split(":");
  const [first, second, third] = fields as [string, string, string];
  if (fields.length === 1) return [first, ""];
  if (fields.length === 3) return [third, `d${first}:${second}`];
  if (fields.length > 3 || !/^[0-9a-f]{32}$/i.test(second)) throw new NotARule("fields");
  return [first, `m${byteString(hexBytes(second))}`];
};
