/** SPEC §3.9.8: regular expressions for host names, taken apart from the left until nothing is left of a sound one. */

const patternBytesMax = 8192;
const pieces: readonly (readonly [RegExp, "unit" | "open" | "close" | "start" | "repeat"])[] = [
  [/^\\[!-~]/, "unit"],
  [/^\[\^?\]?(?:\\[!-~]|[!-Z^-~[])*\]/, "unit"],
  [/^\(\?:/, "open"],
  [/^\(/, "open"],
  [/^\)/, "close"],
  [/^[|^]/, "start"],
  [/^(?:[*+?]|\{\d{1,4}(?:,\d{0,4})?\})\??/, "repeat"],
  [/^[!-~]/, "unit"],
];

export function isHostPattern(text: string): boolean {
  if (text.length > patternBytesMax) return false;
  let rest = text;
  let depth = 0;
  let repeatable = false;
  while (rest !== "") {
    const found = pieces
      .map(([piece, what]) => [piece.exec(rest)?.[0], what] as const)
      .find(([piece]) => piece);
    if (found === undefined) return false;
    const [piece, what] = found as [string, string];
    if (what === "unit" && (piece === "[" || piece === "\\" || piece === "{")) return false;
    if (what === "repeat" && (!repeatable || !isRange(piece))) return false;
    if (what === "open") depth++;
    if (what === "close" && --depth < 0) return false;
    repeatable = what === "unit" || what === "close";
    rest = rest.slice(piece.length);
  }
  return depth === 0;
}

function isRange(piece: string): boolean {
  const [, least, most] = /^\{(\d+),(\d+)\}/.exec(piece) ?? [];
  return least === undefined || Number(least) <= Number(most);
}
