/** Option values that have a form of their own, each checked and put in canonical form. */
import { parseDecimal } from "../ip-addresses.js";
import { quoteBytes, trimBlanks } from "../source-lines.js";
import type { Option } from "./options.js";
import type { Report } from "./rule-text.js";

/** What stands between the quotes, and where; with the mark of a negation and whatever follows the closing quote. */
interface Quoted {
  readonly negated: boolean;
  readonly inner: string;
  readonly offset: number;
  readonly behind: string;
}

const spacedLists = new Set(["metadata", "threshold", "detection_filter"]);

const regexFlags = /^[imsxABCDEGHIKMOPQRSUVWYZ]*$/;

/** The canonical value of any option; `undefined` where it has none. */
export function readValue(option: Option, report: Report): string | undefined {
  const { name, value } = option;
  if (value === undefined) return undefined;
  if (name === "content" || name === "uricontent") return readContent(option, report);
  if (name === "pcre") return readRegex(option, report);
  if (name === "msg") return readMessage(option, report);
  if (name === "flow") return readList(option, ",", report);
  if (spacedLists.has(name)) return readList(option, ", ", report);
  if (name === "reference") return readReference(option, report);
  checkQuotes(option, report);
  return value;
}

/** A decimal number of a meta option, or `undefined` and a report. */
export function readNumber(
  option: Option,
  least: number,
  most: number,
  code: string,
  report: Report,
): number | undefined {
  const text = (option.value ?? "").replace(/^0+(?=\d)/, "");
  const number = parseDecimal(text, most);
  if (number !== undefined && number >= least) return number;
  const got = quoteBytes(option.value ?? "");
  report(
    option.valueOffset,
    code,
    `expected a number from ${least} to ${most} for ${option.name}, got ${got}`,
  );
  return undefined;
}

function readMessage(option: Option, report: Report): string {
  const quoted = readQuoted(option, report);
  if (quoted === undefined) return option.value as string;
  if (quoted.negated || quoted.behind !== "") refuseQuotes(option, report);
  else if (quoted.inner === "")
    report(option.valueOffset, "SURICATA_QUOTE", "expected a message, got nothing");
  return option.value as string;
}

function readContent(option: Option, report: Report): string {
  const quoted = readQuoted(option, report);
  if (quoted === undefined) return option.value as string;
  const { negated, inner, offset, behind } = quoted;
  if (inner === "") report(offset, "SURICATA_CONTENT", "expected a pattern between the quotes, got nothing");
  if (behind !== "") {
    const known =
      /^([ \t]*,[ \t]*(nocase|fast_pattern|fast_pattern_(offset|length)|offset|depth|distance|within)( +[\w-]+)?)+$/;
    // Snort 3 writes modifiers behind a comma; Suricata does not read them.
    if (known.test(behind))
      report(offset, "SURICATA_SNORT", "expected modifiers as options of their own", "warning");
    else refuseQuotes(option, report);
  }
  return `${negated ? "!" : ""}"${readPattern(inner, offset, report)}"${behind}`;
}

/** Text with bytes in hexadecimal between bars. Canonical: capitals, one space between bytes. */
function readPattern(inner: string, offset: number, report: Report): string {
  let canonical = "";
  let at = 0;
  while (at < inner.length) {
    const c = inner[at] as string;
    if (c === "|") {
      const close = inner.indexOf("|", at + 1);
      if (close < 0) {
        report(offset + at, "SURICATA_CONTENT", 'expected a "|" that closes the hexadecimal bytes');
        return inner;
      }
      canonical += `|${readBytes(inner.slice(at + 1, close), offset + at + 1, report)}|`;
      at = close + 1;
    } else if (c === "\\") {
      const next = inner[at + 1] ?? "";
      if (!'\\";:'.includes(next) || next === "") {
        const expected = 'expected one of \\ " ; : behind a backslash';
        report(offset + at, "SURICATA_CONTENT", `${expected}, got ${quoteBytes(next)}`);
      }
      canonical += c + next;
      at += 2;
    } else {
      if (c === '"') report(offset + at, "SURICATA_CONTENT", 'expected \\" for a quote inside a pattern');
      canonical += c;
      at++;
    }
  }
  return canonical;
}

