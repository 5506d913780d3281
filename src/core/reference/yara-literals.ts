/** SPEC §3.12.3: what stands behind the `=` of a string, in its one spelling. */
import { utf8Bytes } from "../encoding/bytes.js";
import { NotARule } from "./model.js";

const escapes: Readonly<Record<string, number>> = { t: 9, n: 10, r: 13, '"': 34, "\\": 92 };

/** The bytes between the quotes. */
export function bytesOfText(literal: string): Uint8Array {
  const bytes: number[] = [];
  for (const [, code, letter, plain] of literal.slice(1, -1).matchAll(/\\x(..)|\\(.)|([^\\]+)/gs)) {
    if (code !== undefined) bytes.push(Number.parseInt(code, 16));
    else if (letter !== undefined) bytes.push(escapes[letter] as number);
    else bytes.push(...utf8Bytes(plain as string));
  }
  return Uint8Array.from(bytes);
}

export function textLiteral(literal: string): string {
  const bytes = bytesOfText(literal);
  let text: string | undefined;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    text = undefined;
  }
  // U+FFFD stands for broken text in other places, so its bytes are written out too.
  const spelled =
    text === undefined || text.includes("\ufffd")
      ? Array.from(bytes, (byte) => (byte < 0x80 ? spell(String.fromCharCode(byte)) : hexEscape(byte)))
      : Array.from(text, spell);
  return `"${spelled.join("")}"`;
}

/** SPEC §3.12.7: what a reader cannot see is escaped. */
const unseen =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are among what is not seen
  /[\0-\x1f\x7f-\xa0\xad\u061c\u180e\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ue000-\uf8ff\ufeff\ufff0-\uffff\u{e0000}-\u{10ffff}]/u;

function spell(character: string): string {
  const short = { '"': '\\"', "\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r" }[character];
  if (short !== undefined) return short;
  return unseen.test(character) ? Array.from(utf8Bytes(character), hexEscape).join("") : character;
}

function hexEscape(byte: number): string {
  return `\\x${byte.toString(16).toUpperCase().padStart(2, "0")}`;
}

/** As written, but hexadecimal digits in lower case. */
export function integerLiteral(text: string): string {
  return text.startsWith("0x") ? text.toLowerCase() : text;
}

/** `{ 4D 5A ?? ~00 [4-6] ( 01 02 | A? ) }` */
export function hexLiteral(literal: string): string {
  const body = literal.slice(1, -1).replace(/\/\/[^\n]*|\/\*[\s\S]*?\*\//g, " ");
  const pieces = body.match(/~?[0-9A-Fa-f?]{2}|\[[^\]]*\]|[(|)]|[^ \t\r\n]/g) ?? [];
  const out: string[] = [];
  let depth = 0;
  /** What came last: nothing of a sequence yet, a byte or a group, a jump. */
  let last: "start" | "byte" | "jump" = "start";
  for (const piece of pieces) {
    if (piece === "(") {
      depth++;
      last = "start";
      out.push(piece);
    } else if (piece === "|" || piece === ")") {
      if (last !== "byte" || depth === 0) throw new NotARule("an alternative without an end");
      if (piece === ")") depth--;
      last = piece === ")" ? "byte" : "start";
      out.push(piece);
    } else if (piece.startsWith("[")) {
      if (last === "start") throw new NotARule("a jump at the beginning");
      out.push(jump(piece.slice(1, -1), depth > 0));
      last = "jump";
    } else {
      if (!/^~?[0-9A-Fa-f?]{2}$/.test(piece) || piece === "~??") throw new NotARule("no byte");
      out.push(piece.toUpperCase());
      last = "byte";
    }
  }
  if (last !== "byte" || depth > 0) throw new NotARule("no end of a hex string");
  return `{ ${out.join(" ")} }`;
}

function jump(text: string, inGroup: boolean): string {
  const [whole, low, dash, high] = /^\s*(\d*)\s*(?:(-)\s*(\d*))?\s*$/.exec(text) ?? [];
  if (whole === undefined || (low === "" && (dash === undefined || high !== "")))
    throw new NotARule("no jump");
  const [from, to] = [Number(low), high === undefined || high === "" ? undefined : Number(high)];
  const bounded = dash === undefined || to !== undefined;
  if (Math.max(from, to ?? 0) > 0x7fffffff || (to !== undefined && from > to))
    throw new NotARule("bounds of a jump");
  if (inGroup && (!bounded || Math.max(from, to ?? 0) > 200))
    throw new NotARule("a long jump in an alternative");
  if (dash === undefined && from === 0) throw new NotARule("a jump of nothing");
  return low === "" ? "[-]" : `[${from}${dash ?? ""}${to ?? ""}]`;
}
