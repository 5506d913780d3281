/**
 * Logical expressions over subsignatures: `(0|1)>3,2&2`. Numbers count from 0; `=`, `<` and `>` count matches, behind a comma the
 * number of different ones that must match.
 */
import { quoteBytes } from "../source-lines.js";
import type { Field, Report } from "./fields.js";

export const subsignaturesMax = 64;
const depthMax = 32;

export interface LogicalExpression {
  /** Without white space and leading zeros. */
  readonly canonical: string;
  /** The greatest number in it; -1 when it could not be read. */
  readonly greatest: number;
}

class Malformed extends Error {
  constructor(
    readonly offset: number,
    message: string,
  ) {
    super(message);
  }
}

export function readExpression(field: Field, report: Report): LogicalExpression {
  try {
    return new ExpressionParser(field, report).parse();
  } catch (problem) {
    if (!(problem instanceof Malformed)) throw problem;
    report(field.offset + problem.offset, "CLAMAV_EXPRESSION", problem.message);
    return { canonical: field.text, greatest: -1 };
  }
}

class ExpressionParser {
  private at = 0;
  private greatest = -1;
  private canonical = "";

  private readonly text: string;

  constructor(
    private readonly field: Field,
    private readonly report: Report,
  ) {
    this.text = field.text;
  }

  parse(): LogicalExpression {
    this.parseTerms(0);
    if (this.at < this.text.length) this.fail(`expected & or | or the end, got ${this.got()}`);
    return { canonical: this.canonical, greatest: this.greatest };
  }

  /** @returns whether there is an operator between the terms. */
  private parseTerms(depth: number): boolean {
    let combined = false;
    for (;;) {
      this.parseTerm(depth);
      const c = this.peek();
      if (c !== "&" && c !== "|") return combined;
      combined = true;
      this.take(c);
    }
  }

  private parseTerm(depth: number): void {
    let countable = true;
    if (this.peek() === "(") {
      if (depth === depthMax) this.fail(`expected parentheses at most ${depthMax} deep`);
      const open = this.at;
      this.take("(");
      countable = this.parseTerms(depth + 1);
      if (this.peek() !== ")") {
        if (this.at === this.text.length) this.at = open;
        this.fail('expected a ")" that closes the "("');
      }
      this.take(")");
    } else {
      const number = this.takeNumber("the number of a subsignature");
      if (number >= subsignaturesMax) this.fail(`expected a number below ${subsignaturesMax}, got ${number}`);
      this.greatest = Math.max(this.greatest, number);
    }
    const c = this.peek();
    if (c !== "=" && c !== ">" && c !== "<") return;
    // The engine refuses to count a group that combines nothing.
    if (!countable) this.fail("expected & or | directly inside the parentheses that are counted");
    this.take(c);
    const second = this.peek();
    if (second === "=" || second === ">" || second === "<") {
      this.warn("expected one comparison sign, got two, which the engine lets pass");
      this.take(second);
    }
    this.takeNumber("a number of matches");
    while (this.peek() === ",") {
      this.take(",");
      if (/\d/.test(this.peek() ?? "")) this.takeNumber("a number of different matches");
      else this.warn("expected a number behind the comma, got none, which the engine lets pass");
    }
  }

  private warn(message: string): void {
    this.report(this.field.offset + this.at, "CLAMAV_EXPRESSION", message, "warning");
  }

  private peek(): string | undefined {
    while (this.text[this.at] === " ") this.at++;
    return this.text[this.at];
  }

  private take(c: string): void {
    this.canonical += c;
    this.at++;
  }

  private takeNumber(expected: string): number {
    this.peek();
    const digits = /^\d{1,9}/.exec(this.text.slice(this.at, this.at + 9))?.[0];
    if (digits === undefined) this.fail(`expected ${expected}, got ${this.got()}`);
    this.at += digits.length;
    this.canonical += Number(digits);
    return Number(digits);
  }

  private got(): string {
    return this.at < this.text.length ? quoteBytes(this.text.slice(this.at, this.at + 1)) : "the end";
  }

  private fail(message: string): never {
    throw new Malformed(this.at, message);
  }
}
