/**
 * One subsignature of a logical signature: a content pattern, a macro, a regular expression with its trigger, a byte comparison
 * or the fuzzy hash of an image. Each reader returns the canonical text and tells `report` what is wrong.
 */
import { quoteBytes } from "../source-lines.js";
import type { Field, Report } from "./fields.js";
import { readHexSignature } from "./hex-signature.js";
import { readExpression } from "./logical-expression.js";
import { checkOffset, macroGroupMax } from "./offset.js";

/** What a subsignature may refer to. */
export interface Surroundings {
  readonly target: number | undefined;
  /** The number of the subsignature itself. */
  readonly index: number;
  readonly count: number;
}

const contentModifiers = "iwfa";
const regexFlags = /^[gresmixAEU]*$/;

export function readSubsignature(field: Field, around: Surroundings, report: Report): string {
  const { text } = field;
  if (text.startsWith("fuzzy_img#")) return readImageHash(field, report);
  if (text.startsWith("${")) return readMacro(field, report);
  if (text.includes("/")) return readRegex(field, around, report);
  if (text.includes("#")) return readByteComparison(field, around, report);
  return readContent(field, around, report);
}

/** `[offset:]hex[::modifiers]` */
function readContent(field: Field, around: Surroundings, report: Report): string {
  const mark = field.text.indexOf("::");
  const front = mark < 0 ? field.text : field.text.slice(0, mark);
  const modifiers = mark < 0 ? "" : field.text.slice(mark + 2);
  const again = modifiers.indexOf("::");
  if (again >= 0) {
    const message = 'expected "::" once, got it again: the engine ignores what stands between';
    report(field.offset + mark + 2 + again, "CLAMAV_MODIFIER", message, "warning");
    return field.text;
  }
  const odd = modifiers.search(/[^iwfa]/);
  if (odd >= 0) {
    const got = quoteBytes(modifiers.slice(odd, odd + 1));
    report(
      field.offset + mark + 2 + odd,
      "CLAMAV_MODIFIER",
      `expected modifiers out of i, w, f and a, got ${got}`,
    );
  }
  const { prefix, rest } = takeOffset(front, field.offset, around, report);
  const body = readHexSignature(rest, report);
  const canonical = [...contentModifiers].filter((modifier) => modifiers.includes(modifier)).join("");
  return prefix + body + (canonical === "" ? "" : `::${canonical}`);
}

function takeOffset(
  text: string,
  start: number,
  around: Surroundings,
  report: Report,
): { prefix: string; rest: Field } {
  const colon = text.indexOf(":");
  if (colon < 0) return { prefix: "", rest: { text, offset: start } };
  checkOffset({ text: text.slice(0, colon), offset: start }, around.target, report);
  return {
    prefix: text.slice(0, colon + 1),
    rest: { text: text.slice(colon + 1), offset: start + colon + 1 },
  };
}

/** `${n-m}group$` */
function readMacro(field: Field, report: Report): string {
  const found = /^\$\{(\d{1,9})-(\d{1,9})\}(\d{1,9})\$$/.exec(field.text);
  const got = quoteBytes(field.text);
  if (found === null) {
    report(field.offset, "CLAMAV_MACRO", `expected a macro such as \${6-7}12$, got ${got}`);
  } else if (Number(found[1]) > Number(found[2])) {
    report(field.offset, "CLAMAV_MACRO", `expected the smaller distance in front, got ${got}`);
  } else if (Number(found[3]) > macroGroupMax) {
    report(field.offset, "CLAMAV_MACRO", `expected a macro group up to ${macroGroupMax}, got ${found[3]}`);
  }
  return field.text;
}

