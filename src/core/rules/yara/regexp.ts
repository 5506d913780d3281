/**
 * Regular expressions, checked against the engine's own dialect. They are kept as written: two spellings of
 * one expression are the author's business, and a rewrite could change what it matches.
 *
 * One pass over the text with a stack of open groups: linear, and no depth of the input reaches our own
 * stack.
 */
import { quote } from "../../errors.js";
import { isHexDigit } from "./lexer.js";
import { engineLimits, nestingMax } from "./tokens.js";

export type RegexpReport = (offset: number, code: string, message: string) => void;

const repeat = /\{(?:(\d*) *(,) *(\d*)|(\d+))\}/y;

/**
 * `literal` is `/…/` with flags; offsets in reports count from its first slash. `inStrings`: a declared
 * string, not a condition.
 */
export function checkRegexp(literal: string, inStrings: boolean, report: RegexpReport): void {
  const end = literal.lastIndexOf("/");
  // Cut off by the end of the line: the lexer has said so.
  if (end < 1) return;
  if (end === 1)
    report(0, "YARA_REGEXP_SYNTAX", "expected a regular expression between the slashes, got none");
  else new RegexpChecker(literal, end, report).check(inStrings);
}

/** `single`: a quantifier may follow. `whole`: a piece that takes none. */
type Last = "nothing" | "single" | "whole";

class RegexpChecker {
  readonly #text: string;
  readonly #end: number;
  readonly #report: RegexpReport;
  readonly #open: number[] = [];
  #last: Last = "nothing";
  #greedy = false;
  #ungreedy = false;
  #at = 1;

  constructor(text: string, end: number, report: RegexpReport) {
    this.#text = text;
    this.#end = end;
    this.#report = report;
  }

  check(inStrings: boolean): void {
    while (this.#at < this.#end) this.#piece(this.#text[this.#at] as string);
    for (const offset of this.#open) this.#error(offset, "expected a closing parenthesis");
    if (inStrings && this.#greedy && this.#ungreedy) {
      this.#error(0, "expected quantifiers that are all greedy or all ungreedy, got both kinds");
    }
  }

  #error(offset: number, message: string): void {
    this.#report(offset, "YARA_REGEXP_SYNTAX", message);
  }

  #piece(character: string): void {
    switch (character) {
      case "(":
        if (this.#open.length === nestingMax)
          this.#report(this.#at, "YARA_NESTING", "expected at most 200 groups");
        this.#open.push(this.#at++);
        this.#last = "nothing";
        return;
      case ")":
        this.#closeGroup();
        return;
      case "|":
        if (this.#last === "nothing" && !this.#afterBar())
          this.#error(this.#at, "expected something before |");
        this.#at++;
        this.#last = "nothing";
        return;
      case "*":
      case "+":
      case "?":
        this.#quantifier(this.#at + 1);
        return;
      case "{":
        this.#brace();
        return;
      case "[":
        this.#class();
        return;
      case "\\":
        this.#escape();
        return;
      default:
        this.#at++;
        this.#last = character === "^" || character === "$" ? "whole" : "single";
    }
  }

  /** `a||b` holds an empty alternative, which the engine takes; `|a` and `(|a)` it does not. */
  #afterBar(): boolean {
    return this.#text[this.#at - 1] === "|";
  }

  #closeGroup(): void {
    if (this.#open.length === 0) this.#error(this.#at, "expected an opening parenthesis before )");
    else {
      this.#open.pop();
      if (this.#last === "nothing" && !this.#afterBar())
        this.#error(this.#at, "expected something in the group");
    }
    this.#at++;
    this.#last = "single";
  }

  #quantifier(end: number): void {
    const shown = this.#text.slice(this.#at, end);
    if (this.#last !== "single") this.#error(this.#at, `expected something to repeat before ${shown}`);
    const lazy = end < this.#end && this.#text[end] === "?";
    if (lazy) this.#ungreedy = true;
    else this.#greedy = true;
    this.#at = lazy ? end + 1 : end;
    this.#last = "whole";
  }

  /** A brace that is not a repetition is an ordinary character. */
  #brace(): void {
    repeat.lastIndex = this.#at;
    const match = repeat.exec(this.#text);
    if (match === null || repeat.lastIndex > this.#end) {
      this.#at++;
      this.#last = "single";
      return;
    }
    const [whole, low, comma, high, exact] = match;
    const from = Number(exact ?? (low || 0));
    const to = comma === undefined ? from : high ? Number(high) : engineLimits.repeatMax;
    if (to === 0) this.#error(this.#at, `expected a repetition of at least 1, got ${quote(whole)}`);
    if (from > engineLimits.repeatMax || to > engineLimits.repeatMax) {
      this.#error(
        this.#at,
        `expected a repetition of at most ${engineLimits.repeatMax}, got ${quote(whole)}`,
      );
    } else if (from > to) this.#error(this.#at, `expected the smaller bound first, got ${quote(whole)}`);
    this.#quantifier(this.#at + whole.length);
  }

  #escape(): void {
    const next = this.#text[this.#at + 1] as string;
    if (next >= "0" && next <= "9") this.#error(this.#at, "expected no back-reference: the engine has none");
    this.#last = next === "b" || next === "B" ? "whole" : "single";
    this.#at = this.#escapeEnd(this.#at);
  }

  /** Past the escape at `at`; the engine takes any character after a backslash, but `\x` wants two digits. */
  #escapeEnd(at: number): number {
    if (this.#text[at + 1] !== "x") return Math.min(at + 2, this.#end);
    if (isHexDigit(this.#text.charCodeAt(at + 2)) && isHexDigit(this.#text.charCodeAt(at + 3))) return at + 4;
    this.#error(at, `expected two hex digits after \\x, got ${quote(this.#text.slice(at, at + 4))}`);
    return at + 2;
  }

  #class(): void {
    const start = this.#at++;
    if (this.#text[this.#at] === "^") this.#at++;
    if (this.#text[this.#at] === "]") this.#at++;
    while (this.#at < this.#end && this.#text[this.#at] !== "]") this.#classItem();
    if (this.#at >= this.#end) this.#error(start, "expected ] at the end of the class");
    this.#at = Math.min(this.#at + 1, this.#end);
    this.#last = "single";
  }

  #classItem(): void {
    const start = this.#at;
    const from = this.#classCharacter(start);
    const dash = this.#at;
    if (this.#text[dash] !== "-" || dash + 1 >= this.#end || this.#text[dash + 1] === "]") return;
    const to = this.#classCharacter(dash + 1);
    if (to < from) {
      const shown = quote(this.#text.slice(start, this.#at));
      this.#error(start, `expected the lower end of a range first, got ${shown}`);
    }
  }

  /** The code of the character at `at`; moves past it. */
  #classCharacter(at: number): number {
    const text = this.#text;
    if (text[at] !== "\\") {
      this.#at = at + 1;
      const code = text.charCodeAt(at);
      if (code < 0x20 || code > 0x7e) this.#error(at, "expected an ASCII character in a class");
      return code;
    }
    this.#at = this.#escapeEnd(at);
    const letter = text[at + 1] as string;
    if (letter === "x") return Number.parseInt(text.slice(at + 2, at + 4), 16);
    const value = { n: 10, t: 9, r: 13, f: 12, a: 7 }[letter];
    return value ?? text.charCodeAt(at + 1);
  }
}
