/** Scalars of YAML 1.2: plain (§7.3.3), single-quoted (§7.3.2), double-quoted (§7.3.1), literal and folded (§8.1). */
import type { YAMLCursor } from "./yaml-cursor.js";
import type { YAMLScalar } from "./yaml-tree.js";

const short: Readonly<Record<string, string>> = {
  "0": "\0",
  a: "\x07",
  b: "\b",
  t: "\t",
  "\t": "\t",
  n: "\n",
  v: "\v",
  f: "\f",
  r: "\r",
  e: "\x1b",
  " ": " ",
  '"': '"',
  "/": "/",
  "\\": "\\",
  N: "\x85",
  _: "\xa0",
  L: "\u2028",
  P: "\u2029",
};

/** A line break between two lines of one scalar is a space; with empty lines between, as many breaks. */
function fold(emptyLines: number): string {
  return emptyLines === 0 ? " " : "\n".repeat(emptyLines);
}

/** Blanks are within when something follows; `: ` ends a plain scalar, and so does ` #`. */
const plainInBlock = /(?:[^ \t\n#:]|:(?![ \t\n]|$)|(?<![ \t\n])#|[ \t]+(?![ \t\n#]|$|:(?:[ \t\n]|$)))+/y;
const plainInFlow =
  /(?:[^ \t\n#:,[\]{}]|:(?![ \t\n,[\]{}]|$)|(?<![ \t\n])#|[ \t]+(?![ \t\n#,[\]{}]|$|:(?:[ \t\n,[\]{}]|$)))+/y;

/** `parent`: the column of the collection around it, whose deeper lines go on; undefined inside flow collections. */
export function plainScalar(cursor: YAMLCursor, parent: number | undefined): YAMLScalar {
  const pattern = parent === undefined ? plainInFlow : plainInBlock;
  let text = cursor.take(pattern);
  if (text === "" || /^[,[\]{}]/.test(text)) cursor.fail("no scalar");
  for (;;) {
    const start = cursor.at;
    const breaks = cursor.take(/[ \t]*\n(?:[ \t]*\n)*/y);
    const indent = cursor.take(/ */y).length;
    if (indent > 0) cursor.skipBlanks();
    const deeper = parent === undefined || indent > parent;
    const next = breaks !== "" && deeper && cursor.peek() !== "#" ? cursor.take(pattern) : "";
    if (next === "") {
      cursor.at = start;
      return { text, plain: true };
    }
    if (parent !== undefined && /^[ \t]*:(?:[ \t\n]|$)/.test(cursor.text.slice(cursor.at, cursor.at + 200))) {
      cursor.fail("a key within a scalar");
    }
    text += fold((breaks.match(/\n/g) ?? []).length - 1) + next;
  }
}

/** Further lines stand deeper than `parent`, the column of the collection around it. */
export function quotedScalar(cursor: YAMLCursor, parent: number): YAMLScalar {
  const double = cursor.peek() === '"';
  cursor.at++;
  let text = "";
  for (;;) {
    if (cursor.done) cursor.fail("no closing quote");
    const c = cursor.peek();
    if (c === "\n" || c === " " || c === "\t") text += blanksWithin(cursor, parent);
    else if (double && c === "\\") text += escaped(cursor, parent);
    else if (!double && c === "'" && cursor.peek(1) === "'") {
      text += "'";
      cursor.at += 2;
    } else {
      cursor.at++;
      if (c === (double ? '"' : "'")) return { text, plain: false };
      text += c;
    }
  }
}

/** Blanks around a line break are no content. */
function blanksWithin(cursor: YAMLCursor, parent: number): string {
  const run = cursor.take(/[ \t\n]+/y);
  requireDeeper(cursor, run, parent);
  const breaks = (run.match(/\n/g) ?? []).length;
  return breaks === 0 ? run : fold(breaks - 1);
}

function requireDeeper(cursor: YAMLCursor, run: string, parent: number): void {
  const indent = /\n( *)[ \t]*$/.exec(run)?.[1]?.length;
  if (indent !== undefined && indent <= parent) cursor.fail("a line that is not deeper");
}

function escaped(cursor: YAMLCursor, parent: number): string {
  const code = cursor.take(/\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8})/y);
  if (code !== "") {
    const point = Number.parseInt(code.slice(2), 16);
    if (point > 0x10ffff) cursor.fail("an escape");
    return String.fromCodePoint(point);
  }
  const joined = cursor.take(/\\\n(?:[ \t]*\n)*[ \t]*/y);
  requireDeeper(cursor, joined, parent);
  if (joined !== "") return "\n".repeat((joined.match(/\n/g) ?? []).length - 1);
  const character = short[cursor.peek(1)];
  if (character === undefined) cursor.fail("an escape");
  cursor.at += 2;
  return character as string;
}

/** `parent`: the column of the collection around it. */
export function blockScalar(cursor: YAMLCursor, parent: number): YAMLScalar {
  const [, style, marks = ""] =
    /^([|>])([+\-1-9]{0,2})(?:[ \t]+#[^\n]*|[ \t]*)(?=\n|$)/.exec(cursor.text.slice(cursor.at)) ?? [];
  if (style === undefined || !/^(?:[+-]?[1-9]?|[1-9][+-])$/.test(marks)) cursor.fail("no block scalar");
  cursor.take(/[^\n]*\n?/y);
  const chomp = /[+-]/.exec(marks)?.[0] ?? "";
  const given = /[1-9]/.exec(marks)?.[0];
  const lines: string[] = [];
  let indent = given === undefined ? undefined : Math.max(parent, 0) + Number(given);
  while (!cursor.done) {
    const start = cursor.at;
    const line = cursor.take(/[^\n]*/y);
    const lead = /^ */.exec(line)?.[0].length ?? 0;
    const isEmpty = lead === line.length;
    if (!isEmpty) indent ??= lead;
    const ends = !isEmpty && (lead < (indent as number) || lead <= parent);
    if (ends) {
      cursor.at = start;
      break;
    }
    lines.push(isEmpty && line.length <= (indent ?? line.length) ? "" : line.slice(indent));
    if (cursor.peek() === "\n") cursor.at++;
    else break;
  }
  // What follows is looked at from the end of the line before.
  if (cursor.text[cursor.at - 1] === "\n") cursor.at--;
  return { text: blockText(lines, style === ">", chomp, cursor.peek() === "\n"), plain: false };
}

function blockText(lines: readonly string[], folded: boolean, chomp: string, lastLineEnded: boolean): string {
  let used = lines.length;
  while (used > 0 && lines[used - 1] === "") used--;
  const content = lines.slice(0, used);
  const trailing = lines.length - used;
  if (used === 0) return chomp === "+" ? "\n".repeat(trailing) : "";
  const body = folded ? foldedText(content) : content.join("\n");
  if (chomp === "-") return body;
  return body + "\n".repeat(chomp === "+" ? trailing + (lastLineEnded || trailing > 0 ? 1 : 0) : 1);
}

/** Lines that begin with a blank, and what is beside them, are not folded. */
function foldedText(lines: readonly string[]): string {
  let text = "";
  let empty = 0;
  let before: string | undefined;
  for (const line of lines) {
    if (line === "") {
      empty++;
      continue;
    }
    if (before === undefined) text += "\n".repeat(empty);
    else if (/^[ \t]/.test(before) || /^[ \t]/.test(line)) text += "\n".repeat(empty + 1);
    else text += fold(empty);
    text += line;
    [before, empty] = [line, 0];
  }
  return text;
}
