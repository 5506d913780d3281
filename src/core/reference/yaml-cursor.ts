/** One YAML document, read from front to back: where one is, and the steps over what means nothing. */
import { NotARule } from "./model.js";

export class YAMLCursor {
  readonly text: string;
  readonly #firstLine: number;
  at = 0;

  /** Lines end with a line feed. */
  constructor(text: string, firstLine: number) {
    this.text = text;
    this.#firstLine = firstLine;
  }

  get line(): number {
    return this.#firstLine + this.text.slice(0, this.at).split("\n").length - 1;
  }

  /** Characters in front of this one on its line. */
  get column(): number {
    return this.at - (this.text.lastIndexOf("\n", this.at - 1) + 1);
  }

  get done(): boolean {
    return this.at >= this.text.length;
  }

  /** The character `ahead` of this one; "" behind the end. */
  peek(ahead = 0): string {
    return this.text[this.at + ahead] ?? "";
  }

  /** Whether what comes next is followed by white space or the end: then a `-` or `:` is an indicator. */
  isAlone(ahead: number): boolean {
    return " \t\n".includes(this.peek(ahead)) || this.peek(ahead) === "";
  }

  /** Takes what the pattern, which must be sticky, finds here. */
  take(pattern: RegExp): string {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text)?.[0] ?? "";
    this.at += found.length;
    return found;
  }

  skipBlanks(): void {
    this.take(/[ \t]*/y);
  }

  /** Over blanks, a comment, and if nothing stood on the line, over whole lines of them. Says whether a line ended. */
  skipToContent(): boolean {
    const line = this.text.lastIndexOf("\n", this.at - 1);
    for (;;) {
      const blanks = this.take(/[ \t]*/y);
      const atStart = this.at === 0 || blanks !== "" || this.text[this.at - 1] === "\n";
      if (this.peek() === "#" && atStart) this.take(/[^\n]*/y);
      if (this.peek() !== "\n") break;
      this.at++;
    }
    const ended = this.text.lastIndexOf("\n", this.at - 1) !== line;
    if (ended && /\t/.test(this.text.slice(this.at - this.column, this.at)) && !this.done)
      this.fail("a tab before the content");
    return ended;
  }

  fail(message: string): never {
    throw new NotARule(`no YAML: ${message}, line ${this.line}`);
  }
}
