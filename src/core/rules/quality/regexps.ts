/**
 * What makes a regular expression slow, whatever engine runs it. The expression is known to be well-formed; only its shape is looked at:
 * a repetition without an end inside another one (`(a+)+`), alternatives of such a group that begin alike, and `.*`.
 */

export type RegexpHazard = "nested" | "unbounded";

interface Group {
  /** Some repetition without an end is inside. */
  endless: boolean;
  /** First characters of its alternatives. */
  firsts: string[];
  atStart: boolean;
}

interface Atom {
  readonly text: string;
  readonly group: Group | undefined;
}

const newGroup = (): Group => ({ endless: false, firsts: [], atStart: true });

/** The worst that was found, or undefined. */
export function regexpHazard(source: string): RegexpHazard | undefined {
  const stack: Group[] = [newGroup()];
  let last: Atom | undefined;
  let unbounded = false;
  for (let at = 0; at < source.length; ) {
    const top = stack.at(-1) as Group;
    const quantifier = readQuantifier(source, at);
    if (quantifier !== undefined && last !== undefined) {
      at += quantifier.length;
      if (!quantifier.endless) continue;
      const inner = last.group;
      if (inner !== undefined && (inner.endless || alike(inner.firsts))) return "nested";
      unbounded ||= last.text === ".";
      top.endless = true;
      continue;
    }
    const text = readAtom(source, at);
    at += text.length;
    if (text.startsWith("(")) {
      stack.push(newGroup());
      last = undefined;
    } else if (text === ")") {
      const group = stack.length > 1 ? (stack.pop() as Group) : newGroup();
      const outer = stack.at(-1) as Group;
      outer.endless ||= group.endless;
      note(outer, "(");
      last = { text, group };
    } else if (text === "|") {
      top.atStart = true;
      last = undefined;
    } else {
      note(top, text);
      last = { text, group: undefined };
    }
  }
  return unbounded ? "unbounded" : undefined;
}

function note(group: Group, text: string): void {
  if (group.atStart) group.firsts.push(text);
  group.atStart = false;
}

/** Two ways to read the same text: the engine may try all of them. */
function alike(firsts: readonly string[]): boolean {
  return firsts.length > 1 && (new Set(firsts).size < firsts.length || firsts.includes("."));
}

function readQuantifier(source: string, at: number): { length: number; endless: boolean } | undefined {
  const match = /^(?:[*+?]|\{(\d*)(,?)(\d*)\})[?+]?/.exec(source.slice(at, at + 24));
  if (match === null) return undefined;
  const [text, least, comma, most] = match;
  if (text.startsWith("{") && least === "" && most === "") return undefined;
  const endless = /^[*+]/.test(text) || (comma === "," && most === "");
  return { length: text.length, endless };
}

/** A group's opening with what stands behind its question mark, a class, an escape, or one character. */
function readAtom(source: string, at: number): string {
  const rest = source.slice(at);
  const opening = /^\((?:\?(?:<?[=!]|:|>|P?<\w+>|'\w+'|[a-z-]*:?))?/.exec(rest);
  if (opening !== null) return opening[0];
  if (rest.startsWith("\\")) return rest.slice(0, 2);
  if (!rest.startsWith("[")) return rest.slice(0, 1);
  for (let i = rest[1] === "^" ? 2 : 1, first = i; i < rest.length; i++) {
    if (rest[i] === "\\") i++;
    else if (rest[i] === "]" && i > first) return rest.slice(0, i + 1);
  }
  return rest;
}
