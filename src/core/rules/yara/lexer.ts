/**
 * Source text to tokens, in one pass and in time linear in its length. Whatever is not a token is a finding
 * and is stepped over, so that one stray character does not hide what comes after it.
 */
import { quote } from "../../errors.js";
import type { FindingList } from "../source-text.js";
import { engineLimits, keywords, kind, signs, type Token } from "./tokens.js";

const integerFunction = /^u?int(?:8|16|32)(?:be)?$/;
/** The largest integer of the engine is 2^63 - 1. */
const integerMax = 2n ** 63n - 1n;
/** Signs that show that a closing brace was forgotten. */
const neverInHex = new Set(['"', "$", ":", "="]);

/** Always ends with a token of kind `end`. */
export function tokenize(text: string, findings: FindingList): Token[] {
  return new Lexer(text, findings).run();
}

class Lexer {
  readonly #text: string;
  readonly #findings: FindingList;
  readonly #tokens: Token[] = [];
  #at = 0;

  constructor(text: string, findings: FindingList) {
    this.#text = text;
    this.#findings = findings;
  }

  run(): Token[] {
    if (this.#text.charCodeAt(0) === 0xfeff) {
      this.#findings.error(
        0,
        "YARA_CHARACTER",
        "expected rules, got a byte order mark: save the file without it",
      );
      this.#at = 1;
    }
    while (this.#at < this.#text.length) this.#next();
    this.#push(kind.end, this.#text.length);
    return this.#tokens;
  }

  #next(): void {
    const code = this.#text.charCodeAt(this.#at);
    if (code === 32 || (code >= 9 && code <= 13 && code !== 11 && code !== 12)) this.#at++;
    else if (isWordStart(code)) this.#word();
    else if (isDigit(code)) this.#number();
    else if (code === 0x22) this.#textLiteral();
    else if (code === 0x2f) this.#slash();
    else if (code === 0x7b && this.#tokens.at(-1)?.kind === "=") this.#hexLiteral();
    else this.#sign(code);
  }

