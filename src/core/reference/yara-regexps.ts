/** SPEC §3.12.9: regular expressions are kept as written; this takes them apart to see that the engine would take them. */
import { NotARule } from "./model.js";

const repeatMax = 32_767;
const piece =
  /\\x[0-9A-Fa-f]{2}|\\[^x]|\[\^?\]?(?:\\x[0-9A-Fa-f]{2}|\\[^x]|[^\]\\])*\]|(?:[*+?]|\{(?:\d+|\d* *, *\d*)\})\??|[()|^$]|[^\\[]/gsu;

/** `declared`: in `strings:`, where quantifiers must be all greedy or all lazy. */
export function checkRegexp(literal: string, declared: boolean): void {
  const body = literal.slice(1, literal.lastIndexOf("/"));
  const pieces = body.match(piece) ?? [];
  if (body === "" || pieces.join("") !== body) throw new NotARule("no regular expression");
  let depth = 0;
  let last = "(";
  const lazy = new Set<boolean>();
  for (const one of pieces) {
    if (one === "(") depth++;
    if (one === ")" && --depth < 0) throw new NotARule("no opening parenthesis");
    if ((one === ")" || one === "|") && last === "(") throw new NotARule("an empty group");
    if (one === "|" && last === "") throw new NotARule("nothing before |");
    if (/^\\[0-9]/.test(one)) throw new NotARule("a back-reference");
    if (isQuantifier(one)) {
      if (
        last === "(" ||
        last === "|" ||
        last === "^" ||
        last === "$" ||
        isQuantifier(last) ||
        /^\\[bB]$/.test(last)
      ) {
        throw new NotARule("nothing to repeat");
      }
      checkRepeat(one);
      lazy.add(one.length > 1 && one.endsWith("?"));
    }
    last = one;
  }
  if (depth > 0 || (declared && lazy.size > 1)) throw new NotARule("an open group, or greedy and lazy");
}

function isQuantifier(one: string): boolean {
  return /^(?:[*+?]|\{(?:\d+|\d* *, *\d*)\})\??$/.test(one);
}

function checkRepeat(one: string): void {
  const [, low, comma, high] = /^\{(\d*) *(,?) *(\d*)\}/.exec(one) ?? [];
  if (low === undefined) return;
  const from = Number(low);
  const to = comma === "" ? from : high === "" ? repeatMax : Number(high);
  if (to === 0 || from > to || to > repeatMax) throw new NotARule("bounds of a repetition");
}
