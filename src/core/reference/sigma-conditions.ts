/** SPEC §3.10.5: conditions, and the selections to which they refer. */
import { NotARule } from "./model.js";
import { isNull } from "./sigma-text.js";
import { type YAMLMap, type YAMLNode, type YAMLScalar, isList, isMap, isScalar } from "./yaml-tree.js";

const operators = ["and", "or", "not", "of", "them", "1", "any", "all"];
const depthMax = 64;

/** `other`: the member beside `condition` that is no selection. */
export function withCanonicalConditions(body: YAMLMap, other: "rules" | "timeframe"): YAMLMap {
  const selections = [...body.entries.values()].filter(
    ({ key }) => key.text !== "condition" && key.text !== other,
  );
  for (const { key, value } of selections) {
    const size = isList(value) ? value.items.length : isMap(value) ? value.entries.size : 0;
    if (size === 0) throw new NotARule(`an empty selection ${key.text}`);
  }
  const names = selections.map(({ key }) => key.text);
  const condition = body.entries.get("condition");
  if (condition === undefined || (isList(condition.value) && condition.value.items.length === 0))
    throw new NotARule("no condition");
  const value: YAMLNode = isList(condition.value)
    ? { items: condition.value.items.map((one) => canonical(one, names)) }
    : canonical(condition.value, names);
  return { line: body.line, entries: new Map(body.entries).set("condition", { key: condition.key, value }) };
}

function canonical(node: YAMLNode, names: readonly string[]): YAMLScalar {
  if (!isScalar(node) || isNull(node)) throw new NotARule("a condition that is no text");
  const [, expression = "", pipe = ""] = /^([^|]*)(\|.*)?$/s.exec(node.text) as RegExpExecArray;
  const words = (expression.match(/[()]|[^ \t\r\n()]+/g) ?? []).map((word) => {
    const lower = word.toLowerCase();
    return operators.includes(lower) ? lower : word;
  });
  const parser = new Parser(words, names);
  parser.alternatives(0);
  parser.end();
  const text = words.join(" ").replace(/\( /g, "(").replace(/ \)/g, ")");
  return { text: pipe === "" ? text : `${text} ${pipe.trim().replace(/\s+/g, " ")}`, plain: false };
}

class Parser {
  readonly #words: readonly string[];
  readonly #names: readonly string[];
  #at = 0;

  constructor(words: readonly string[], names: readonly string[]) {
    this.#words = words;
    this.#names = names;
  }

  end(): void {
    if (this.#at < this.#words.length) throw new NotARule("more behind a condition");
  }

  alternatives(depth: number): void {
    if (depth >= depthMax) throw new NotARule("too many parentheses");
    do {
      while (this.#take("not"));
      this.#term(depth);
    } while (this.#take("and") || this.#take("or"));
  }

  #take(word: string): boolean {
    if (this.#words[this.#at] !== word) return false;
    this.#at++;
    return true;
  }

  #term(depth: number): void {
    if (this.#take("(")) {
      this.alternatives(depth + 1);
      if (!this.#take(")")) throw new NotARule("no closing parenthesis");
      return;
    }
    const [first = "", second, third = ""] = this.#words.slice(this.#at, this.#at + 3);
    const isGroup = ["1", "any", "all"].includes(first) && second === "of";
    const name = isGroup ? third : first;
    if (!/^[A-Za-z0-9_.*?-]+$/.test(name)) throw new NotARule("no selection");
    if (["and", "or", "not", "of"].includes(name) || (!isGroup && (name === "them" || /[*?]/.test(name))))
      throw new NotARule("no selection");
    if (!isGroup && second === "of") throw new NotARule("of behind a name");
    this.#at += isGroup ? 3 : 1;
    if (!this.#names.some((one) => isMeant(name, one))) throw new NotARule(`no selection ${name}`);
  }
}

/** `them` leaves out names that begin with an underscore. */
function isMeant(pattern: string, name: string): boolean {
  if (pattern === "them") return !name.startsWith("_");
  const form = [...pattern]
    .map((c) => (c === "*" ? ".*" : c === "?" ? "." : c.replace(/[.]/, "\\.")))
    .join("");
  return new RegExp(`^${form}$`, "s").test(name);
}
