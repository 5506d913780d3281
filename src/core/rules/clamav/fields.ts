/** What the lines of all signature files share: fields with their places, names, and functionality levels. */
import { parseDecimal } from "../ip-addresses.js";
import { quoteBytes } from "../source-lines.js";

/** Tells what is wrong at an offset of the line: an error, unless the engine loads the line all the same. */
export type Report = (offset: number, code: string, message: string, severity?: "warning") => void;

export interface Field {
  readonly text: string;
  readonly offset: number;
}

export function splitFields(line: string, separator: string, offset = 0): Field[] {
  let at = offset;
  return line.split(separator).map((text) => {
    const field = { text, offset: at };
    at += text.length + separator.length;
    return field;
  });
}

/** Whether the line has as many fields as its type wants. */
export function checkCount(
  fields: readonly Field[],
  least: number,
  most: number,
  layout: string,
  report: Report,
): boolean {
  if (fields.length >= least && fields.length <= most) return true;
  // The first field too many, or the end of the line where one is missing.
  const last = fields.at(-1) as Field;
  const offset = fields[most]?.offset ?? last.offset + last.text.length;
  report(
    offset,
    "CLAMAV_FIELDS",
    `expected ${layout}, got ${fields.length} field${fields.length === 1 ? "" : "s"}`,
  );
  return false;
}

/** The engine takes any name; one with white space is a forgotten comment or a broken line. */
export function checkName(field: Field, report: Report): void {
  const odd = field.text.search(/[^!-~]/);
  if (field.text === "") report(field.offset, "CLAMAV_NAME", "expected a signature name, got nothing");
  else if (odd >= 0) {
    const got = quoteBytes(field.text);
    report(
      field.offset + odd,
      "CLAMAV_NAME",
      `expected a name of printable ASCII without white space, got ${got}`,
    );
  }
}

/** Least and greatest functionality level in canonical form: "", ":73" or ":73:255". */
export function levelSuffix(least: Field | undefined, most: Field | undefined, report: Report): string {
  const values: number[] = [];
  for (const field of [least, most]) {
    if (field === undefined) continue;
    const value = parseDecimal(field.text, 0xffff_ffff);
    if (value === undefined) {
      report(field.offset, "CLAMAV_LEVEL", `expected a functionality level, got ${quoteBytes(field.text)}`);
    } else values.push(value);
  }
  const [low, high] = values;
  if (most !== undefined && low !== undefined && high !== undefined && low > high) {
    report(most.offset, "CLAMAV_LEVEL", `expected a level of at least ${low}, got ${high}`);
  }
  return values.map((value) => `:${value}`).join("");
}
