/** SPEC §3.8.4: logical signatures, from behind the name on. */
import { isHexBody, lowerHex } from "./clamav-hex.js";
import { isDecimal, isOffset, targetOf } from "./clamav-fields.js";
import { NotARule } from "./model.js";

const subsignaturesMax = 64;
const expressionDepthMax = 32;
/** Attributes other than Engine and Target, and the form of their values; SPEC §3.8.9. */
const attributes: Readonly<Record<string, RegExp>> = {
  Engine: /^range$/,
  Target: /^\d+$/,
  FileSize: /^range$/,
  EntryPoint: /^range$/,
  NumberOfSections: /^range$/,
  Container: /^CL_TYPE_[A-Z0-9_]+$/,
  HandlerType: /^CL_TYPE_[A-Z0-9_]+$/,
  Intermediates: /^CL_TYPE_[A-Z0-9_]+(?:>CL_TYPE_[A-Z0-9_]+)*$/,
  IconGroup1: /^[!-~]+$/,
  IconGroup2: /^[!-~]+$/,
};
const attributesLevel = 51;

export function logicalRest(text: string): string {
  const [block, logic, ...bodies] = fieldsOf(text);
  if (block === undefined || logic === undefined || bodies.length === 0) throw new NotARule("fields");
  const description = describe(block);
  const expression = expressionOf(logic);
  if (expression.greatest + 1 !== bodies.length) throw new NotARule("the number of subsignatures");
  const count = bodies.length;
  const read = bodies.map((body, index) => subsignature(body, { ...description, index, count }));
  return [description.text, expression.text, ...read].join(";");
}

/** From the fourth field of the line on, a semicolon between unescaped slashes belongs to a regular expression. */
function fieldsOf(text: string): string[] {
  const fields: string[] = [""];
  let between = false;
  for (const [i, c] of [...text].entries()) {
    if (c === "/" && fields.length >= 3 && text[i - 1] !== "\\") between = !between;
    if (c === ";" && !between) fields.push("");
    else fields[fields.length - 1] += c;
  }
  return fields;
}

function describe(block: string): { text: string; target: number } {
  const pairs = block.split(",").map((pair) => {
    const [, name = "", value = ""] = /^([A-Za-z0-9]+):(.*)$/s.exec(pair) ?? [];
    const form = Object.hasOwn(attributes, name) ? attributes[name] : undefined;
    if (form === undefined || !form.test(isRange(value) ? "range" : value))
      throw new NotARule("an attribute");
    return [name, value] as const;
  });
  const names = pairs.map(([name]) => name);
  if (new Set(names).size !== names.length || names.indexOf("Engine") > 0)
    throw new NotARule("an attribute's place");
  const values = new Map(pairs);
  const target = targetOf(values.get("Target") ?? "");
  if (target === undefined) throw new NotARule("no target");
  const others = names.filter((name) => name !== "Engine" && name !== "Target");
  const level = Number(/^\d+/.exec(values.get("Engine") ?? "0")?.[0]);
  if (others.length > 0 && level < attributesLevel) throw new NotARule("an attribute and no level for it");
  if (others.some((name) => name.startsWith("Icon")) && target !== 1)
    throw new NotARule("an icon and no program");
  const inOrder = ["Engine", "Target", ...others.sort()].filter((name) => values.has(name));
  return { text: inOrder.map((name) => `${name}:${values.get(name)}`).join(","), target };
}

function isRange(text: string): boolean {
  const [low = "", high = "", ...more] = text.split("-");
  const sound = more.length === 0 && isDecimal(low, 4_294_967_295) && isDecimal(high, 4_294_967_295);
  return sound && Number(low) <= Number(high);
}

