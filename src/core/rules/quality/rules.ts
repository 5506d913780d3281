/** What is slow or over-broad in rules of engines that search bytes: YARA, Suricata, ClamAV. */
import { hexText } from "../../encoding/bytes.js";
import { regexpHazard } from "./regexps.js";

export interface Problem {
  readonly code: string;
  readonly message: string;
}

/** A pattern is found by an atom of up to four bytes; with less of it, the engine looks at half of every file. */
const atomBytesMin = 4;

const slowRegexp: Readonly<Record<"nested" | "unbounded", Problem>> = {
  nested: {
    code: "RULE_REGEXP_CATASTROPHIC",
    message:
      "a repetition without an end inside another, or over alternatives that begin alike: time may grow without bound",
  },
  unbounded: {
    code: "RULE_REGEXP_UNBOUNDED",
    message: "`.*` or `.+` without an end: give it a most, such as .{0,100}",
  },
};

export function regexpProblems(source: string): Problem[] {
  const hazard = regexpHazard(source);
  return hazard === undefined ? [] : [slowRegexp[hazard]];
}

/** Canonical: a string or an expression a line, so lines are enough. */
export function yaraProblems(record: string): Problem[] {
  const problems: Problem[] = [];
  const conditionAt = record.indexOf("\n    condition:");
  const condition = record.slice(conditionAt + "\n    condition:".length);
  if (conditionAt >= 0 && /^\s*true\s*\}\s*$/.test(condition)) {
    problems.push({ code: "RULE_TOO_BROAD", message: "its condition is always true: it matches every file" });
  }
  for (const [, name, value] of record.matchAll(/^ {8}(\$\w*) = (.*)$/gm)) {
    const text = value ?? "";
    if (text.startsWith("/")) {
      const source = text.slice(1, text.lastIndexOf("/"));
      problems.push(...regexpProblems(source).map((one) => named(name ?? "$", one)));
    } else if (text.startsWith('"') && literalBytes(text) < atomBytesMin && !/\bwide\b/.test(text)) {
      problems.push(named(name ?? "$", shortAtom));
    } else if (text.startsWith("{") && longestHexRun(text) < 2) {
      problems.push(named(name ?? "$", shortAtom));
    }
  }
  return problems;
}

const shortAtom: Problem = {
  code: "RULE_ATOM_SHORT",
  message: "too few fixed bytes in a row to search for: slow, and it matches by chance",
};

function named(name: string, { code, message }: Problem): Problem {
  return { code, message: `${name}: ${message}` };
}

function literalBytes(text: string): number {
  const end = text.lastIndexOf('"');
  return text.slice(1, end).replace(/\\x[0-9a-fA-F]{2}|\\./g, "_").length;
}

/** Whole bytes one after the other, without wildcards, jumps or alternatives between them. */
function longestHexRun(text: string): number {
  const runs = text.match(/(?:(?<![?0-9A-Fa-f~])[0-9A-Fa-f]{2}(?![?0-9A-Fa-f])\s*)+/g) ?? [];
  return Math.max(0, ...runs.map((run) => run.replace(/\s/g, "").length / 2));
}

export function suricataProblems(record: string): Problem[] {
  const problems: Problem[] = [];
  const rule = record.slice(record.indexOf("alert") < 0 ? 0 : record.indexOf("alert"));
  const contents = [...rule.matchAll(/\bcontent:\s*!?"((?:\\.|[^"\\])*)"/g)].map((match) =>
    contentBytes(match[1] ?? ""),
  );
  const expressions = [...rule.matchAll(/\bpcre:\s*!?"\/((?:\\.|[^\\"])*)\/[A-Za-z]*"/g)].map(
    (match) => match[1] ?? "",
  );
  for (const source of expressions) {
    const hazard = regexpHazard(source);
    if (hazard === "nested") problems.push(slowRegexp.nested);
  }
  if (contents.length === 0 && expressions.length > 0) {
    problems.push({
      code: "RULE_ATOM_SHORT",
      message: "a pcre without a content in front of it runs on every packet",
    });
  } else if (contents.length > 0 && Math.max(...contents) < atomBytesMin - 1) {
    problems.push(shortAtom);
  }
  const options = rule.slice(rule.indexOf("(") + 1, rule.lastIndexOf(")")).split(";");
  const keys = options.map((one) => (one.split(":", 1)[0] ?? "").trim()).filter((key) => key !== "");
  if (/^\w+ \S+ any any (?:->|<>) any any /.test(rule) && keys.every((key) => descriptive.has(key))) {
    problems.push({
      code: "RULE_TOO_BROAD",
      message: "it matches every packet: from any to any, with nothing to look for",
    });
  }
  return problems;
}

/** Keywords that say something about the rule and nothing about packets. */
const descriptive = new Set([
  "msg",
  "sid",
  "rev",
  "gid",
  "classtype",
  "reference",
  "metadata",
  "priority",
  "target",
  "noalert",
]);

function contentBytes(text: string): number {
  const hex = text.replace(/\|([0-9A-Fa-f\s]*)\|/g, (_, bytes: string) =>
    "_".repeat(bytes.replace(/\s/g, "").length / 2),
  );
  return hex.replace(/\\./g, "_").length;
}

/** Hashes of nothing, and of what every disk holds. */
const commonHashes = new Set([
  ...["d41d8cd98f00b204e9800998ecf8427e", "da39a3ee5e6b4b0d3255bfef95601890afd80709"],
  "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
  ...["68b329da9893e34099c7d8ad5cb9c940", "adc83b19e793491b1c6ea0fd8b46cd9f32e592fc"],
  "01ba4719c80b6fe911b091a7c05124b64eeece964e09c058ef8f9805daca546b",
]);

export function isCommonHash(hex: string): boolean {
  return commonHashes.has(hex);
}

export function signatureProblems(record: string): Problem[] {
  const problems: Problem[] = [];
  const hash = hashIn(record);
  if (hash !== undefined && isCommonHash(hash)) {
    problems.push({
      code: "RULE_TOO_BROAD",
      message: `the hash of an empty file or of one line end: ${hash}`,
    });
  }
  for (const [, source] of record.matchAll(/\/((?:\\.|[^/\\;])+)\/[a-zA-Z]*(?=;|$)/g)) {
    if (regexpHazard(source ?? "") === "nested") problems.push(slowRegexp.nested);
  }
  return problems;
}

/** Of a hash signature: behind its name, a length and so many bytes. */
function hashIn(record: string): string | undefined {
  const at = record.indexOf("\0") + 1;
  const length = record.charCodeAt(at);
  if (![16, 20, 32].includes(length)) return undefined;
  return hexText(Uint8Array.from(record.slice(at + 1, at + 1 + length), (one) => one.charCodeAt(0)));
}
