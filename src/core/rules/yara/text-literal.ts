/**
 * Text strings: the bytes they stand for, and their one canonical spelling.
 *
 * However an author escapes a byte, the canonical form is the same: printable ASCII and visible UTF-8 as they
 * are, the five short escapes, `\xHH` for the rest. What a reviewer cannot see is always escaped.
 */
import { utf8Bytes } from "../../encoding/bytes.js";
import { isHexDigit } from "./lexer.js";

const plain = /^"[ !#-[\]-~]*"?$/;
const shortEscapes: Readonly<Record<string, number>> = { t: 9, n: 10, r: 13, '"': 34, "\\": 92 };

/** The bytes between the quotes, as the engine takes them. The lexer has reported escapes that are none. */
export function textBytes(literal: string): Uint8Array {
  const body = literal.slice(1, literal.length > 1 && literal.endsWith('"') ? -1 : undefined);
  if (!body.includes("\\")) return utf8Bytes(body);
  const parts: number[] = [];
  let at = 0;
  while (at < body.length) {
    const next = body.indexOf("\\", at);
    const end = next < 0 ? body.length : next;
    for (const byte of utf8Bytes(body.slice(at, end))) parts.push(byte);
    if (next < 0) break;
    const letter = body[next + 1] ?? "";
    const value = shortEscapes[letter];
    if (value !== undefined) {
      parts.push(value);
      at = next + 2;
    } else if (
      letter === "x" &&
      isHexDigit(body.charCodeAt(next + 2)) &&
      isHexDigit(body.charCodeAt(next + 3))
    ) {
      parts.push(Number.parseInt(body.slice(next + 2, next + 4), 16));
      at = next + 4;
    } else at = next + 1;
  }
  return Uint8Array.from(parts);
}

export function canonicalText(literal: string): string {
  return plain.test(literal) ? literal : quoteBytes(textBytes(literal));
}

const lossy = new TextDecoder("utf-8", { ignoreBOM: true });

export function quoteBytes(bytes: Uint8Array): string {
  const text = lossy.decode(bytes);
  if (text.includes("\ufffd")) return `"${escapeBrokenUTF8(bytes)}"`;
  let out = "";
  for (const character of text) out += spell(character);
  return `"${out}"`;
}

/**
 * Bytes that are not UTF-8 throughout: everything above ASCII is escaped, which is plain and cannot be
 * misread.
 */
function escapeBrokenUTF8(bytes: Uint8Array): string {
  let out = "";
  for (const byte of bytes) out += byte < 0x80 ? spell(String.fromCharCode(byte)) : escapeByte(byte);
  return out;
}

function spell(character: string): string {
  const code = character.codePointAt(0) as number;
  if (code === 0x22 || code === 0x5c) return `\\${character}`;
  if (code >= 0x20 && code < 0x7f) return character;
  if (code === 9) return "\\t";
  if (code === 10) return "\\n";
  if (code === 13) return "\\r";
  if (code > 0xa0 && !isInvisible(code)) return character;
  let out = "";
  for (const byte of utf8Bytes(character)) out += escapeByte(byte);
  return out;
}

/**
 * Spaces of other widths, line separators, marks that turn the direction of the text, private and
 * unassigned planes.
 */
function isInvisible(code: number): boolean {
  return (
    code === 0xad ||
    code === 0x61c ||
    code === 0x180e ||
    code === 0x3000 ||
    code === 0xfeff ||
    (code >= 0x2000 && code <= 0x200f) ||
    (code >= 0x2028 && code <= 0x202f) ||
    (code >= 0x205f && code <= 0x206f) ||
    (code >= 0xe000 && code <= 0xf8ff) ||
    (code >= 0xfff0 && code <= 0xffff) ||
    code >= 0xe0000
  );
}

function escapeByte(byte: number): string {
  return `\\x${byte.toString(16).toUpperCase().padStart(2, "0")}`;
}
