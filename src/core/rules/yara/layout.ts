/**
 * The canonical layout of a condition: one line for each operand of a chain of `and` and `or`, parentheses
 * that hold such a chain opened up, everything else on its line with single spaces. Tokens keep their
 * order, so the meaning cannot change; only the case of hex digits and the spelling of text strings are
 * made one.
 */
import type { Cursor } from "./cursor.js";
import { canonicalText } from "./text-literal.js";
import { kind, type Token } from "./tokens.js";

const indentUnit = "    ";
/** Deeper groups do not move further right: hostile nesting must not multiply the size of the text. */
const indentMax = 8;
const noSpaceAfter = new Set(["(", "[", ".", ".."]);
const noSpaceBefore = new Set([")", "]", ",", ".", ".."]);

/** The lines for the tokens from `from` up to `to`. */
export function layOutCondition(cursor: Cursor, from: number, to: number): string[] {
  const chains = findChains(cursor, from, to);
  const lines: string[] = [];
  const groups: boolean[] = [];
  let depth = 2;
  let line = "";
  let previous = "(";
  const flush = () => {
    if (line !== "") lines.push(indentUnit.repeat(Math.min(depth, indentMax)) + line);
    line = "";
    previous = "(";
  };
  for (let i = from; i < to; i++) {
    const token = cursor.tokens[i] as Token;
    const tight = cursor.tight[i] === 1 || noSpaceAfter.has(previous) || noSpaceBefore.has(token.kind);
    if (token.kind === ")" && groups.pop()) {
      flush();
      depth--;
      line = ")";
    } else if (isConnective(token) && chains.has(i)) {
      flush();
      line = token.kind;
    } else line += (line === "" || tight ? "" : " ") + spell(cursor, token);
    previous = token.kind;
    if (token.kind !== "(") continue;
    const opened = chains.has(i);
    groups.push(opened);
    if (!opened) continue;
    flush();
    depth++;
  }
  flush();
  return lines;
}

/**
 * The `and` and `or` that begin a line, and the parentheses around them. Those inside calls stay where they
 * are.
 */
function findChains(cursor: Cursor, from: number, to: number): Set<number> {
  const chains = new Set<number>();
  const open: number[] = [];
  for (let i = from; i < to; i++) {
    const token = cursor.tokens[i] as Token;
    if (token.kind === "(") open.push(i);
    else if (token.kind === ")") open.pop();
    else if (isConnective(token)) {
      const group = open.at(-1);
      if (group !== undefined && cursor.tight[group] === 1) continue;
      chains.add(i);
      if (group !== undefined) chains.add(group);
    }
  }
  return chains;
}

function isConnective(token: Token): boolean {
  return token.kind === "and" || token.kind === "or";
}

function spell(cursor: Cursor, token: Token): string {
  const text = cursor.textOf(token);
  if (token.kind === kind.text) return canonicalText(text);
  return token.kind === kind.integer ? canonicalInteger(text) : text;
}

/**
 * As written, except that hex digits are lower case: `0x10`, `16` and `010` say what the author had in
 * mind.
 */
export function canonicalInteger(text: string): string {
  return text.startsWith("0x") ? text.toLowerCase() : text;
}
