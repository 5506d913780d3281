/**
 * Our own YAML writer. The canonical form must not depend on a library's taste, so every byte of it is
 * decided here.
 *
 * Block layout, four spaces a level, lists indented under their key, long text as it is on one line, text
 * with line breaks as a literal block. Keys: the customary ones first and in their customary order, the
 * others in byte order; YAML gives the order of a mapping no meaning, and neither does Sigma: the parts of
 * a selection are all required. Lists keep their order.
 */
import { compareBytes, utf8Bytes } from "../../encoding/bytes.js";
import { formatScalar, isBlockText, scalarType } from "./scalar.js";
import type { ListNode, MapEntry, MapNode, Node, ScalarNode } from "./tree.js";

const ruleKeys = orderOf(
  "title id name related taxonomy status description license references author date modified tags scope " +
    "logsource detection correlation filter fields falsepositives level",
);
const innerKeys: ReadonlyMap<string, ReadonlyMap<string, number>> = new Map([
  ["logsource", orderOf("category product service definition")],
  ["correlation", orderOf("type rules group-by timespan aliases condition")],
  ["filter", orderOf("rules")],
]);
/** After all others: what refers to them. */
const lastKeys = orderOf("timeframe condition");
const noKeys: ReadonlyMap<string, number> = new Map();
const indentUnit = "    ";

/** A whole rule; ends with a line feed. */
export function formatRule(rule: MapNode): string {
  const lines: string[] = [];
  for (const entry of inOrder(rule, ruleKeys, noKeys)) {
    const inner = innerKeys.get(entry.key.text);
    const hasCondition = entry.key.text === "detection" || entry.key.text === "filter";
    emitEntry(lines, "", entry, inner ?? noKeys, hasCondition ? lastKeys : noKeys);
  }
  return `${lines.join("\n")}\n`;
}

function emitEntry(
  lines: string[],
  indent: string,
  { key, value }: MapEntry,
  first: ReadonlyMap<string, number>,
  last: ReadonlyMap<string, number>,
  lead = indent,
): void {
  const head = `${lead}${formatScalar(key)}:`;
  if (value.kind === "scalar") emitScalar(lines, `${head} `, indent, value);
  else if (isEmpty(value)) lines.push(`${head} ${value.kind === "map" ? "{}" : "[]"}`);
  else {
    lines.push(head);
    if (value.kind === "list") emitList(lines, indent + indentUnit, value);
    else
      for (const entry of inOrder(value, first, last))
        emitEntry(lines, indent + indentUnit, entry, noKeys, noKeys);
  }
}

function emitList(lines: string[], indent: string, list: ListNode, lead = indent): void {
  list.items.forEach((item, i) => {
    const head = `${i === 0 ? lead : indent}- `;
    const inner = `${indent}  `;
    if (item.kind === "scalar") emitScalar(lines, head, indent, item);
    else if (isEmpty(item)) lines.push(`${head}${item.kind === "map" ? "{}" : "[]"}`);
    else if (item.kind === "list") emitList(lines, inner, item, head);
    else {
      inOrder(item, noKeys, noKeys).forEach((entry, n) => {
        emitEntry(lines, inner, entry, noKeys, noKeys, n === 0 ? head : inner);
      });
    }
  });
}

function emitScalar(lines: string[], head: string, indent: string, scalar: ScalarNode): void {
  if (scalarType(scalar) !== "text" || !isBlockText(scalar.text)) {
    lines.push(head + formatScalar(scalar));
    return;
  }
  const body = scalar.text.replace(/\n+$/, "");
  const breaks = scalar.text.length - body.length;
  lines.push(`${head}|${breaks === 0 ? "-" : breaks === 1 ? "" : "+"}`);
  for (const line of body.split("\n")) lines.push(line === "" ? "" : indent + indentUnit + line);
  for (let i = 1; i < breaks; i++) lines.push("");
}

function isEmpty(node: Node): boolean {
  return node.kind === "map" ? node.entries.length === 0 : node.kind === "list" && node.items.length === 0;
}

function inOrder(
  map: MapNode,
  first: ReadonlyMap<string, number>,
  last: ReadonlyMap<string, number>,
): MapEntry[] {
  const place = ({ key }: MapEntry) => {
    const fromEnd = last.get(key.text);
    return fromEnd === undefined ? (first.get(key.text) ?? first.size) : first.size + 1 + fromEnd;
  };
  return [...map.entries].sort(
    (a, b) => place(a) - place(b) || compareBytes(utf8Bytes(a.key.text), utf8Bytes(b.key.text)),
  );
}

function orderOf(keys: string): ReadonlyMap<string, number> {
  return new Map(keys.split(" ").map((key, i) => [key, i]));
}
