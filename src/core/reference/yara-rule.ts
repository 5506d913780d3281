/** SPEC §3.12.2: one rule, from its modifiers to its closing brace. */
import { NotARule } from "./model.js";
import { checkNames, conditionLines } from "./yara-condition.js";
import type { YARACursor } from "./yara-cursor.js";
import { bytesOfText, hexLiteral, integerLiteral, textLiteral } from "./yara-literals.js";
import { checkRegexp } from "./yara-regexps.js";
import { integerValue } from "./yara-tokens.js";

/** What the file has said so far. */
export interface FileNames {
  readonly imports: Set<string>;
  readonly rules: Set<string>;
  /** Of sets of rules that were used: no later rule may be in one. */
  readonly prefixes: string[];
}

const modifierOrder = ["ascii", "wide", "nocase", "fullword", "private", "xor", "base64", "base64wide"];
const modifiersOf: Readonly<Record<string, readonly string[]>> = {
  text: modifierOrder,
  regexp: modifierOrder.slice(0, 5),
  hex: ["private"],
};
const defaultAlphabet = '("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")';
const refusedPairs =
  "xor nocase,base64 nocase,base64wide nocase,base64 fullword,base64wide fullword,base64 xor,base64wide xor".split(
    ",",
  );

export function ruleText(cursor: YARACursor, names: FileNames): string {
  const flags = new Set<string>();
  while (cursor.isWord("global") || cursor.isWord("private")) flags.add(cursor.word());
  cursor.need("rule");
  const name = cursor.word();
  const taken = names.rules.has(name) || names.prefixes.some((prefix) => name.startsWith(prefix));
  names.rules.add(name);
  if (taken) throw new NotARule(`another rule ${name}`);
  const head = [
    ...["global", "private"].filter((flag) => flags.has(flag)),
    "rule",
    name,
    ...tagsOf(cursor),
  ].join(" ");
  cursor.need("{");
  const meta = section(cursor, "meta", () => metaLine(cursor));
  const strings: string[] = [];
  const declared = section(cursor, "strings", () => stringLine(cursor, strings));
  cursor.need("condition");
  cursor.need(":");
  const from = cursor.at;
  while (!cursor.isSign("}")) cursor.next();
  const condition = cursor.tokens.slice(from, cursor.at);
  if (condition.length === 0) throw new NotARule("no condition");
  for (const prefix of checkNames(condition, { strings, ...names })) names.prefixes.push(prefix);
  const lines = [head, "{", ...meta, ...declared, "    condition:", ...conditionLines(condition), "}"];
  cursor.need("}");
  return lines.join("\n");
}

function tagsOf(cursor: YARACursor): string[] {
  if (!cursor.isSign(":")) return [];
  cursor.next();
  const tags: string[] = [];
  do {
    const tag = cursor.word();
    if (tags.includes(tag)) throw new NotARule(`a tag ${tag} twice`);
    tags.push(tag);
  } while (!cursor.isSign("{"));
  return [":", ...tags];
}

function section(cursor: YARACursor, word: "meta" | "strings", line: () => string): string[] {
  if (!cursor.isWord(word)) return [];
  cursor.next();
  cursor.need(":");
  const lines = [`    ${word}:`];
  do lines.push(`        ${line()}`);
  while (!(cursor.isWord("strings") || cursor.isWord("condition")) || !cursor.isSign(":", 1));
  return lines;
}

function metaLine(cursor: YARACursor): string {
  const name = cursor.word();
  cursor.need("=");
  const sign = cursor.isSign("-") ? cursor.next().text : "";
  const { kind, text } = cursor.next();
  if (kind === "integer") return `${name} = ${sign}${integerLiteral(text)}`;
  if (sign !== "") throw new NotARule("no number behind the sign");
  if (kind === "text") return `${name} = ${textLiteral(text)}`;
  if (text !== "true" && text !== "false") throw new NotARule("no value");
  return `${name} = ${text}`;
}

function stringLine(cursor: YARACursor, strings: string[]): string {
  const name = cursor.next();
  if (name.kind !== "string") throw new NotARule("no name of a string");
  if (name.text !== "$" && strings.includes(name.text)) throw new NotARule(`a string ${name.text} twice`);
  strings.push(name.text);
  cursor.need("=");
  const { kind, text } = cursor.next();
  const allowed = modifiersOf[kind];
  if (allowed === undefined || text === '""') throw new NotARule("no string");
  if (kind === "regexp") checkRegexp(text, true);
  const value = kind === "hex" ? hexLiteral(text) : kind === "text" ? textLiteral(text) : text;
  return [name.text, "=", value, ...modifiers(cursor, allowed)].join(" ");
}

function modifiers(cursor: YARACursor, allowed: readonly string[]): string[] {
  const found = new Map<string, string>();
  while (cursor.peek().kind === "word" && allowed.includes(cursor.peek().text)) {
    const word = cursor.word();
    if (found.has(word)) throw new NotARule(`${word} twice`);
    const hasArgument = cursor.isSign("(") && /^(?:xor|base64|base64wide)$/.test(word);
    found.set(word, hasArgument ? (word === "xor" ? xorArgument(cursor) : alphabet(cursor)) : "");
  }
  for (const pair of refusedPairs)
    if (pair.split(" ").every((word) => found.has(word))) throw new NotARule(pair);
  const [plain, wide] = [found.get("base64"), found.get("base64wide")];
  if (plain !== undefined && wide !== undefined && plain !== wide) throw new NotARule("two alphabets");
  return modifierOrder.filter((word) => found.has(word)).map((word) => word + found.get(word));
}

function xorArgument(cursor: YARACursor): string {
  cursor.need("(");
  const low = integer(cursor);
  const isRange = cursor.isSign("-");
  if (isRange) cursor.next();
  const high = isRange ? integer(cursor) : low;
  cursor.need(")");
  if (low > high || high > 255n) throw new NotARule("a range for xor");
  if (low === 0n && high === 255n) return "";
  return low === high ? `(${low})` : `(${low}-${high})`;
}

function integer(cursor: YARACursor): bigint {
  const { kind, text } = cursor.next();
  if (kind !== "integer") throw new NotARule("no integer");
  return integerValue(text);
}

function alphabet(cursor: YARACursor): string {
  cursor.need("(");
  const { kind, text } = cursor.next();
  if (kind !== "text" || bytesOfText(text).length !== 64) throw new NotARule("no alphabet");
  cursor.need(")");
  const spelled = `(${textLiteral(text)})`;
  return spelled === defaultAlphabet ? "" : spelled;
}
