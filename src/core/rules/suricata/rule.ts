/**
 * One rule. Detection options keep their order, because buffers and modifiers act on what stands before them; meta options mean
 * the same anywhere and stand in one order: message in front, then references, classification, metadata and revision at the end.
 */
import { quoteBytes } from "../source-lines.js";
import { readHeader } from "./header.js";
import {
  bareOptions,
  contentModifiers,
  isKnownOption,
  metaOptions,
  patternOptions,
  singleOptions,
  valueOptions,
} from "./keywords.js";
import { type Option, splitOptions } from "./options.js";
import type { Report } from "./rule-text.js";
import { readNumber, readValue } from "./values.js";

export interface Rule {
  readonly gid: number;
  readonly sid: number;
  /** Canonical, without gid and sid, ending in ")". */
  readonly text: string;
}

/** Suricata keeps the greatest 32-bit number for itself. */
const numberMax = 0xffff_fffe;
const metaOrder = ["reference", "classtype", "priority", "target", "metadata"];

/** What is wrong goes to `report`; the answer counts only when nothing was. */
export function readRule(text: string, report: Report): Rule | undefined {
  const open = text.indexOf("(");
  const header = readHeader(open < 0 ? text : text.slice(0, open), report);
  if (open < 0) {
    report(
      text.trimEnd().length,
      "SURICATA_PARENTHESIS",
      "expected options in parentheses, got the end of the rule",
    );
    return undefined;
  }
  if (open > 0 && !/[ \t]/.test(text[open - 1] as string)) {
    report(open, "SURICATA_HEADER", 'expected a space before the "("');
  }
  const options = splitOptions(text, open, report);
  const values = new Map<Option, string>();
  checkOptions(options, report);
  for (const option of options) {
    if (option.name === "sid" || option.name === "gid" || option.name === "rev") continue;
    const value = readValue(option, report);
    values.set(option, value === undefined ? option.name : `${option.name}:${value}`);
  }
  const number = (name: string, least: number, most: number): number | undefined => {
    const option = options.find((one) => one.name === name);
    return (
      (option?.value && readNumber(option, least, most, `SURICATA_${name.toUpperCase()}`, report)) ||
      undefined
    );
  };
  const sid = number("sid", 1, numberMax);
  const rev = number("rev", 1, numberMax);
  const gid = gidOf(options, report);
  if (!options.some((option) => option.name === "sid")) {
    report(open, "SURICATA_SID", "expected the option sid, got none");
  }
  if (sid === undefined || gid === undefined) return undefined;
  return { gid, sid, text: `${header} (${arrange(values, rev)})` };
}

function gidOf(options: readonly Option[], report: Report): number | undefined {
  const option = options.find((one) => one.name === "gid");
  if (option === undefined) return 1;
  return option.value === undefined ? undefined : readNumber(option, 0, numberMax, "SURICATA_GID", report);
}

function arrange(values: ReadonlyMap<Option, string>, rev: number | undefined): string {
  const of = (name: string) => [...values].filter(([option]) => option.name === name).map(([, text]) => text);
  const detection = [...values].filter(([option]) => !metaOptions.has(option.name)).map(([, text]) => text);
  const all = [...of("msg"), ...detection, ...metaOrder.flatMap(of)];
  if (rev !== undefined) all.push(`rev:${rev}`);
  return all.map((text) => `${text};`).join(" ");
}

/** What can be said about an option by its name and by those before it. */
function checkOptions(options: readonly Option[], report: Report): void {
  const seen = new Set<string>();
  let hasPattern = false;
  for (const { name, offset, value, valueOffset } of options) {
    if (!isKnownOption(name)) {
      report(
        offset,
        "SURICATA_OPTION_UNKNOWN",
        `expected a known option, got ${quoteBytes(name)}`,
        "warning",
      );
    }
    if (singleOptions.has(name) && seen.has(name)) {
      report(offset, "SURICATA_OPTION_TWICE", `expected the option ${name} once, got it again`);
    }
    if (bareOptions.has(name) && value !== undefined) {
      report(valueOffset, "SURICATA_OPTION_VALUE", `expected no value for ${name}, got ${quoteBytes(value)}`);
    }
    if (valueOptions.has(name) && (value === undefined || value === "")) {
      report(offset, "SURICATA_OPTION_VALUE", `expected a value for ${name}, got none`);
    }
    if (contentModifiers.has(name) && !hasPattern) {
      const message = `expected a content before ${name}, got none`;
      // Snort 3 makes the http_ modifiers buffers, which stand before the content.
      if (name.startsWith("http_")) report(offset, "SURICATA_SNORT", message, "warning");
      else report(offset, "SURICATA_MODIFIER", message);
    }
    seen.add(name);
    hasPattern ||= patternOptions.has(name);
  }
}
