/**
 * Lines of ignore lists: `name`, `name:md5` with the MD5 of the ignored line, or the old `database:line:name`.
 * Behind the name a record holds nothing, "m" and the raw MD5, or "d" and `database:line`.
 */
import { byteString, byteStringBytes, hexBytes, hexText } from "../../encoding/bytes.js";
import { quoteBytes } from "../source-lines.js";
import { checkCount, checkName, type Field, type Report, splitFields } from "./fields.js";

export function readIgnoreLine(line: string, report: Report): string | undefined {
  const fields = splitFields(line, ":");
  if (!checkCount(fields, 1, 3, "name, name:md5 or database:line:name", report)) return undefined;
  const name = fields[fields.length === 3 ? 2 : 0] as Field;
  checkName(name, report);
  if (fields.length === 1) return `${name.text}\0`;
  if (fields.length === 3) return `${name.text}\0d${fields[0]?.text}:${fields[1]?.text}`;
  const hash = fields[1] as Field;
  if (!/^[0-9a-fA-F]{32}$/.test(hash.text)) {
    report(hash.offset, "CLAMAV_HASH", `expected an MD5 of 32 digits, got ${quoteBytes(hash.text)}`);
    return undefined;
  }
  return `${name.text}\0m${byteString(hexBytes(hash.text))}`;
}

export function ignoreLine(name: string, rest: string): string {
  if (rest === "") return name;
  return rest.startsWith("m")
    ? `${name}:${hexText(byteStringBytes(rest.slice(1)))}`
    : `${rest.slice(1)}:${name}`;
}
