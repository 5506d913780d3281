/**
 * A place in the tokens. Syntax errors are thrown as `SyntaxStop` after they were recorded, and caught by
 * whoever knows where to go on; nothing else is ever thrown for what an author wrote.
 */
import { quote } from "../../errors.js";
import type { FindingList } from "../source-text.js";
import { kind, type Token } from "./tokens.js";

/** The finding is recorded already. */
export class SyntaxStop extends Error {}

export class Cursor {
  readonly text: string;
  readonly findings: FindingList;
  readonly tokens: readonly Token[];
  /**
   * 1 where the canonical form has no space before the token: calls, indexes, signs. The parser knows, the
   * layout asks.
   */
  readonly tight: Uint8Array;
  at = 0;
  /** The expression parser counts its levels here, so that no nesting of the input can exhaust our stack. */
  depth = 0;

  constructor(text: string, tokens: readonly Token[], findings: FindingList) {
    this.text = text;
    this.tokens = tokens;
    this.tight = new Uint8Array(tokens.length);
    this.findings = findings;
  }

  /** The token `ahead` places on; past the end, the end. */
  peek(ahead = 0): Token {
    return this.tokens[Math.min(this.at + ahead, this.tokens.length - 1)] as Token;
  }

  next(): Token {
    const token = this.peek();
    if (this.at < this.tokens.length - 1) this.at++;
    return token;
  }

  is(tokenKind: string, ahead = 0): boolean {
    return this.peek(ahead).kind === tokenKind;
  }

  /** Steps over the token if it is of that kind. */
  take(tokenKind: string): boolean {
    if (!this.is(tokenKind)) return false;
    this.next();
    return true;
  }

  need(tokenKind: string, what = describe(tokenKind)): Token {
    if (!this.is(tokenKind)) this.stop(what);
    return this.next();
  }

  textOf(token: Token): string {
    return this.text.slice(token.start, token.end);
  }

  /** The next token stands close to the one before it. */
  tighten(): void {
    this.tight[this.at] = 1;
  }

  error(token: Token, code: string, message: string): void {
    this.findings.error(token.start, code, message);
  }

  /** Records "expected …, got the next token" and throws. */
  stop(expected: string): never {
    const token = this.peek();
    const got = token.kind === kind.end ? token.kind : quote(this.textOf(token));
    this.error(token, "YARA_SYNTAX", `expected ${expected}, got ${got}`);
    throw new SyntaxStop();
  }

  /** `import "…"`, or the first of the words that lead up to `rule NAME`. */
  atStatement(): boolean {
    if (this.is("import")) return this.is(kind.text, 1);
    let ahead = 0;
    // A bound, or a long row of modifiers would be walked once for each of them.
    while (ahead < 4 && (this.is("private", ahead) || this.is("global", ahead))) ahead++;
    return this.is("rule", ahead) && this.is(kind.identifier, ahead + 1);
  }

  skipToStatement(): void {
    while (!this.is(kind.end) && !this.atStatement()) this.next();
  }
}

function describe(tokenKind: string): string {
  return /^(a|an|the) /.test(tokenKind) ? tokenKind : quote(tokenKind);
}
