/** A place among the tokens of a YARA file. */
import { NotARule } from "./model.js";
import { type YARAToken, yaraTokens } from "./yara-tokens.js";

const end: YARAToken = { kind: "bad", text: "", line: 0 };

export class YARACursor {
  readonly tokens: readonly YARAToken[];
  at = 0;

  constructor(text: string) {
    this.tokens = yaraTokens(text);
  }

  get done(): boolean {
    return this.at >= this.tokens.length;
  }

  peek(ahead = 0): YARAToken {
    return this.tokens[this.at + ahead] ?? end;
  }

  next(): YARAToken {
    const token = this.peek();
    if (token.kind === "bad")
      throw new NotARule(token.text === "" ? "the end of the file" : "no token of YARA");
    this.at++;
    return token;
  }

  isWord(text: string, ahead = 0): boolean {
    const token = this.peek(ahead);
    return token.kind === "word" && token.text === text;
  }

  isSign(text: string, ahead = 0): boolean {
    const token = this.peek(ahead);
    return token.kind === "sign" && token.text === text;
  }

  /** Steps over what must come next. */
  need(text: string): void {
    if (this.next().text !== text) throw new NotARule(`no ${text}`);
  }

  word(): string {
    const token = this.next();
    if (token.kind !== "word") throw new NotARule("no name");
    return token.text;
  }

  /** To the next import or rule, at least one token on where this is none. */
  skipToStatement(): void {
    while (!this.done && !this.#atStatement()) this.at++;
  }

  #atStatement(): boolean {
    if (this.isWord("import")) return this.peek(1).kind === "text";
    let ahead = 0;
    while (ahead < 4 && (this.isWord("private", ahead) || this.isWord("global", ahead))) ahead++;
    return this.isWord("rule", ahead) && this.peek(ahead + 1).kind === "word";
  }
}