/** `[offset:]trigger/regular expression/[flags]`; the last slash is the closing one. */
function readRegex(field: Field, around: Surroundings, report: Report): string {
  const open = field.text.indexOf("/");
  const close = field.text.lastIndexOf("/");
  const { prefix, rest } = takeOffset(field.text.slice(0, open), field.offset, around, report);
  let trigger = rest.text;
  if (trigger === "") report(rest.offset, "CLAMAV_PCRE", 'expected a trigger before the "/"');
  else {
    const expression = readExpression(rest, report);
    trigger = expression.canonical;
    if (expression.greatest >= around.index) {
      const expected = `expected a trigger out of the subsignatures before ${around.index}`;
      report(rest.offset, "CLAMAV_PCRE", `${expected}, got ${expression.greatest}`);
    }
  }
  const place = field.offset + open;
  if (close === open) report(place, "CLAMAV_PCRE", 'expected a "/" that closes the regular expression');
  else if (close === open + 1) report(place, "CLAMAV_PCRE", "expected a regular expression, got nothing");
  const flags = close === open ? "" : field.text.slice(close + 1);
  if (!regexFlags.test(flags)) {
    const at = field.offset + close + 1;
    report(
      at,
      "CLAMAV_PCRE",
      `expected flags out of g, r, e, s, m, i, x, A, E and U, got ${quoteBytes(flags)}`,
    );
  }
  return prefix + trigger + field.text.slice(open);
}

const comparison = /^(\d{1,4})\((>>|<<)-?(0x[0-9a-fA-F]{1,8}|\d{1,10})#([^#]*)#([^#]*)\)$/;
const comparisonValue = /^[<>=]-?(0x[0-9a-fA-F]{1,16}|\d{1,20})(,[<>=]-?(0x[0-9a-fA-F]{1,16}|\d{1,20}))?$/;
const comparisonOptions = /^([hdaible]{1,4})(\d{1,3})$/;

/** `reference(>>distance#options#comparison[,comparison])` */
function readByteComparison(field: Field, around: Surroundings, report: Report): string {
  const found = comparison.exec(field.text.length > 200 ? "" : field.text);
  if (found === null) {
    const got = quoteBytes(field.text);
    report(field.offset, "CLAMAV_BYTE_COMPARE", `expected a comparison such as 0(>>26#hb2#>512), got ${got}`);
    return field.text;
  }
  const [, reference = "", , , options = "", values = ""] = found;
  if (Number(reference) >= around.count || Number(reference) === around.index) {
    const expected = "expected the number of another subsignature";
    report(field.offset, "CLAMAV_BYTE_COMPARE", `${expected}, got ${reference}`);
  }
  checkComparisonOptions({ text: options, offset: field.offset + field.text.indexOf("#") + 1 }, report);
  if (!comparisonValue.test(values)) {
    const at = field.offset + field.text.lastIndexOf("#") + 1;
    const expected = "expected one or two comparisons such as >512,<600";
    report(at, "CLAMAV_BYTE_COMPARE", `${expected}, got ${quoteBytes(values)}`);
  }
  return field.text;
}

function checkComparisonOptions(field: Field, report: Report): void {
  const found = comparisonOptions.exec(field.text);
  const letters = found?.[1] ?? "";
  const bytes = Number(found?.[2] ?? 0);
  const bases = [...letters].filter((letter) => "hdai".includes(letter));
  const sides = [...letters].filter((letter) => "lb".includes(letter));
  // Decimal text has no byte order; raw integers are as wide as a machine's.
  const width =
    bases[0] === "i" ? [1, 2, 4, 8].includes(bytes) : bytes >= 1 && bytes <= (bases[0] === "h" ? 18 : 255);
  const sound = bases.length === 1 && sides.length <= 1 && !(bases[0] === "d" && sides[0] === "l") && width;
  if (sound) return;
  const got = quoteBytes(field.text);
  report(
    field.offset,
    "CLAMAV_BYTE_COMPARE",
    `expected a base, a byte order and a number of bytes such as hb2, got ${got}`,
  );
}

/** `fuzzy_img#hash[#distance]`; engines so far know the distance 0 alone. */
function readImageHash(field: Field, report: Report): string {
  const found = /^fuzzy_img#([0-9a-fA-F]{16})(#0)?$/.exec(field.text.length > 64 ? "" : field.text);
  if (found === null) {
    const expected = "expected fuzzy_img# and 16 hexadecimal digits, perhaps #0";
    report(field.offset, "CLAMAV_IMAGE_HASH", `${expected}, got ${quoteBytes(field.text)}`);
    return field.text;
  }
  return `fuzzy_img#${found[1]?.toLowerCase()}${found[2] ?? ""}`;
}
