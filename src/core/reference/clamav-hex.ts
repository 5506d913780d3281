/** SPEC §3.8.8: hexadecimal bodies, cut into tokens first and judged then. */

type Token =
  | { readonly kind: "byte"; readonly fixed: boolean }
  | { readonly kind: "star" | "boundary" | "group" }
  | { readonly kind: "gap" | "anchored"; readonly low: number; readonly high: number };

const inlineGapMax = 128;
const anchoredGapMax = 32;
const groupDepthMax = 16;

/** Digits in lower case; the boundaries (B), (L) and (W) as they are. */
export function lowerHex(text: string): string {
  return text
    .split(/(\([BLW]\))/)
    .map((part, i) => (i % 2 === 1 ? part : part.toLowerCase()))
    .join("");
}

/** @param wholeMin bytes that a body of fixed bytes alone needs */
export function isHexBody(text: string, wholeMin = 2): boolean {
  const tokens = tokensOf(text);
  if (tokens === undefined) return false;
  const plain = tokens.every((token) => token.kind === "byte" && token.fixed);
  if (plain && tokens.length < wholeMin) return false;
  const parts: Token[][] = [[]];
  for (const token of tokens) {
    if (isCut(token)) parts.push([]);
    else (parts.at(-1) as Token[]).push(token);
  }
  return parts.every(isPart);
}

/** What separates the parts that the engine looks for one after the other. */
function isCut(token: Token): boolean {
  return (
    token.kind === "star" || (token.kind === "gap" && (token.low !== token.high || token.low > inlineGapMax))
  );
}

/** Two neighbouring fixed bytes, and gaps in brackets only next to a single byte at either end. */
function isPart(part: readonly Token[]): boolean {
  const isFixed = (token: Token | undefined) => token?.kind === "byte" && token.fixed;
  if (!part.some((token, i) => isFixed(token) && isFixed(part[i + 1]))) return false;
  return part.every((token, i) => {
    if (token.kind !== "anchored") return true;
    const single = i === 1 && part[0]?.kind === "byte";
    const last = i === part.length - 2 && part[i + 1]?.kind === "byte";
    return single || last;
  });
}

function tokensOf(text: string): Token[] | undefined {
  const tokens: Token[] = [];
  let rest = text;
  while (rest !== "") {
    const found = tokenAt(rest);
    if (found === undefined) return undefined;
    tokens.push(found[0]);
    rest = rest.slice(found[1]);
  }
  return tokens;
}

function tokenAt(text: string): [Token, number] | undefined {
  const byte = /^[0-9a-f?]{2}/i.exec(text)?.[0];
  if (byte !== undefined) return [{ kind: "byte", fixed: !byte.includes("?") }, 2];
  if (text.startsWith("*")) return [{ kind: "star" }, 1];
  const boundary = /^!?\([BLW]\)/.exec(text)?.[0];
  if (boundary !== undefined) return [{ kind: "boundary" }, boundary.length];
  if (text.startsWith("{") || text.startsWith("[")) return gapAt(text);
  const length = groupLength(text, 0);
  return length === undefined ? undefined : [{ kind: "group" }, length];
}

/** `{n}`, `{n-}`, `{-m}`, `{n-m}`; in brackets both numbers or one. */
function gapAt(text: string): [Token, number] | undefined {
  const match = /^\{(\d{0,9})(-?)(\d{0,9})\}|^\[(\d{1,9})(?:(-)(\d{1,9}))?\]/.exec(text);
  if (match === null) return undefined;
  const anchored = text.startsWith("[");
  const [first = "", dash = "", second = ""] = match.slice(anchored ? 4 : 1, anchored ? 7 : 4);
  if (first === "" && second === "") return undefined;
  const low = Number(first);
  const high = dash === "" ? low : second === "" ? Number.POSITIVE_INFINITY : Number(second);
  if (low > high || (anchored && high > anchoredGapMax)) return undefined;
  return [{ kind: anchored ? "anchored" : "gap", low, high }, match[0].length];
}

/** `(aa|bb)` and `!(aa|bb)`; undefined when it is not one. */
function groupLength(text: string, depth: number): number | undefined {
  const negated = text.startsWith("!");
  let at = negated ? 1 : 0;
  if (text[at] !== "(" || depth === groupDepthMax) return undefined;
  at++;
  const lengths = new Set<number>();
  for (let start = at; ; ) {
    const rest = text.slice(at);
    if (rest === "") return undefined;
    if (rest.startsWith("|") || rest.startsWith(")")) {
      if (at === start) return undefined;
      lengths.add(at - start);
      start = ++at;
      if (!rest.startsWith(")")) continue;
      return negated && lengths.size > 1 ? undefined : at;
    }
    const step = stepInGroup(rest, depth, negated);
    if (step === undefined) return undefined;
    at += step;
  }
}

function stepInGroup(text: string, depth: number, negated: boolean): number | undefined {
  if (/^[0-9a-f?]{2}/i.test(text)) return 2;
  if (negated) return undefined;
  const boundary = /^!?\([BLW]\)/.exec(text)?.[0];
  if (boundary !== undefined) return boundary.length;
  if (!text.startsWith("{")) return groupLength(text, depth + 1);
  const gap = gapAt(text);
  return gap?.[0].kind === "gap" && gap[0].high !== Number.POSITIVE_INFINITY ? gap[1] : undefined;
}
