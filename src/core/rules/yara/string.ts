/**
 * A declaration in `strings`: `$name = "text" wide`, `$name = /re/i`, `$name = { 4D 5A }`, in canonical
 * form.
 */
import { quote } from "../../errors.js";
import type { Cursor } from "./cursor.js";
import { readHexString } from "./hex-string.js";
import { checkRegexp } from "./regexp.js";
import type { RuleScope } from "./scope.js";
import { canonicalText, textBytes } from "./text-literal.js";
import { kind, type Token } from "./tokens.js";

/** The order in which modifiers stand in the canonical form; to the engine it means nothing. */
const order = ["ascii", "wide", "nocase", "fullword", "private", "xor", "base64", "base64wide"] as const;
type Modifier = (typeof order)[number];

const allowed: Readonly<Record<string, ReadonlySet<string>>> = {
  [kind.text]: new Set(order),
  [kind.regexp]: new Set(["ascii", "wide", "nocase", "fullword", "private"]),
  [kind.hex]: new Set(["private"]),
};

/** Pairs that the engine refuses. */
const conflicts: readonly (readonly [Modifier, Modifier])[] = [
  ["xor", "nocase"],
  ["base64", "nocase"],
  ["base64wide", "nocase"],
  ["base64", "fullword"],
  ["base64wide", "fullword"],
  ["base64", "xor"],
  ["base64wide", "xor"],
];

const defaultAlphabet = '"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"';

export function parseString(cursor: Cursor, scope: RuleScope): string {
  const token = cursor.next();
  const name = cursor.textOf(token);
  if (!scope.declare(name, token)) {
    cursor.error(
      token,
      "YARA_STRING_DUPLICATE",
      `expected a new name for the string, got ${quote(name)} again`,
    );
  }
  cursor.need("=");
  const literal = cursor.peek();
  const modifiersAllowed = allowed[literal.kind];
  if (modifiersAllowed === undefined) return cursor.stop("a text, hex or regular expression string");
  cursor.next();
  const value = readLiteral(cursor, literal);
  const modifiers = parseModifiers(cursor, literal, modifiersAllowed);
  return [name, "=", value, ...modifiers].join(" ");
}

function readLiteral(cursor: Cursor, token: Token): string {
  const text = cursor.textOf(token);
  const report = (offset: number, code: string, message: string) =>
    cursor.findings.error(token.start + offset, code, message);
  if (token.kind === kind.hex) {
    const hex = readHexString(text, report);
    if (hex.usesNot) {
      cursor.findings.warning(
        token.start,
        "YARA_NEEDS_NEWER_ENGINE",
        "the operator ~ in a hex string needs YARA 4.3",
      );
    }
    return hex.canonical;
  }
  if (token.kind === kind.regexp) {
    checkRegexp(text, true, report);
    return text;
  }
  if (text === '""')
    cursor.error(token, "YARA_STRING_EMPTY", "expected at least one byte to look for, got an empty string");
  return canonicalText(text);
}

function parseModifiers(cursor: Cursor, literal: Token, modifiersAllowed: ReadonlySet<string>): string[] {
  const found = new Map<string, string>();
  while (modifiersAllowed.has(cursor.peek().kind) && !cursor.atStatement()) {
    const token = cursor.next();
    if (found.has(token.kind)) {
      cursor.error(token, "YARA_MODIFIER", `expected each modifier once, got ${token.kind} again`);
    }
    found.set(token.kind, token.kind + parseArgument(cursor, token));
  }
  for (const [one, other] of conflicts) {
    if (found.has(one) && found.has(other)) {
      cursor.error(literal, "YARA_MODIFIER", `expected ${one} without ${other}, got both`);
    }
  }
  const [plain, wide] = [found.get("base64"), found.get("base64wide")];
  if (plain !== undefined && wide !== undefined && plain.slice(6) !== wide.slice(10)) {
    cursor.error(literal, "YARA_MODIFIER", "expected one alphabet for base64 and base64wide, got two");
  }
  return order.flatMap((modifier) => found.get(modifier) ?? []);
}

/** `(1-255)` after xor, `("…")` after base64; nothing where it says what is the default anyway. */
function parseArgument(cursor: Cursor, modifier: Token): string {
  if (!cursor.is("(")) return "";
  if (modifier.kind === "xor") return parseXorRange(cursor);
  if (modifier.kind !== "base64" && modifier.kind !== "base64wide") return "";
  cursor.next();
  const token = cursor.need(kind.text, "an alphabet of 64 characters");
  cursor.need(")");
  const alphabet = cursor.textOf(token);
  const bytes = textBytes(alphabet).length;
  if (bytes !== 64) cursor.error(token, "YARA_MODIFIER", `expected an alphabet of 64 bytes, got ${bytes}`);
  const canonical = canonicalText(alphabet);
  return canonical === defaultAlphabet ? "" : `(${canonical})`;
}

function parseXorRange(cursor: Cursor): string {
  const start = cursor.next();
  const low = Number(integerText(cursor));
  const high = cursor.take("-") ? Number(integerText(cursor)) : low;
  cursor.need(")");
  if (high > 255 || low > high) {
    cursor.error(start, "YARA_MODIFIER", `expected a range within 0-255 for xor, got ${low}-${high}`);
  }
  if (low === 0 && high === 255) return "";
  return low === high ? `(${low})` : `(${low}-${high})`;
}

function integerText(cursor: Cursor): string {
  const text = cursor.textOf(cursor.need(kind.integer));
  const factor = text.endsWith("KB") ? 1024 : text.endsWith("MB") ? 1048576 : 1;
  return factor === 1 ? text : String(Number(text.slice(0, -2)) * factor);
}
