/** The target description block of a logical signature: `Engine:81-255,Target:1,FileSize:10-20`. Canonical: Engine, Target, the rest by name. */
import { parseDecimal } from "../ip-addresses.js";
import { quoteBytes } from "../source-lines.js";
import { readTarget } from "./content-signature.js";
import { type Field, type Report, splitFields } from "./fields.js";

type Attribute = "range" | "number" | "type" | "types" | "text";

const attributes: ReadonlyMap<string, Attribute> = new Map<string, Attribute>([
  ["Engine", "range"],
  ["Target", "number"],
  ["FileSize", "range"],
  ["EntryPoint", "range"],
  ["NumberOfSections", "range"],
  ["Container", "type"],
  ["HandlerType", "type"],
  ["Intermediates", "types"],
  ["IconGroup1", "text"],
  ["IconGroup2", "text"],
]);

/** Since this level the engine knows more than Engine and Target, and insists on being told so. */
const attributesLevel = 51;

export function readTargetDescription(
  block: Field,
  report: Report,
): { canonical: string; target: number | undefined } {
  const seen = new Map<string, string>();
  let target: number | undefined;
  for (const field of splitFields(block.text, ",", block.offset)) {
    const colon = field.text.indexOf(":");
    const name = field.text.slice(0, Math.max(0, colon));
    const value: Field = { text: field.text.slice(colon + 1), offset: field.offset + colon + 1 };
    const kind = attributes.get(name);
    if (kind === undefined) {
      report(
        field.offset,
        "CLAMAV_ATTRIBUTE",
        `expected an attribute such as Target:1, got ${quoteBytes(field.text)}`,
      );
      continue;
    }
    if (seen.has(name)) report(field.offset, "CLAMAV_ATTRIBUTE", `expected ${name} once, got it again`);
    // Engines of old read no further than an Engine attribute in front.
    if (name === "Engine" && seen.size > 0) {
      report(field.offset, "CLAMAV_ATTRIBUTE", "expected Engine in front of all other attributes");
    }
    seen.set(name, value.text);
    if (kind === "number") target = readTarget(value, report);
    else checkValue(name, kind, value, report);
  }
  checkTogether(seen, target, block, report);
  const order = (name: string) => (name === "Engine" ? "0" : name === "Target" ? "1" : name);
  const names = [...seen.keys()].sort((a, b) => (order(a) < order(b) ? -1 : 1));
  return { canonical: names.map((name) => `${name}:${seen.get(name)}`).join(","), target };
}

function checkValue(name: string, kind: Attribute, value: Field, report: Report): void {
  const { text, offset } = value;
  const refuse = (expected: string) =>
    report(offset, "CLAMAV_ATTRIBUTE", `expected ${expected} for ${name}, got ${quoteBytes(text)}`);
  if (kind === "range") {
    const [low, high, ...more] = text.split("-").map((part) => parseDecimal(part, 0xffff_ffff));
    if (low === undefined || high === undefined || more.length > 0) refuse("two numbers such as 10-20");
    else if (low > high) refuse("the smaller number in front");
  } else if (kind === "type" || kind === "types") {
    const form = kind === "type" ? /^CL_TYPE_[A-Z0-9_]+$/ : /^CL_TYPE_[A-Z0-9_]+(>CL_TYPE_[A-Z0-9_]+)*$/;
    if (!form.test(text)) refuse("a file type such as CL_TYPE_ZIP");
  } else if (!/^[!-~]+$/.test(text)) refuse("a name");
}

function checkTogether(
  seen: ReadonlyMap<string, string>,
  target: number | undefined,
  block: Field,
  report: Report,
) {
  if (!seen.has("Target")) report(block.offset, "CLAMAV_ATTRIBUTE", "expected a Target attribute, got none");
  else if (seen.get("Target") === "*")
    report(block.offset, "CLAMAV_TARGET", 'expected a number for Target, got "*"');
  const newer = [...seen.keys()].find((name) => name !== "Engine" && name !== "Target");
  const leastLevel = Number.parseInt(seen.get("Engine") ?? "0", 10);
  if (newer !== undefined && leastLevel < attributesLevel) {
    const expected = `expected an Engine attribute from level ${attributesLevel} on beside ${newer}`;
    report(block.offset, "CLAMAV_ATTRIBUTE", `${expected}, got ${seen.get("Engine") ?? "none"}`);
  }
  const hasIcon = seen.has("IconGroup1") || seen.has("IconGroup2");
  if (hasIcon && target !== undefined && target !== 1) {
    report(block.offset, "CLAMAV_ATTRIBUTE", `expected Target:1 with an icon group, got Target:${target}`);
  }
}