  #push(tokenKind: string, end: number): void {
    this.#tokens.push({ kind: tokenKind, start: this.#at, end });
    this.#at = end;
  }

  #word(): void {
    const end = this.#wordEnd(this.#at + 1);
    const word = this.#text.slice(this.#at, end);
    if (keywords.has(word)) this.#push(word, end);
    else if (word === "include" && this.#include(end)) return;
    else if (integerFunction.test(word)) this.#push(kind.integerFunction, end);
    else {
      if (word.length > engineLimits.identifierCharactersMax) {
        this.#error("YARA_IDENTIFIER_TOO_LONG", `expected at most 128 characters, got ${word.length}`);
      }
      this.#push(kind.identifier, end);
    }
  }

  /** An include reads another file at compile time, so a rule would depend on what lies beside it. */
  #include(afterWord: number): boolean {
    let at = afterWord;
    while (this.#text[at] === " " || this.#text[at] === "\t") at++;
    if (at === afterWord || this.#text[at] !== '"') return false;
    let end = at + 1;
    while (end < this.#text.length && this.#text[end] !== '"' && this.#text[end] !== "\n") end++;
    const path = this.#text.slice(at + 1, end);
    this.#error("YARA_INCLUDE_REFUSED", `expected rules in this file, got an include of ${quote(path)}`);
    this.#at = this.#text[end] === '"' ? end + 1 : end;
    return true;
  }

  #number(): void {
    const text = this.#text;
    let end = this.#at;
    if (text[end] === "0" && text[end + 1] === "x" && isHexDigit(text.charCodeAt(end + 2))) {
      end += 2;
      while (isHexDigit(text.charCodeAt(end))) end++;
    } else if (text[end] === "0" && text[end + 1] === "o" && isOctalDigit(text.charCodeAt(end + 2))) {
      end += 2;
      while (isOctalDigit(text.charCodeAt(end))) end++;
    } else {
      while (isDigit(text.charCodeAt(end))) end++;
      if (text[end] === "." && isDigit(text.charCodeAt(end + 1))) {
        end++;
        while (isDigit(text.charCodeAt(end))) end++;
        this.#push(kind.float, end);
        return;
      }
      if (text[end + 1] === "B" && (text[end] === "K" || text[end] === "M")) end += 2;
    }
    this.#checkInteger(end);
    this.#push(kind.integer, end);
  }

  #checkInteger(end: number): void {
    if (end - this.#at < 13) return;
    const digits = this.#text.slice(this.#at, end);
    const unit = digits.endsWith("KB") ? 1024n : digits.endsWith("MB") ? 1048576n : 1n;
    // A number of thousands of digits is too large without being computed.
    const tooLarge =
      digits.length > 100 || BigInt(unit === 1n ? digits : digits.slice(0, -2)) * unit > integerMax;
    if (tooLarge) this.#error("YARA_INTEGER_TOO_LARGE", `expected at most 2^63 - 1, got ${quote(digits)}`);
  }

  #textLiteral(): void {
    const text = this.#text;
    let bytes = 0;
    for (let at = this.#at + 1; ; at++) {
      const code = at < text.length ? text.charCodeAt(at) : 10;
      if (code === 0x22) {
        this.#checkLiteralBytes(bytes);
        this.#push(kind.text, at + 1);
        return;
      }
      if (code === 10) {
        this.#error("YARA_STRING_UNTERMINATED", "expected a closing quote on the same line");
        this.#push(kind.text, Math.min(at, text.length));
        return;
      }
      if (code === 0) this.#findings.error(at, "YARA_CHARACTER", "expected text, got a NUL character");
      if (code === 0x5c) at += this.#escape(at);
      bytes += utf8Length(code);
    }
  }

  /** How many more characters the escape takes after its backslash. */
  #escape(at: number): number {
    const text = this.#text;
    const letter = text[at + 1];
    if (letter !== undefined && 'tnr"\\'.includes(letter)) return 1;
    if (letter === "x" && isHexDigit(text.charCodeAt(at + 2)) && isHexDigit(text.charCodeAt(at + 3)))
      return 3;
    const shown = quote(text.slice(at, at + 2).replace(/\r?\n/, ""));
    this.#findings.error(at, "YARA_ESCAPE", `expected one of \\t \\r \\n \\" \\\\ \\xHH, got ${shown}`);
    return 0;
  }

  #checkLiteralBytes(bytes: number): void {
    if (bytes <= engineLimits.literalBytesMax) return;
    this.#error(
      "YARA_STRING_TOO_LONG",
      `expected at most ${engineLimits.literalBytesMax} bytes, got ${bytes}`,
    );
  }

  /** A comment or a regular expression: integer division is written with a backslash. */
  #slash(): void {
    const text = this.#text;
    const next = text[this.#at + 1];
    if (next === "/") {
      const end = text.indexOf("\n", this.#at);
      this.#at = end < 0 ? text.length : end;
    } else if (next === "*") {
      const end = text.indexOf("*/", this.#at + 2);
      // The engine takes the rest of the file for the comment without a word; a file cut short would then
      // pass.
      if (end < 0) this.#error("YARA_COMMENT_UNTERMINATED", "expected */ before the end of the file");
      this.#at = end < 0 ? text.length : end + 2;
    } else this.#regexp();
  }

  #regexp(): void {
    const text = this.#text;
    let bytes = 0;
    for (let at = this.#at + 1; ; at++) {
      const code = at < text.length ? text.charCodeAt(at) : 10;
      if (code === 10) {
        this.#error("YARA_REGEXP_UNTERMINATED", "expected a closing slash on the same line");
        this.#push(kind.regexp, Math.min(at, text.length));
        return;
      }
      if (code === 0) this.#findings.error(at, "YARA_CHARACTER", "expected text, got a NUL character");
      if (code === 0x2f) {
        let end = at + 1;
        if (text[end] === "i") end++;
        if (text[end] === "s") end++;
        this.#checkLiteralBytes(bytes);
        this.#push(kind.regexp, end);
        return;
      }
      bytes += utf8Length(code);
      if (code === 0x5c && at + 1 < text.length && text.charCodeAt(at + 1) !== 10) {
        at++;
        // The engine stores an escaped slash as one byte.
        if (text[at] !== "/") bytes += utf8Length(text.charCodeAt(at));
      }
    }
  }

  /**
   * From `{` to its `}`; braces inside comments do not count. What is between is for hex-string.ts to
   * judge.
   */
  #hexLiteral(): void {
    const text = this.#text;
    let at = this.#at + 1;
    while (at < text.length && text[at] !== "}" && !neverInHex.has(text[at] as string)) {
      if (text[at] !== "/") at++;
      else if (text[at + 1] === "/") at = endOr(text.indexOf("\n", at), text.length);
      else if (text[at + 1] === "*") at = endOr(text.indexOf("*/", at + 2), text.length - 2) + 2;
      else at++;
    }
    if (text[at] === "}") {
      this.#push(kind.hex, at + 1);
      return;
    }
    this.#error("YARA_HEX_UNTERMINATED", "expected } at the end of the hex string");
    // Give the line back that cannot be hex, so that the next declaration is read.
    const newline = text.slice(this.#at, at).lastIndexOf("\n");
    this.#push(kind.hex, newline > 0 ? this.#at + newline : at);
  }

  #sign(code: number): void {
    const text = this.#text;
    if (code === 0x24 || code === 0x23 || code === 0x40 || (code === 0x21 && text[this.#at + 1] !== "=")) {
      const end = this.#wordEnd(this.#at + 1);
      if (code === 0x24 && text[end] === "*") {
        this.#push(kind.stringWildcard, end + 1);
        return;
      }
      const kinds = { 36: kind.string, 35: kind.count, 64: kind.offset, 33: kind.length } as const;
      this.#push(kinds[code as keyof typeof kinds], end);
      return;
    }
    const sign = signs.find((one) => text.startsWith(one, this.#at));
    if (sign !== undefined) {
      this.#push(sign, this.#at + sign.length);
      return;
    }
    let end = this.#at + 1;
    while (end < text.length && isStray(text.charCodeAt(end))) end++;
    this.#error("YARA_CHARACTER", `expected a word or a sign, got ${quote(text.slice(this.#at, end))}`);
    this.#at = end;
  }

  #wordEnd(from: number): number {
    let end = from;
    while (isWordPart(this.#text.charCodeAt(end))) end++;
    return end;
  }

  #error(code: string, message: string): void {
    this.#findings.error(this.#at, code, message);
  }
}

function endOr(index: number, otherwise: number): number {
  return index < 0 ? otherwise : index;
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}
function isOctalDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x37;
}
export function isHexDigit(code: number): boolean {
  return isDigit(code) || (code >= 0x41 && code <= 0x46) || (code >= 0x61 && code <= 0x66);
}
function isWordStart(code: number): boolean {
  return (code >= 0x61 && code <= 0x7a) || (code >= 0x41 && code <= 0x5a) || code === 0x5f;
}
function isWordPart(code: number): boolean {
  return isWordStart(code) || isDigit(code);
}
/** Characters that begin no token anywhere: they are reported in one piece. */
function isStray(code: number): boolean {
  return code > 0x7e || (code < 0x20 && code !== 9 && code !== 10 && code !== 13);
}

/** UTF-8 bytes of one UTF-16 unit; a surrogate is half of a character of four bytes. */
function utf8Length(code: number): number {
  if (code < 0x80) return 1;
  if (code < 0x800) return 2;
  return code >= 0xd800 && code <= 0xdfff ? 2 : 3;
}
