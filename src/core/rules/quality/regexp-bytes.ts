/** Which bytes one atom of a regular expression takes: a character, an escape or a class. Case and modes are not looked at. */

/** Bit `n` for byte `n`. */
export type ByteSet = bigint;

export const noBytes: ByteSet = 0n;
const allBytes: ByteSet = (1n << 256n) - 1n;

const range = (from: number, to: number): ByteSet => (1n << BigInt(to + 1)) - (1n << BigInt(from));
const one = (code: number): ByteSet => range(Math.min(code, 255), Math.min(code, 255));

const digits = range(0x30, 0x39);
const words = digits | range(0x41, 0x5a) | range(0x61, 0x7a) | one(0x5f);
const spaces = range(0x09, 0x0d) | one(0x20);
const lineEnd = one(0x0a);

const classes: Readonly<Record<string, ByteSet>> = {
  ...{ d: digits, w: words, s: spaces, D: allBytes ^ digits, W: allBytes ^ words, S: allBytes ^ spaces },
  ...{ n: lineEnd, r: one(0x0d), t: one(0x09), f: one(0x0c), v: one(0x0b), a: one(0x07), e: one(0x1b) },
  // Places, not bytes.
  ...{ b: noBytes, B: noBytes, A: noBytes, z: noBytes, Z: noBytes },
};

/** Expressions repeat a few atoms; a hostile list of many is forgotten. */
const known = new Map<string, ByteSet>();
const knownMax = 2000;

export function bytesOf(atom: string): ByteSet {
  const before = known.get(atom);
  if (before !== undefined) return before;
  const bytes = read(atom);
  if (known.size >= knownMax) known.clear();
  known.set(atom, bytes);
  return bytes;
}

function read(atom: string): ByteSet {
  if (atom === ".") return allBytes ^ lineEnd;
  if (atom === "^" || atom === "$") return noBytes;
  if (atom.startsWith("\\")) return escaped(atom).bytes;
  return atom.startsWith("[") ? classOf(atom) : one(atom.charCodeAt(0));
}

/** The escape that the text begins with. */
function escaped(text: string): { readonly bytes: ByteSet; readonly length: number } {
  const hex = /^\\x([0-9a-fA-F]{2})/.exec(text);
  if (hex !== null) return { bytes: one(Number.parseInt(hex[1] as string, 16)), length: 4 };
  const letter = text.charAt(1);
  return { bytes: classes[letter] ?? one(letter.charCodeAt(0)), length: 2 };
}

/** `[^a-z\d-]`. */
function classOf(atom: string): ByteSet {
  const isNegated = atom.startsWith("[^");
  let bytes = noBytes;
  for (let at = isNegated ? 2 : 1; at < atom.length - 1; ) {
    const rest = atom.slice(at, -1);
    const from = rest.startsWith("\\") ? escaped(rest) : { bytes: one(rest.charCodeAt(0)), length: 1 };
    at += from.length;
    const to = /^-(\\x[0-9a-fA-F]{2}|\\.|[^\\])/.exec(atom.slice(at, -1))?.[1];
    if (to === undefined) bytes |= from.bytes;
    else {
      at += 1 + to.length;
      const last = to.startsWith("\\") ? escaped(to).bytes : one(to.charCodeAt(0));
      bytes |= between(from.bytes, last);
    }
  }
  return isNegated ? allBytes ^ bytes : bytes;
}

/** From the lowest of one set to the highest of the other: of single bytes, the range. */
function between(from: ByteSet, to: ByteSet): ByteSet {
  if (from === noBytes || to === noBytes) return from | to;
  const lowest = (from & -from).toString(2).length - 1;
  const highest = to.toString(2).length - 1;
  return lowest <= highest ? range(lowest, highest) : from | to;
}