function readBytes(text: string, offset: number, report: Report): string {
  const odd = text.search(/[^0-9a-fA-F ]/);
  if (odd >= 0) {
    const got = quoteBytes(text.slice(odd, odd + 1));
    report(offset + odd, "SURICATA_CONTENT", `expected hexadecimal digits between the bars, got ${got}`);
    return text;
  }
  const digits = text.replaceAll(" ", "").toUpperCase();
  if (digits.length % 2 !== 0) {
    report(offset, "SURICATA_CONTENT", `expected hexadecimal digits in pairs, got ${digits.length} of them`);
  }
  return digits.replace(/..(?=.)/g, "$& ");
}

/** `"/expression/flags"`; the last slash is the closing one. */
function readRegex(option: Option, report: Report): string {
  const quoted = readQuoted(option, report);
  if (quoted === undefined) return option.value as string;
  const { negated, inner, offset, behind } = quoted;
  if (behind !== "") refuseQuotes(option, report);
  const close = inner.lastIndexOf("/");
  if (!inner.startsWith("/") || close === 0) {
    report(
      offset,
      "SURICATA_PCRE",
      `expected a regular expression between slashes, got ${quoteBytes(inner)}`,
    );
  } else if (!regexFlags.test(inner.slice(close + 1))) {
    const got = quoteBytes(inner.slice(close + 1));
    report(offset + close + 1, "SURICATA_PCRE", `expected flags that an engine knows, got ${got}`);
  }
  return `${negated ? "!" : ""}"${inner}"`;
}

function readReference(option: Option, report: Report): string {
  const value = option.value as string;
  const comma = value.indexOf(",");
  const type = trimBlanks(value.slice(0, Math.max(0, comma)));
  const place = trimBlanks(value.slice(comma + 1));
  if (!/^[A-Za-z0-9_-]+$/.test(type) || place === "") {
    const expected = "expected a type, a comma and a place";
    report(option.valueOffset, "SURICATA_REFERENCE", `${expected}, got ${quoteBytes(value)}`);
  }
  return `${type},${place}`;
}

/** `"…"` or `!"…"`: from the first quote to the last, or to the first one that a comma follows. */
function readQuoted(option: Option, report: Report): Quoted | undefined {
  const value = option.value as string;
  const front = /^(!?)[ \t]*"/.exec(value);
  const start = front?.[0].length ?? 0;
  const close = front === null ? -1 : closingQuote(value, start);
  if (front === null || close < 0) {
    refuseQuotes(option, report);
    return undefined;
  }
  const inner = value.slice(start, close);
  return {
    negated: front[1] === "!",
    inner,
    offset: option.valueOffset + start,
    behind: value.slice(close + 1),
  };
}

function closingQuote(value: string, start: number): number {
  if (value.endsWith('"') && value.length > start && value[value.length - 2] !== "\\")
    return value.length - 1;
  // An escaped backslash before the last quote leaves it a quote.
  if (value.endsWith('\\\\"') && value.length > start) return value.length - 1;
  const comma = value.search(/"[ \t]*,[^"]*$/);
  return comma >= start ? comma : -1;
}

function checkQuotes(option: Option, report: Report): void {
  const value = option.value as string;
  if (/^!?[ \t]*"/.test(value) && closingQuote(value, value.indexOf('"') + 1) < 0)
    refuseQuotes(option, report);
}

function refuseQuotes(option: Option, report: Report): void {
  const got = quoteBytes(option.value ?? "");
  report(
    option.valueOffset,
    "SURICATA_QUOTE",
    `expected the value of ${option.name} between quotes, got ${got}`,
  );
}

/** List items mean the same with any white space around them. */
function readList(option: Option, separator: string, report: Report): string {
  const items = (option.value as string).split(",").map((item) => trimBlanks(item).replace(/[ \t]+/g, " "));
  const canonical = items.filter((item) => item !== "").join(separator);
  if (canonical === "" && option.value !== "") {
    report(
      option.valueOffset,
      "SURICATA_OPTION_VALUE",
      `expected a value for ${option.name}, got commas alone`,
    );
  }
  return canonical;
}
