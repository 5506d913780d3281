/**
 * Lines of content signatures: `name:target:offset:hex[:least[:most]]`. Behind the name a record holds the other fields as text,
 * with the hexadecimal digits in lower case.
 */
import { parseDecimal } from "../ip-addresses.js";
import { quoteBytes } from "../source-lines.js";
import { checkCount, checkName, type Field, levelSuffix, type Report, splitFields } from "./fields.js";
import { readHexSignature } from "./hex-signature.js";
import { checkOffset } from "./offset.js";

/** Bodies without wildcards go to another matcher of the engine, which starts at three bytes. */
const plainBytesMin = 3;

export function readContentLine(line: string, report: Report): string | undefined {
  const fields = splitFields(line, ":");
  if (!checkCount(fields, 4, 6, "name:target:offset:hex[:least[:most]]", report)) return undefined;
  const [name, target, offset, body] = fields as [Field, Field, Field, Field];
  checkName(name, report);
  const number = readTarget(target, report);
  checkOffset(offset, number, report);
  const hex = readHexSignature(body, report, plainBytesMin);
  const levels = levelSuffix(fields[4], fields[5], report);
  return `${name.text}\0${number ?? "*"}:${offset.text}:${hex}${levels}`;
}

/** The number of a target type, `undefined` for the old "*" and for what was reported. */
export function readTarget(field: Field, report: Report): number | undefined {
  const number = parseDecimal(field.text, 255);
  if (number === undefined && field.text !== "*") {
    report(
      field.offset,
      "CLAMAV_TARGET",
      `expected the number of a target type, got ${quoteBytes(field.text)}`,
    );
  }
  return number;
}

export function contentLine(name: string, rest: string): string {
  return `${name}:${rest}`;
}
