/**
 * A JSON reader for bytes that an attacker may have written (RFC 8259, narrowed by SPEC §5.1).
 *
 * Every text it accepts means the same to every other JSON reader: strict UTF-8, no duplicate member, no lone surrogate,
 * no number but safe integers (so `1.0`, `1e0` and `-0`, which readers disagree about, are refused), a depth cap.
 */
import { VerificationError, quote } from "../errors.js";
import { limits } from "../limits.js";
import { utf8Text } from "./bytes.js";

export type JSONValue = null | boolean | number | string | readonly JSONValue[] | JSONObject;
export interface JSONObject {
  readonly [member: string]: JSONValue;
}

/** @throws VerificationError TEXT_NOT_UTF8, JSON_MALFORMED */
export function parseJSON(bytes: Uint8Array): JSONValue {
  return new Reader(utf8Text(bytes)).document();
}

export function isJSONObject(value: unknown): value is JSONObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const blank = /[ \t\n\r]*/y;
const integer = /-?(?:0|[1-9][0-9]*)/y;
/** A run of characters that stand for themselves; RFC 8259 §7 wants control characters escaped. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are exactly what is left out
const plain = /[^"\\\u0000-\u001f]*/y;
const escapes: Readonly<Record<string, string>> = {
  '"': '"',
  "\\": "\\",
  "/": "/",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
};

class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  document(): JSONValue {
    const value = this.#value(0);
    this.#take(blank);
    if (this.#at !== this.#text.length) this.#refuse("the end");
    return value;
  }

  #value(depth: number): JSONValue {
    if (depth > limits.jsonDepthMax) this.#refuse(`at most ${limits.jsonDepthMax} levels`);
    this.#take(blank);
    switch (this.#text[this.#at]) {
      case "{":
        return this.#object(depth);
      case "[":
        return this.#array(depth);
      case '"':
        return this.#string();
      case "t":
        return this.#word("true", true);
      case "f":
        return this.#word("false", false);
      case "n":
        return this.#word("null", null);
      default:
        return this.#number();
    }
  }

  #object(depth: number): JSONObject {
    const object: Record<string, JSONValue> = {};
    this.#at++;
    if (this.#next("}")) return object;
    do {
      this.#take(blank);
      if (this.#text[this.#at] !== '"') this.#refuse("a member name");
      const name = this.#string();
      // SPEC §5.1.5: a second member of the same name means different things to different readers.
      if (Object.hasOwn(object, name)) this.#refuse(`one member ${quote(name)}`);
      if (name === "__proto__") this.#refuse("a member name that is safe to assign");
      if (!this.#next(":")) this.#refuse("a colon");
      object[name] = this.#value(depth + 1);
    } while (this.#next(","));
    if (!this.#next("}")) this.#refuse("a comma or a closing brace");
    return object;
  }

  #array(depth: number): JSONValue[] {
    const array: JSONValue[] = [];
    this.#at++;
    if (this.#next("]")) return array;
    do array.push(this.#value(depth + 1));
    while (this.#next(","));
    if (!this.#next("]")) this.#refuse("a comma or a closing bracket");
    return array;
  }

  #string(): string {
    this.#at++;
    let text = this.#take(plain);
    while (this.#text[this.#at] === "\\") {
      text += this.#escape();
      text += this.#take(plain);
    }
    if (this.#text[this.#at++] !== '"') this.#refuse("a closing quotation mark");
    if (/\p{Surrogate}/u.test(text)) this.#refuse("whole characters");
    return text;
  }

  #escape(): string {
    const letter = this.#text[this.#at + 1] ?? "";
    const simple = escapes[letter];
    if (simple !== undefined) {
      this.#at += 2;
      return simple;
    }
    const digits = this.#text.slice(this.#at + 2, this.#at + 6);
    if (letter !== "u" || !/^[0-9a-fA-F]{4}$/.test(digits)) this.#refuse("an escape");
    this.#at += 6;
    return String.fromCharCode(Number.parseInt(digits, 16));
  }

  #number(): number {
    const digits = this.#take(integer);
    const value = Number(digits);
    const after = this.#text[this.#at] ?? "";
    if (digits === "" || ".eE".includes(after || " ")) this.#refuse("a value");
    if (!Number.isSafeInteger(value) || Object.is(value, -0)) this.#refuse("a safe integer");
    return value;
  }

  #word<T extends JSONValue>(word: string, value: T): T {
    if (!this.#text.startsWith(word, this.#at)) this.#refuse("a value");
    this.#at += word.length;
    return value;
  }

  /** Steps over blanks and, if it comes next, over `character`. */
  #next(character: string): boolean {
    this.#take(blank);
    if (this.#text[this.#at] !== character) return false;
    this.#at++;
    return true;
  }

  #take(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0] ?? "";
    this.#at += found.length;
    return found;
  }

  #refuse(expected: string): never {
    const got = this.#at < this.#text.length ? quote(this.#text.slice(this.#at, this.#at + 20)) : "the end";
    throw new VerificationError("JSON_MALFORMED", `expected ${expected} at ${this.#at}, got ${got}`);
  }
}
