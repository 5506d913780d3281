/** SPEC §3.10.3 and §3.10.4: the canonical YAML of a rule. */
import { byteString, utf8Bytes } from "../encoding/bytes.js";
import {
  type YAMLEntry,
  type YAMLMap,
  type YAMLNode,
  type YAMLScalar,
  isList,
  isMap,
  isScalar,
} from "./yaml-tree.js";

const ruleKeys =
  `title name related taxonomy status description license references author date modified tags scope
  logsource detection correlation filter fields falsepositives level`.split(/\s+/);
const innerKeys: Readonly<Record<string, readonly string[]>> = {
  logsource: ["category", "product", "service", "definition"],
  correlation: ["type", "rules", "group-by", "timespan", "aliases", "condition"],
  filter: ["rules"],
};
const lastKeys = ["timeframe", "condition"];

/** SPEC §3.10.7: what either version of YAML takes for something else than text. */
const otherThanText = [
  /^(?:|~|null|Null|NULL)$/,
  /^(?:true|True|TRUE|false|False|FALSE)$/,
  /^(?:[yYnN]|yes|Yes|YES|no|No|NO|on|On|ON|off|Off|OFF)$/,
  /^(?:[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)|=|<<)$/,
  /^[-+]?(?:0b[01_]+|0o?[0-7_]+|0x[0-9a-fA-F_]+|[0-9][0-9_]*(?::[0-5]?[0-9])*)$/,
  /^[-+]?(?:[0-9][0-9_]*(?::[0-5]?[0-9])*)?(?:\.[0-9_]*)?(?:[eE][-+]?[0-9]+)?$/,
  /^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}$/,
  /^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt]|[ \t]+)[0-9]{1,2}:[0-9]{2}:[0-9]{2}[-+Z0-9:. \t]*$/,
];
const [nulls, truths] = otherThanText as [RegExp, RegExp];

export function isNull({ text, plain }: YAMLScalar): boolean {
  return plain && nulls.test(text);
}

export function ruleText(rule: YAMLMap): string {
  const lines: string[] = [];
  for (const entry of inOrder(rule, ruleKeys, [])) {
    const name = entry.key.text;
    const last = name === "detection" || name === "filter" ? lastKeys : [];
    for (const line of entryLines(entry, innerKeys[name] ?? [], last)) lines.push(line);
  }
  return `${lines.join("\n")}\n`;
}

/** The lines of a node stand one level deeper than what they belong to. */
function entryLines({ key, value }: YAMLEntry, first: readonly string[], last: readonly string[]): string[] {
  const head = `${onOneLine(key)}:`;
  if (isScalar(value)) return scalarLines(`${head} `, value);
  if (isList(value))
    return value.items.length === 0 ? [`${head} []`] : [head, ...deeper(itemLines(value.items), 4)];
  const inner = inOrder(value, first, last).flatMap((entry) => entryLines(entry, [], []));
  return inner.length === 0 ? [`${head} {}`] : [head, ...deeper(inner, 4)];
}

function itemLines(items: readonly YAMLNode[]): string[] {
  return items.flatMap((item) => {
    if (isScalar(item)) return scalarLines("- ", item);
    const inner = isList(item)
      ? itemLines(item.items)
      : inOrder(item, [], []).flatMap((entry) => entryLines(entry, [], []));
    if (inner.length === 0) return [isMap(item) ? "- {}" : "- []"];
    const [head, ...rest] = inner;
    return [`- ${head}`, ...deeper(rest, 2)];
  });
}

function deeper(lines: readonly string[], by: number): string[] {
  return lines.map((line) => (line === "" ? "" : " ".repeat(by) + line));
}

function inOrder(map: YAMLMap, first: readonly string[], last: readonly string[]): YAMLEntry[] {
  const rank = (name: string) => {
    const atEnd = last.indexOf(name);
    if (atEnd >= 0) return first.length + 1 + atEnd;
    return first.includes(name) ? first.indexOf(name) : first.length;
  };
  const bytes = ({ key }: YAMLEntry) => byteString(utf8Bytes(key.text));
  return [...map.entries.values()].sort(
    (a, b) => rank(a.key.text) - rank(b.key.text) || (bytes(a) < bytes(b) ? -1 : 1),
  );
}

function scalarLines(head: string, scalar: YAMLScalar): string[] {
  const { text } = scalar;
  const isText = !scalar.plain || !otherThanText.some((pattern) => pattern.test(text));
  if (!isText || !/^[^ \n].*\n/s.test(text) || !isPrintable(text.replace(/\n/g, "")))
    return [head + onOneLine(scalar)];
  const body = text.replace(/\n+$/, "");
  const breaks = text.length - body.length;
  const mark = breaks === 0 ? "|-" : breaks === 1 ? "|" : "|+";
  return [
    head + mark,
    ...deeper(body.split("\n"), 4),
    ...Array.from({ length: Math.max(0, breaks - 1) }, () => ""),
  ];
}

function onOneLine({ text, plain }: YAMLScalar): string {
  if (plain && nulls.test(text)) return "null";
  if (plain && truths.test(text)) return text.toLowerCase();
  if (plain && otherThanText.some((pattern) => pattern.test(text))) return text;
  if (staysPlain(text)) return text;
  if (isPrintable(text)) return `'${text.replace(/'/g, "''")}'`;
  return `"${[...text].map(escaped).join("")}"`;
}

function staysPlain(text: string): boolean {
  return (
    /^[A-Za-z0-9/\\(.$_<^+;~]/.test(text) &&
    !/: | #|[: ]$|^---|^\.\.\./.test(text) &&
    isPrintable(text) &&
    !otherThanText.some((pattern) => pattern.test(text))
  );
}

/** SPEC §3.10.8 */
function isPrintable(text: string): boolean {
  return !/[^ -~\xa0-\u200a\u2010-\u2027\u202f-\u2065\u206a-\ufefe\uff00-\ufffd]/.test(text);
}

function escaped(character: string): string {
  const at = '\n\t\r"\\'.indexOf(character);
  if (at >= 0) return `\\${'ntr"\\'[at]}`;
  if (isPrintable(character)) return character;
  const code = (character.codePointAt(0) as number).toString(16);
  if (code.length <= 2) return `\\x${code.padStart(2, "0")}`;
  return code.length <= 4 ? `\\u${code.padStart(4, "0")}` : `\\U${code.padStart(8, "0")}`;
}
