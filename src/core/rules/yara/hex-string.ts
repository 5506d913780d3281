/**
 * Hex strings: checked as the engine checks them, and written in one way: upper case, single spaces, no
 * comments.
 *
 *   `{ 4D 5A ?? ~00 [4-6] ( 01 02 | A? ) }`
 */
import { quote } from "../../errors.js";
import { isHexDigit } from "./lexer.js";
import { engineLimits, nestingMax } from "./tokens.js";

export type HexReport = (offset: number, code: string, message: string) => void;

export interface HexString {
  readonly canonical: string;
  /** `~` needs YARA 4.3. */
  readonly usesNot: boolean;
}

/** `literal` runs from `{` to `}`; offsets in reports count from its first character. */
export function readHexString(literal: string, report: HexReport): HexString {
  return new HexReader(literal, report).read();
}

const jumpBounds = /^[ \t\r\n]*(?:(\d+)[ \t\r\n]*(?:(-)[ \t\r\n]*(\d+)?)?|-)[ \t\r\n]*$/;

/** What may stand before the next piece. */
type Place = "first" | "after byte" | "after jump";

class HexReader {
  readonly #text: string;
  readonly #report: HexReport;
  readonly #out: string[] = [];
  /** Offsets of the parentheses that are open. */
  readonly #open: number[] = [];
  #place: Place = "first";
  #at = 1;
  #jumpAt = 0;
  #usesNot = false;

  constructor(literal: string, report: HexReport) {
    this.#text = literal;
    this.#report = report;
  }

  read(): HexString {
    const end = this.#text.endsWith("}") ? this.#text.length - 1 : this.#text.length;
    while (this.#at < end) this.#piece(this.#text[this.#at] as string);
    this.#closeSequence(end, "the end");
    for (const offset of this.#open)
      this.#report(offset, "YARA_HEX_SYNTAX", "expected a closing parenthesis");
    return { canonical: `{ ${this.#out.join(" ")} }`, usesNot: this.#usesNot };
  }

  #piece(character: string): void {
    if (character === " " || character === "\n" || character === "\t" || character === "\r") this.#at++;
    else if (character === "/") this.#comment();
    else if (character === "[") this.#jump();
    else if (character === "(") this.#group();
    else if (character === ")" || character === "|") this.#endAlternative(character);
    else this.#byte();
  }

  #comment(): void {
    const text = this.#text;
    const next = text[this.#at + 1];
    const end = next === "/" ? text.indexOf("\n", this.#at) : text.indexOf("*/", this.#at + 2) + 2;
    if (next !== "/" && next !== "*") this.#stray();
    else this.#at = end < 2 ? text.length : end;
  }

  #byte(): void {
    const text = this.#text;
    const start = this.#at;
    const negated = text[start] === "~";
    const digits = text.slice(start + (negated ? 1 : 0), start + (negated ? 3 : 2));
    const good = [...digits].filter((one) => one === "?" || isHexDigit(one.charCodeAt(0))).length;
    if (good === 0 && !negated) {
      this.#stray();
      return;
    }
    if (good < 2) {
      const expected = negated ? "a byte after ~" : "two digits for a byte";
      this.#report(start, "YARA_HEX_SYNTAX", `expected ${expected}, got ${quote(digits)}`);
    } else if (negated && digits === "??") {
      this.#report(start, "YARA_HEX_SYNTAX", "expected a byte after ~ that excludes something, got ??");
    }
    this.#usesNot ||= negated;
    this.#at = start + (negated ? 1 : 0) + Math.max(good, negated ? 0 : 1);
    this.#out.push(text.slice(start, this.#at).toUpperCase());
    this.#place = "after byte";
  }

  #jump(): void {
    const start = this.#at;
    const close = this.#text.indexOf("]", start);
    const end = close < 0 ? this.#text.length : close + 1;
    const inside = this.#text.slice(start + 1, close < 0 ? end : close);
    const parts = inside.length > 100 ? null : jumpBounds.exec(inside);
    if (close < 0 || parts === null) {
      this.#report(start, "YARA_HEX_JUMP", `expected [n], [n-m], [n-] or [-], got ${quote(`[${inside}]`)}`);
    } else this.#checkJump(start, parts);
    if (this.#place === "first") {
      this.#report(start, "YARA_HEX_JUMP", "expected a byte before a jump, not a jump at the beginning");
    }
    this.#jumpAt = start;
    this.#at = end;
    this.#place = "after jump";
  }

  #checkJump(start: number, [, low, dash, high]: RegExpExecArray): void {
    const from = low === undefined ? undefined : Number(low);
    const to = high === undefined ? undefined : Number(high);
    const bounded = to !== undefined || (from !== undefined && dash === undefined);
    const problem = jumpProblem(from, to, bounded, this.#open.length > 0);
    if (problem !== undefined) this.#report(start, "YARA_HEX_JUMP", `expected ${problem}`);
    this.#out.push(from === undefined ? "[-]" : `[${from}${dash ?? ""}${to ?? ""}]`);
  }

  #group(): void {
    if (this.#open.length === nestingMax) {
      this.#report(this.#at, "YARA_NESTING", `expected at most ${nestingMax} levels of parentheses`);
    }
    this.#open.push(this.#at++);
    this.#out.push("(");
    this.#place = "first";
  }

  #endAlternative(character: string): void {
    this.#closeSequence(this.#at, character);
    if (this.#open.length === 0) {
      this.#report(this.#at, "YARA_HEX_SYNTAX", `expected a byte, got ${character} outside an alternative`);
    } else if (character === ")") this.#open.pop();
    this.#out.push(character);
    this.#at++;
    this.#place = character === ")" ? "after byte" : "first";
  }

  /** A sequence begins and ends with a byte or an alternative, never with a jump, and is never empty. */
  #closeSequence(offset: number, before: string): void {
    if (this.#place === "first") {
      this.#report(offset, "YARA_HEX_SYNTAX", `expected a byte before ${before}`);
    } else if (this.#place === "after jump") {
      this.#report(this.#jumpAt, "YARA_HEX_JUMP", `expected a byte after a jump, got ${before}`);
    }
  }

  #stray(): void {
    const start = this.#at;
    let end = start + 1;
    while (end < this.#text.length && !/[\s0-9A-Fa-f?~()|[\]{}/]/.test(this.#text[end] as string)) end++;
    this.#report(start, "YARA_HEX_SYNTAX", `expected hex digits, got ${quote(this.#text.slice(start, end))}`);
    this.#at = end;
  }
}

function jumpProblem(
  from: number | undefined,
  to: number | undefined,
  bounded: boolean,
  inside: boolean,
): string | undefined {
  const longest = Math.max(from ?? 0, to ?? 0);
  if (longest > 0x7fffffff) return "a jump below 2^31";
  if (inside && !bounded) return "a bounded jump inside an alternative";
  if (inside && longest > engineLimits.alternativeJumpMax)
    return "a jump of at most 200 inside an alternative";
  if (bounded && to === undefined && from === 0) return "a jump of at least 1";
  if (to !== undefined && (from ?? 0) > to) return "the smaller bound of a jump first";
  return undefined;
}
