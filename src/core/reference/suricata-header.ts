/** SPEC §3.11.6: the part of a rule before its options. */
import { ipv4Number, ipv6Number } from "./addresses.js";
import { NotARule } from "./model.js";

const actions =
  "alert drop pass reject rejectsrc rejectdst rejectboth config log activate dynamic sdrop block react rewrite".split(
    " ",
  );
const listDepthMax = 16;

export function isAction(word: string): boolean {
  return actions.includes(word.toLowerCase());
}

export function headerText(text: string): string {
  const parts = partsOf(text);
  const [action = "", protocol = "", from = "", fromPort = "", direction = "", to = "", toPort = ""] = parts;
  if (parts.length !== 7 || !isAction(action)) throw new NotARule("no header");
  if (!/^[a-z][a-z0-9_-]*$/i.test(protocol)) throw new NotARule("no protocol");
  if (direction !== "->" && direction !== "<>") throw new NotARule("no direction");
  return [
    action.toLowerCase(),
    protocol.toLowerCase(),
    endText(from, isAddress),
    endText(fromPort, isPort),
    direction,
    endText(to, isAddress),
    endText(toPort, isPort),
  ].join(" ");
}

/** Blanks part them, except inside brackets. */
function partsOf(text: string): string[] {
  const parts: string[] = [];
  let part = "";
  let depth = 0;
  for (const c of text) {
    if (c === "[") depth++;
    if (c === "]" && depth > 0) depth--;
    if ((c === " " || c === "\t") && depth === 0) {
      if (part !== "") parts.push(part);
      part = "";
    } else part += c;
  }
  return part === "" ? parts : [...parts, part];
}

/** `item`, `!item`, `[item,!item,[item]]`, without the blanks between. */
function endText(text: string, isItem: (item: string) => boolean): string {
  const tokens = text.match(/[!,[\]](?=)|[^!,[\] \t][^,[\] \t]*/g) ?? [];
  if (tokens.join("") !== text.replace(/[ \t]/g, "")) throw new NotARule("no list");
  const rest = itemEnd(tokens, 0, 0, isItem);
  if (rest !== tokens.length || /[^!,[\] \t][ \t]+[^!,[\] \t]/.test(text))
    throw new NotARule("no end of a list");
  return tokens.join("");
}

/** Behind the item that begins at `at`. */
function itemEnd(
  tokens: readonly string[],
  at: number,
  depth: number,
  isItem: (item: string) => boolean,
): number {
  const negated = tokens[at] === "!";
  let next = negated ? at + 1 : at;
  if (tokens[next] !== "[") {
    const item = tokens[next] ?? "";
    if (!isItem(item) || (negated && item === "any")) throw new NotARule("no address or port");
    return next + 1;
  }
  if (depth === listDepthMax) throw new NotARule("too many brackets");
  do next = itemEnd(tokens, next + 1, depth + 1, isItem);
  while (tokens[next] === ",");
  if (tokens[next] !== "]") throw new NotARule("no closing bracket");
  return next + 1;
}

const variable = /^\$[A-Za-z_][A-Za-z0-9_]*$/;

function isAddress(item: string): boolean {
  if (item === "any" || variable.test(item)) return true;
  const [, low, high] = /^([^-]+)-(.*)$/.exec(item) ?? [];
  if (low !== undefined && high !== undefined) {
    const four = [ipv4Number(low), ipv4Number(high)];
    const six = [ipv6Number(low), ipv6Number(high)];
    return inOrder(four) || inOrder(six);
  }
  const [, address = "", behind] = /^([^/]*)(?:\/(.*))?$/.exec(item) ?? [];
  const bits = ipv4Number(address) !== undefined ? 32 : ipv6Number(address) !== undefined ? 128 : 0;
  if (bits === 0 || behind === undefined) return bits > 0;
  return (
    (bits === 32 && ipv4Number(behind) !== undefined) ||
    (/^(0|[1-9]\d{0,2})$/.test(behind) && Number(behind) <= bits)
  );
}

function inOrder([low, high]: readonly (number | bigint | undefined)[]): boolean {
  return low !== undefined && high !== undefined && low <= high;
}

function isPort(item: string): boolean {
  if (item === "any" || variable.test(item)) return true;
  const bounds = item.split(":");
  if (bounds.length > 2 || bounds.every((bound) => bound === "")) return false;
  if (!bounds.every((bound) => bound === "" || (/^(0|[1-9]\d{0,4})$/.test(bound) && Number(bound) <= 65535)))
    return false;
  const [low, high] = bounds;
  return low === "" || high === "" || high === undefined || Number(low) <= Number(high);
}