/** Without blanks and leading zeros; reduced from the innermost parentheses outward to see that it is one. */
function expressionOf(source: string): { text: string; greatest: number } {
  // Blanks may stand anywhere but inside a number.
  if (/\d +\d/.test(source) || /[^\d()&|=<>, ]/.test(source)) throw new NotARule("no expression");
  const text = source.replace(/ /g, "").replace(/\d+/g, (digits) => String(Number(digits)));
  if (/\d{10}/.test(source)) throw new NotARule("a number");
  let rest = text.replace(/(^|[(&|])(\d+)/g, "$1T");
  const count = "(?:[=<>]{1,2}\\d+(?:,\\d*)*)";
  for (let depth = 0; ; depth++) {
    // A counted term is a term; a group of several terms may be counted, a group of one may not.
    const terms = rest.replace(new RegExp(`T${count}`, "g"), "U").replace(/T/g, "U");
    const next = terms.replace(/\(U(?:[&|]U)+\)/g, "T").replace(/\(U\)(?![=<>])/g, "U");
    if (next === terms || depth > expressionDepthMax) {
      if (!/^U(?:[&|]U)*$/.test(next)) throw new NotARule("no expression");
      break;
    }
    rest = next;
  }
  const numbers = [...text.matchAll(/(?:^|[(&|])(\d+)/g)].map(([, digits]) => Number(digits));
  const greatest = Math.max(...numbers);
  if (greatest >= subsignaturesMax) throw new NotARule("a subsignature's number");
  return { text, greatest };
}

interface Around {
  readonly target: number;
  readonly index: number;
  readonly count: number;
}

function subsignature(text: string, around: Around): string {
  if (text.startsWith("fuzzy_img#")) return imageHash(text);
  if (text.startsWith("${")) return macro(text);
  if (text.includes("/")) return regularExpression(text, around);
  if (text.includes("#")) return byteComparison(text, around);
  return content(text, around);
}

function imageHash(text: string): string {
  const match = /^fuzzy_img#([0-9a-f]{16})(#0)?$/i.exec(text);
  if (match === null) throw new NotARule("no image hash");
  return `fuzzy_img#${(match[1] as string).toLowerCase()}${match[2] ?? ""}`;
}

function macro(text: string): string {
  const [, low, high, group] = /^\$\{(\d{1,9})-(\d{1,9})\}(\d{1,9})\$$/.exec(text) ?? [];
  if (group === undefined || Number(low) > Number(high) || Number(group) > 31) throw new NotARule("no macro");
  return text;
}

/** `[offset:]trigger/expression/[flags]` */
function regularExpression(text: string, { target, index }: Around): string {
  const match = /^(?:([^:/]*):)?([^/]*)\/(.+)\/([gresmixAEU]*)$/s.exec(text);
  if (match === null) throw new NotARule("no regular expression");
  const [, offset, trigger = ""] = match;
  if (offset !== undefined && !isOffset(offset, target)) throw new NotARule("an offset");
  const expression = expressionOf(trigger);
  if (expression.greatest >= index) throw new NotARule("a trigger");
  return (offset === undefined ? "" : `${offset}:`) + expression.text + text.slice(text.indexOf("/"));
}

function byteComparison(text: string, { index, count }: Around): string {
  const number = "(?:0x[0-9a-fA-F]{1,8}|\\d{1,10})";
  const match = new RegExp(`^(\\d{1,4})\\((?:>>|<<)-?${number}#([hdaible]{1,4})(\\d{1,3})#([^#]*)\\)$`).exec(
    text,
  );
  if (match === null) throw new NotARule("no byte comparison");
  const [, reference, letters = "", digits, values = ""] = match;
  if (Number(reference) >= count || Number(reference) === index) throw new NotARule("a reference");
  const value = "[<>=]-?(?:0x[0-9a-fA-F]{1,16}|\\d{1,20})";
  if (!new RegExp(`^${value}(?:,${value})?$`).test(values)) throw new NotARule("values to compare");
  const base = letters.replace(/[^hdai]/g, "");
  const sides = letters.replace(/[^lb]/g, "");
  const bytes = Number(digits);
  const width =
    base === "i" ? [1, 2, 4, 8].includes(bytes) : bytes >= 1 && bytes <= (base === "h" ? 18 : 255);
  if (base.length !== 1 || sides.length > 1 || (base === "d" && sides === "l") || !width) {
    throw new NotARule("options of a comparison");
  }
  return text;
}

/** `[offset:]hex[::modifiers]`; a second `::` makes the engine ignore what stands between, and the text is kept as it is. */
function content(text: string, { target }: Around): string {
  const [front = "", modifiers = "", ...more] = text.split("::");
  if (more.length > 0) return text;
  if (/[^iwfa]/.test(modifiers)) throw new NotARule("a modifier");
  const [, offset, hex = ""] = /^(?:([^:]*):)?(.*)$/s.exec(front) as RegExpExecArray;
  if ((offset !== undefined && !isOffset(offset, target)) || !isHexBody(hex))
    throw new NotARule("a content pattern");
  const kept = [..."iwfa"].filter((modifier) => modifiers.includes(modifier)).join("");
  return (offset === undefined ? "" : `${offset}:`) + lowerHex(hex) + (kept === "" ? "" : `::${kept}`);
}
