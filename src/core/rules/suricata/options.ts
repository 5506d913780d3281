/**
 * The options of a rule: `name;` or `name:value;` between parentheses. A semicolon ends an option even inside quotes, as it does for
 * the engines; a value holds one as `\;`.
 */
import { quoteBytes, trimBlanks, trimBlanksEnd } from "../source-lines.js";
import type { Report } from "./rule-text.js";

export interface Option {
  /** In lower case. */
  readonly name: string;
  readonly offset: number;
  /** Without white space around it; `undefined` when there is no colon. */
  readonly value: string | undefined;
  readonly valueOffset: number;
}

/** `open`: the offset of the opening parenthesis. */
export function splitOptions(text: string, open: number, report: Report): Option[] {
  const options: Option[] = [];
  let at = open + 1;
  for (;;) {
    at = skipBlanks(text, at);
    if (at === text.length) {
      report(at, "SURICATA_PARENTHESIS", 'expected a ")" behind the last option, got the end of the rule');
      return options;
    }
    if (text[at] === ")") {
      const rest = skipBlanks(text, at + 1);
      if (rest < text.length) {
        report(
          rest,
          "SURICATA_PARENTHESIS",
          `expected nothing behind the options, got ${quoteBytes(text.slice(rest))}`,
        );
      }
      return options;
    }
    const end = optionEnd(text, at);
    if (end < 0) {
      report(
        trimEnd(text),
        "SURICATA_SEMICOLON",
        `expected a ";" behind the last option, got ${quoteBytes(text.slice(at))}`,
      );
      return options;
    }
    const option = readOption(text, at, end, report);
    if (option !== undefined) options.push(option);
    at = end + 1;
  }
}

/** The next semicolon without a backslash right before it. */
function optionEnd(text: string, from: number): number {
  let end = text.indexOf(";", from);
  while (end > from && text[end - 1] === "\\") end = text.indexOf(";", end + 1);
  return end;
}

function readOption(text: string, start: number, end: number, report: Report): Option | undefined {
  const colon = text.indexOf(":", start);
  const hasValue = colon >= 0 && colon < end;
  const name = trimBlanks(text.slice(start, hasValue ? colon : end));
  if (!/^[A-Za-z0-9_.-]+$/.test(name)) {
    report(start, "SURICATA_OPTION", `expected the name of an option, got ${quoteBytes(name)}`);
    return undefined;
  }
  const valueOffset = hasValue ? skipBlanks(text, colon + 1) : end;
  const value = hasValue ? trimBlanksEnd(text.slice(valueOffset, Math.max(valueOffset, end))) : undefined;
  return { name: name.toLowerCase(), offset: start, value, valueOffset };
}

function skipBlanks(text: string, from: number): number {
  let at = from;
  while (text[at] === " " || text[at] === "\t") at++;
  return at;
}

function trimEnd(text: string): number {
  return trimBlanksEnd(text).length;
}
