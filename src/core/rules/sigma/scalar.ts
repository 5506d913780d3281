/**
 * What readers of YAML make of a scalar, and how to write one so that all of them make the same of it.
 *
 * Sigma is YAML 1.2, but much of its tooling reads YAML 1.1, where `yes` is a truth value, `1_000` a number
 * and `2024-01-01` a date. A plain scalar that either version takes for something else than text is kept
 * plain and as it is written; text that was quoted is written plain only if both versions agree that it is
 * text.
 */
import type { ScalarNode } from "./tree.js";

export type ScalarType = "text" | "null" | "boolean" | "integer" | "float" | "unclear";

const nulls = new Set(["", "~", "null", "Null", "NULL"]);
const booleans = /^(?:true|True|TRUE|false|False|FALSE)$/;
const decimal = /^[-+]?(?:0|[1-9][0-9]*)$/;
const float = /^[-+]?(?:[0-9]+\.[0-9]*|\.[0-9]+)(?:[eE][-+][0-9]+)?$/;
/**
 * What one of the two versions reads as something else than text, and the other does not or not in the same
 * way.
 */
const unclear: readonly RegExp[] = [
  // YAML 1.1 truth values, and the words that both versions keep for floats and merging
  /^(?:[yYnN]|yes|Yes|YES|no|No|NO|on|On|ON|off|Off|OFF|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)|=|<<)$/,
  // integers of other bases, with underscores, or in base 60
  /^[-+]?(?:0b[01_]+|0o?[0-7_]+|0x[0-9a-fA-F_]+|[0-9][0-9_]*(?::[0-5]?[0-9])*)$/,
  // floats with underscores, a bare exponent, or in base 60
  /^[-+]?(?:[0-9][0-9_]*(?::[0-5]?[0-9])*)?(?:\.[0-9_]*)?(?:[eE][-+]?[0-9]+)?$/,
  // dates and times
  /^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}$/,
  /^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt]|[ \t]+)[0-9]{1,2}:[0-9]{2}:[0-9]{2}[-+Z0-9:. \t]*$/,
];

export function scalarType(scalar: ScalarNode): ScalarType {
  return scalar.plain ? plainType(scalar.text) : "text";
}

function plainType(text: string): ScalarType {
  if (nulls.has(text)) return "null";
  if (booleans.test(text)) return "boolean";
  if (decimal.test(text)) return "integer";
  if (float.test(text)) return "float";
  return unclear.some((pattern) => pattern.test(text)) ? "unclear" : "text";
}

/** The scalar on one line. */
export function formatScalar(scalar: ScalarNode): string {
  const type = scalarType(scalar);
  if (type === "null") return "null";
  if (type === "boolean") return scalar.text.toLowerCase();
  return type === "text" ? formatText(scalar.text) : scalar.text;
}

/**
 * Text on one line: plain where nobody can misread it, else in single quotes, else in double quotes with
 * escapes.
 */
export function formatText(text: string): string {
  if (isSafePlain(text)) return text;
  if (isPrintable(text)) return `'${text.replaceAll("'", "''")}'`;
  return `"${[...text].map(escapeCharacter).join("")}"`;
}

/**
 * Begins with a letter or digit, or a sign that means nothing to YAML; nothing inside that ends a plain
 * scalar.
 */
function isSafePlain(text: string): boolean {
  if (!/^[A-Za-z0-9/\\(.$_<^+;~]/.test(text) || !isPrintable(text)) return false;
  if (/: |:$| #| $|^(?:---|\.\.\.)/.test(text) || /[,[\]{}]/.test(text[0] as string)) return false;
  return plainType(text) === "text";
}

/** Text that may stand in a block as it is. */
export function isBlockText(text: string): boolean {
  return (
    text.includes("\n") &&
    !text.startsWith(" ") &&
    !text.startsWith("\n") &&
    isPrintable(text.replaceAll("\n", ""))
  );
}

/** YAML 1.2 §5.1 without line breaks, byte order marks and what turns the direction of text. */
function isPrintable(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code >= 0x20 && code < 0x7f) continue;
    if (code < 0xa0 || code === 0x2028 || code === 0x2029 || code === 0xfeff || code >= 0xfffe) return false;
    if ((code >= 0x200b && code <= 0x200f) || (code >= 0x202a && code <= 0x202e)) return false;
    if (code >= 0x2066 && code <= 0x2069) return false;
  }
  return true;
}

const escapes: Readonly<Record<string, string>> = {
  "\n": "\\n",
  "\t": "\\t",
  "\r": "\\r",
  '"': '\\"',
  "\\": "\\\\",
};

function escapeCharacter(character: string): string {
  const short = escapes[character];
  if (short !== undefined) return short;
  if (isPrintable(character)) return character;
  const code = character.codePointAt(0) as number;
  if (code <= 0xff) return `\\x${code.toString(16).padStart(2, "0")}`;
  if (code <= 0xffff) return `\\u${code.toString(16).padStart(4, "0")}`;
  return `\\U${code.toString(16).padStart(8, "0")}`;
}
