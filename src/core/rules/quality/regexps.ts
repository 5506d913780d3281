/**
 * What makes a regular expression slow, whatever engine runs it. The expression is known to be well-formed; only its shape is looked at:
 * a repetition without an end inside another one (`(a+)+`), alternatives of such a group that begin alike (`(\w|\d)+`), three or more
 * repetitions in a row that may share a text between them (`a*a*a*`), and `.*`.
 */
import { type ByteSet, bytesOf, noBytes } from "./regexp-bytes.js";

export type RegexpHazard = "nested" | "unbounded";

interface Group {
  /** Some repetition without an end is inside. */
  endless: boolean;
  /** What its alternatives begin with. */
  readonly firsts: ByteSet[];
  atStart: boolean;
}

interface Atom {
  readonly text: string;
  readonly bytes: ByteSet;
  readonly group: Group | undefined;
}

const newGroup = (): Group => ({ endless: false, firsts: [], atStart: true });
/** So many are cubic in the length of the text, and more are worse. */
const rowMax = 2;

/** The worst that was found, or undefined. */
export function regexpHazard(source: string): RegexpHazard | undefined {
  const stack: Group[] = [newGroup()];
  let last: Atom | undefined;
  let unbounded = false;
  /** Endless repetitions one behind the other, each of something that the one before it may take as well. */
  let row = { length: 0, bytes: noBytes };
  for (let at = 0; at < source.length; ) {
    const top = stack.at(-1) as Group;
    const quantifier = readQuantifier(source, at);
    if (quantifier !== undefined && last !== undefined) {
      at += quantifier.length;
      const { bytes, group, text } = last;
      last = undefined;
      if (!quantifier.endless) continue;
      if (group !== undefined && (group.endless || alike(group.firsts))) return "nested";
      row = { length: (row.bytes & bytes) === noBytes ? 1 : row.length + 1, bytes };
      if (row.length > rowMax) return "nested";
      unbounded ||= text === ".";
      top.endless = true;
      continue;
    }
    // What stood before it stands once, and parts what is repeated on both sides.
    if (last !== undefined) row = { length: 0, bytes: noBytes };
    const text = readAtom(source, at);
    at += text.length;
    last = undefined;
    if (text.startsWith("(")) stack.push(newGroup());
    else if (text === "|") top.atStart = true;
    else if (text === ")") {
      const group = stack.length > 1 ? (stack.pop() as Group) : newGroup();
      const outer = stack.at(-1) as Group;
      outer.endless ||= group.endless;
      const bytes = group.firsts.reduce((all, one) => all | one, noBytes);
      note(outer, bytes);
      last = { text, bytes, group };
    } else {
      const bytes = bytesOf(text);
      note(top, bytes);
      last = { text, bytes, group: undefined };
    }
    if (last === undefined) row = { length: 0, bytes: noBytes };
  }
  return unbounded ? "unbounded" : undefined;
}

function note(group: Group, bytes: ByteSet): void {
  if (group.atStart) group.firsts.push(bytes);
  group.atStart = false;
}

/** Two ways to read the same text: the engine may try all of them. */
function alike(firsts: readonly ByteSet[]): boolean {
  let seen = noBytes;
  for (const bytes of firsts) {
    if ((seen & bytes) !== noBytes) return true;
    seen |= bytes;
  }
  return false;
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
