/**
 * The condition expression of a Sigma rule.
 *
 *   or := and { "or" and }      and := not { "and" not }      not := [ "not" ] primary
 *   primary := "(" or ")" | ("1" | "any" | "all") "of" ("them" | pattern) | name
 *
 * A pipe begins an aggregation of the old style, which today's tools no longer take: it is kept as it is.
 */
import { quote } from "../../errors.js";

const depthMax = 64;
const tokenPattern = /[ \t\r\n]*([()|]|[^ \t\r\n()|]+)/y;
const namePattern = /^[A-Za-z0-9_.*?-]+$/;
const quantifiers = new Set(["1", "any", "all"]);
const words = new Set(["and", "or", "not", "of", "them"]);

export interface Reference {
  readonly offset: number;
  /** A name, a pattern with `*`, or `them`. */
  readonly pattern: string;
}

export interface ConditionResult {
  /** Single spaces, lower-case operators. */
  readonly canonical: string;
  readonly references: readonly Reference[];
  readonly problems: readonly { offset: number; message: string }[];
  /** Where an aggregation of the old style begins. */
  readonly pipeOffset: number | undefined;
}

interface Token {
  readonly offset: number;
  readonly text: string;
}

class ConditionStop extends Error {}

export function parseCondition(text: string): ConditionResult {
  return new ConditionParser(text).run();
}

class ConditionParser {
  readonly #tokens: Token[] = [];
  readonly #references: Reference[] = [];
  readonly #problems: { offset: number; message: string }[] = [];
  readonly #length: number;
  #pipe: { offset: number; text: string } | undefined;
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    this.#length = text.length;
    tokenPattern.lastIndex = 0;
    for (let match = tokenPattern.exec(text); match !== null; match = tokenPattern.exec(text)) {
      const word = match[1] as string;
      const offset = match.index + match[0].length - word.length;
      if (word === "|") {
        this.#pipe = { offset, text: text.slice(offset).trim().replace(/\s+/g, " ") };
        break;
      }
      const lower = word.toLowerCase();
      this.#tokens.push({ offset, text: words.has(lower) || quantifiers.has(lower) ? lower : word });
    }
  }

  run(): ConditionResult {
    try {
      this.#or();
      if (this.#at < this.#tokens.length) this.#stop("an operator or the end");
    } catch (error) {
      if (!(error instanceof ConditionStop)) throw error;
    }
    const spelled = this.#tokens.map((token) => token.text).join(" ");
    const canonical = spelled.replaceAll("( ", "(").replaceAll(" )", ")");
    return {
      canonical: this.#pipe === undefined ? canonical : `${canonical} ${this.#pipe.text}`,
      references: this.#references,
      problems: this.#problems,
      pipeOffset: this.#pipe?.offset,
    };
  }

  #take(word: string): boolean {
    if (this.#tokens[this.#at]?.text !== word) return false;
    this.#at++;
    return true;
  }

  #stop(expected: string): never {
    const token = this.#tokens[this.#at];
    const offset = token?.offset ?? this.#pipe?.offset ?? this.#length;
    const got = token === undefined ? (this.#pipe === undefined ? "the end" : "|") : quote(token.text);
    this.#problems.push({ offset, message: `expected ${expected}, got ${got}` });
    throw new ConditionStop();
  }

  #or(): void {
    if (++this.#depth > depthMax) this.#stop(`at most ${depthMax} levels of parentheses`);
    do this.#and();
    while (this.#take("or"));
    this.#depth--;
  }

  #and(): void {
    do {
      while (this.#take("not"));
      this.#primary();
    } while (this.#take("and"));
  }

  #primary(): void {
    const token = this.#tokens[this.#at];
    if (token === undefined) this.#stop("a name of a selection");
    if (this.#take("(")) {
      this.#or();
      if (!this.#take(")")) this.#stop("a closing parenthesis");
      return;
    }
    if (quantifiers.has(token.text) && this.#tokens[this.#at + 1]?.text === "of") {
      this.#at += 2;
      this.#reference("them or a pattern", true);
    } else this.#reference("a name of a selection", false);
  }

  #reference(expected: string, pattern: boolean): void {
    const token = this.#tokens[this.#at];
    const isName =
      token !== undefined && namePattern.test(token.text) && (pattern || !/[*?]/.test(token.text));
    if (token === undefined || !isName || (words.has(token.text) && !(pattern && token.text === "them"))) {
      this.#stop(expected);
    }
    this.#at++;
    if (!pattern && this.#tokens[this.#at]?.text === "of")
      this.#stop(`an operator after ${quote(token.text)}`);
    this.#references.push({ offset: token.offset, pattern: token.text });
  }
}

/**
 * Whether the reference means the selection. `them` leaves out names that begin with an underscore, as the
 * specification says.
 */
export function refersTo({ pattern }: Reference, name: string): boolean {
  if (pattern === "them") return !name.startsWith("_");
  if (!/[*?]/.test(pattern)) return pattern === name;
  return matchesWildcards(pattern, name);
}

/** `*` for any text, `?` for one character; two pointers, so that no pattern takes long. */
function matchesWildcards(pattern: string, name: string): boolean {
  let p = 0;
  let n = 0;
  let star = -1;
  let retry = 0;
  while (n < name.length) {
    if (pattern[p] === "*") {
      star = p++;
      retry = n;
    } else if (p < pattern.length && (pattern[p] === "?" || pattern[p] === name[n])) {
      p++;
      n++;
    } else if (star >= 0) {
      p = star + 1;
      n = ++retry;
    } else return false;
  }
  while (pattern[p] === "*") p++;
  return p === pattern.length;
}
