/**
 * A second reader of YAML 1.2, of the part that rules are written in: block and flow collections, and all five styles of scalars. What
 * Sigma has no use for (SPEC §3.10: anchors, aliases, tags, complex keys) and directives are errors, and so is what it does not know.
 */
import { NotARule } from "./model.js";
import { YAMLCursor } from "./yaml-cursor.js";
import { blockScalar, plainScalar, quotedScalar } from "./yaml-scalars.js";
import {
  type YAMLEntry,
  type YAMLMap,
  type YAMLNode,
  type YAMLScalar,
  isScalar,
  nothing,
} from "./yaml-tree.js";

const depthMax = 64;
const keyCharactersMax = 200;

/** Each document alone: what is wrong with one says nothing about the others. */
export function yamlDocuments(source: string): { text: string; firstLine: number }[] {
  const documents: { text: string; firstLine: number }[] = [];
  let lines: string[] = [];
  let firstLine = 1;
  const end = (next: number) => {
    if (lines.some((line) => /^[^#\s]|^\s+[^#\s]/.test(line)))
      documents.push({ text: lines.join("\n"), firstLine });
    [lines, firstLine] = [[], next];
  };
  for (const [i, line] of source
    .replace(/^\ufeff/, "")
    .replace(/\r\n/g, "\n")
    .split("\n")
    .entries()) {
    if (/^(?:---|\.\.\.)(?=\s|$)/.test(line)) {
      end(i + 1);
      lines.push(`   ${line.slice(3)}`);
    } else lines.push(line);
  }
  end(0);
  return documents;
}

/** @throws NotARule */
export function readYAML({ text, firstLine }: { text: string; firstLine: number }): YAMLNode {
  const cursor = new YAMLCursor(text, firstLine);
  cursor.skipToContent();
  if (cursor.done) return nothing;
  const node = new Reader(cursor).node(-1, true, 0);
  cursor.skipToContent();
  if (!cursor.done) cursor.fail("something behind the document");
  return node;
}

/** To the first `: `, or the end of the line. */
const plainKey = /^(?:[^ \t#:]|:(?![ \t]|$)|(?<![ \t])#|[ \t]+(?![ \t#]|$|:(?:[ \t]|$)))+/;

class Reader {
  readonly #cursor: YAMLCursor;

  constructor(cursor: YAMLCursor) {
    this.#cursor = cursor;
  }

  /**
   * The node that begins here. `parent`: the column of the collection around it. `mayOpen`: whether a block collection may begin here; behind
   * `key:` on the same line none may.
   */
  node(parent: number, mayOpen: boolean, depth: number): YAMLNode {
    const cursor = this.#cursor;
    if (depth > depthMax) cursor.fail("too many levels");
    const c = cursor.peek();
    if (c === "-" && cursor.isAlone(1)) {
      if (!mayOpen) cursor.fail("a list behind a key");
      return this.#list(cursor.column, depth);
    }
    if (c === "|" || c === ">") return blockScalar(cursor, parent);
    if ((c === "?" && cursor.isAlone(1)) || "&*!%@`".includes(c)) cursor.fail(`a ${c}`);
    if (c === "[" || c === "{") return this.#noKey(this.#flow(parent, depth));
    const start = cursor.at;
    const [column, line] = [cursor.column, cursor.line];
    const key = this.#key(parent);
    if (key === undefined) {
      cursor.at = start;
      return "\"'".includes(c) ? this.#noKey(quotedScalar(cursor, parent)) : plainScalar(cursor, parent);
    }
    if (!mayOpen) cursor.fail("a mapping behind a key");
    return this.#map(column, line, key, depth);
  }

  /** A key and its colon, on one line; undefined when there is none. */
  #key(parent: number): YAMLScalar | undefined {
    const cursor = this.#cursor;
    const line = cursor.line;
    const rest = cursor.text.slice(cursor.at).split("\n")[0] as string;
    let key: YAMLScalar;
    if (/^["']/.test(rest)) {
      key = quotedScalar(cursor, parent);
      if (cursor.line !== line) return undefined;
    } else {
      const plain = plainKey.exec(rest)?.[0] ?? "";
      if (plain === "" || /^(?:[,[\]{}&*!|>%@`]|[-?](?:[ \t]|$))/.test(rest)) return undefined;
      key = { text: plain, plain: true };
      cursor.at += plain.length;
    }
    cursor.skipBlanks();
    if (cursor.peek() !== ":" || !cursor.isAlone(1)) return undefined;
    cursor.at++;
    return key;
  }

  #noKey<T>(node: T): T {
    const behind = this.#cursor.text.slice(this.#cursor.at, this.#cursor.at + 200);
    if (/^[ \t]*:(?:[ \t\n]|$)/.test(behind)) this.#cursor.fail("a key that is no word");
    if (!/^[ \t]*(?:[ \t]#|\n|$)/.test(behind)) this.#cursor.fail("something behind a value");
    return node;
  }

  #map(column: number, line: number, firstKey: YAMLScalar, depth: number): YAMLMap {
    const cursor = this.#cursor;
    const entries = new Map<string, YAMLEntry>();
    for (let key: YAMLScalar | undefined = firstKey; key !== undefined; ) {
      addEntry(entries, { key, value: this.#valueOf(column, depth) });
      cursor.skipToContent();
      if (cursor.done || cursor.column < column) break;
      if (cursor.column > column) cursor.fail("a deeper line");
      key = this.#key(column);
      if (key === undefined) cursor.fail("no key");
    }
    return { line, entries };
  }

  #valueOf(column: number, depth: number): YAMLNode {
    const cursor = this.#cursor;
    const start = cursor.at;
    if (!cursor.skipToContent() && !cursor.done) return this.node(column, false, depth + 1);
    const sameColumn = cursor.column === column && cursor.peek() === "-" && cursor.isAlone(1);
    if (!cursor.done && (cursor.column > column || sameColumn)) return this.node(column, true, depth + 1);
    cursor.at = start;
    return nothing;
  }

  #list(column: number, depth: number): YAMLNode {
    const cursor = this.#cursor;
    const items: YAMLNode[] = [];
    do {
      cursor.at++;
      const start = cursor.at;
      cursor.skipToContent();
      if (!cursor.done && cursor.column > column) items.push(this.node(column, true, depth + 1));
      else {
        cursor.at = start;
        items.push(nothing);
      }
      cursor.skipToContent();
      if (!cursor.done && cursor.column > column) cursor.fail("a deeper line");
    } while (!cursor.done && cursor.column === column && cursor.peek() === "-" && cursor.isAlone(1));
    return { items };
  }

  #flow(parent: number, depth: number): YAMLNode {
    const cursor = this.#cursor;
    if (depth > depthMax) cursor.fail("too many levels");
    const line = cursor.line;
    const isMapping = cursor.peek() === "{";
    const close = isMapping ? "}" : "]";
    cursor.at++;
    const entries = new Map<string, YAMLEntry>();
    const items: YAMLNode[] = [];
    for (;;) {
      this.#skipDeeper(parent);
      if (cursor.peek() === close) {
        cursor.at++;
        return isMapping ? { line, entries } : { items };
      }
      const node = this.#flowNode(parent, depth + 1);
      this.#skipDeeper(parent);
      const hasValue = cursor.peek() === ":";
      if (!isMapping && !hasValue) items.push(node);
      else if (!isScalar(node)) cursor.fail("a key that is no word");
      else {
        // In a list, a pair stands for a mapping of its own.
        const target = isMapping ? entries : new Map<string, YAMLEntry>();
        if (!isMapping) items.push({ line: cursor.line, entries: target });
        addEntry(target, { key: node, value: hasValue ? this.#flowValue(parent, depth) : nothing });
      }
      this.#skipDeeper(parent);
      if (cursor.peek() === ",") cursor.at++;
      else if (cursor.peek() !== close) cursor.fail(`no ${close}`);
    }
  }

  /** Lines of a flow collection stand deeper than the collection around it. */
  #skipDeeper(parent: number): void {
    const cursor = this.#cursor;
    if (cursor.skipToContent() && !cursor.done && cursor.column <= parent)
      cursor.fail("a line that is not deeper");
  }

  #flowValue(parent: number, depth: number): YAMLNode {
    this.#cursor.at++;
    this.#skipDeeper(parent);
    return ",]}".includes(this.#cursor.peek()) ? nothing : this.#flowNode(parent, depth + 1);
  }

  #flowNode(parent: number, depth: number): YAMLNode {
    const cursor = this.#cursor;
    const c = cursor.peek();
    if (c === "[" || c === "{") return this.#flow(parent, depth);
    if (c === '"' || c === "'") return quotedScalar(cursor, parent);
    if ("&*!%@`|>".includes(c) || (c === "?" && cursor.isAlone(1))) cursor.fail(`a ${c}`);
    return plainScalar(cursor, undefined);
  }
}

function addEntry(entries: Map<string, YAMLEntry>, entry: YAMLEntry): void {
  const { text } = entry.key;
  if (text.length > keyCharactersMax || entries.has(text)) throw new NotARule("a key twice, or a long one");
  entries.set(text, entry);
}
