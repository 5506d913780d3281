/**
 * Lines of hash files: `hash:size:name[:least[:most]]`, and of section hash files, where size comes first. The engine takes MD5,
 * SHA-1 and SHA-256 in all of them and tells them apart by their length; published .hsb files do hold MD5.
 *
 * Behind the name a record holds: one byte with the hash's length, the raw hash, then size and levels as text.
 */
import { byteString, hexBytes, hexText, byteStringBytes } from "../../encoding/bytes.js";
import { quoteBytes } from "../source-lines.js";
import { checkCount, checkName, type Field, levelSuffix, type Report, splitFields } from "./fields.js";

const hashLengths = new Set([32, 40, 64]);
const sizeMax = 0xffff_fffe;
/** Since this level the engine knows hashes without a size. */
const anySizeLevel = 73;

export function readHashLine(line: string, sizeFirst: boolean, report: Report): string | undefined {
  const fields = splitFields(line, ":");
  const layout = sizeFirst ? "size:hash:name[:least[:most]]" : "hash:size:name[:least[:most]]";
  if (!checkCount(fields, 3, 5, layout, report)) return undefined;
  const hash = fields[sizeFirst ? 1 : 0] as Field;
  const size = fields[sizeFirst ? 0 : 1] as Field;
  const name = fields[2] as Field;
  checkHash(hash, report);
  checkName(name, report);
  const levels = levelSuffix(fields[3], fields[4], report);
  const canonicalSize = readSize(size, Number(levels.split(":")[1] ?? 0), report);
  // What was reported leaves no record; the caller looks at its count of errors. Raw bytes need digits, though.
  if (!/^([0-9a-fA-F]{2})+$/.test(hash.text)) return undefined;
  const raw = byteString(hexBytes(hash.text));
  return `${name.text}\0${String.fromCharCode(raw.length)}${raw}${canonicalSize}${levels}`;
}

export function hashLine(name: string, rest: string, sizeFirst: boolean): string {
  const end = 1 + rest.charCodeAt(0);
  const hash = hexText(byteStringBytes(rest.slice(1, end)));
  const [size, ...levels] = rest.slice(end).split(":");
  const front = sizeFirst ? [size, hash] : [hash, size];
  return [...front, name, ...levels].join(":");
}

function checkHash(field: Field, report: Report): void {
  const odd = field.text.search(/[^0-9a-fA-F]/);
  if (odd >= 0) {
    const got = quoteBytes(field.text.slice(odd, odd + 1));
    report(field.offset + odd, "CLAMAV_HASH", `expected hexadecimal digits, got ${got}`);
  } else if (!hashLengths.has(field.text.length)) {
    report(
      field.offset,
      "CLAMAV_HASH",
      `expected an MD5, SHA-1 or SHA-256 (32, 40 or 64 digits), got ${field.text.length} digits`,
    );
  }
}

function readSize(field: Field, leastLevel: number, report: Report): string {
  if (field.text === "*") {
    if (leastLevel < anySizeLevel) {
      const got = leastLevel === 0 ? "none" : leastLevel;
      report(
        field.offset,
        "CLAMAV_SIZE",
        `expected a least level of ${anySizeLevel} with the size "*", got ${got}`,
      );
    }
    return "*";
  }
  const digits = field.text.length <= 20 && /^[0-9]+$/.test(field.text);
  const size = digits ? Number(field.text) : 0;
  if (size < 1 || size > sizeMax) {
    report(
      field.offset,
      "CLAMAV_SIZE",
      `expected a size from 1 to ${sizeMax} or "*", got ${quoteBytes(field.text)}`,
    );
  }
  return String(size);
}
