/**
 * Text to YAML documents. This is the only file of core that imports a package
 * (docs/adr/0001-yaml-in-core.md).
 *
 * Refused: anchors, aliases and tags (Sigma has no use for them, and they let a small file grow without
 * end), keys that are not scalars, keys given twice, nesting deeper than any rule needs. Each refusal is a
 * finding of its own.
 */
import {
  Composer,
  type CST,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  Parser,
  type ParsedNode,
} from "yaml";
import { quote } from "../../errors.js";
import type { FindingList } from "../source-text.js";
import type { MapEntry, Node, ScalarNode } from "./tree.js";

const depthMax = 64;
/** YAML 1.2 §8.2.2 lets a key without `?` take 1,024 characters; quotes and escapes need room. */
const keyCharactersMax = 200;
const options = {
  schema: "failsafe",
  version: "1.2",
  strict: true,
  uniqueKeys: false,
  logLevel: "silent",
} as const;

/** The documents that are sound YAML; empty ones are left out. */
export function parseDocuments(text: string, findings: FindingList): Node[] {
  const tokens = tokensOf(text, findings);
  if (tokens === undefined) return [];
  const tooDeep = tokens.map(deepToken).find((offset) => offset !== undefined);
  if (tooDeep !== undefined) {
    // Composing recurses: what is too deep for it must not reach it.
    findings.error(tooDeep, "SIGMA_NESTING", `expected at most ${depthMax} levels of nesting`);
    return [];
  }
  const nodes: Node[] = [];
  for (const document of new Composer(options).compose(tokens, true, text.length)) {
    if (document.contents === null && document.errors.length === 0) continue;
    const node = readDocument(document, findings);
    if (node === undefined || isNothing(node)) continue;
    nodes.push(node.kind === "map" ? { ...node, end: lastCharacter(text, document) } : node);
  }
  return nodes;
}

/** The reader itself recurses where keys follow each other on one line: `a: b: c: …`, thousands of times, is too deep for it. */
function tokensOf(text: string, findings: FindingList): CST.Token[] | undefined {
  let line = 0;
  const parser = new Parser((offset) => {
    line = offset;
  });
  try {
    return [...parser.parse(text)];
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    findings.error(line, "SIGMA_NESTING", `expected at most ${depthMax} levels of nesting`);
    return undefined;
  }
}

function readDocument(document: Document.Parsed, findings: FindingList): Node | undefined {
  // SPEC §3.7.4: what is reported as an error gives no record, warnings of the reader's too.
  const from = findings.errors;
  for (const { pos, message } of [...document.errors, ...document.warnings]) {
    const first = `${message.slice(0, 1).toLowerCase()}${message.slice(1)}`.replace(/\.$/, "");
    findings.error(pos[0], "SIGMA_YAML", `expected YAML, got a document that is none: ${first}`);
  }
  if (document.errors.length > 0 || document.contents === null) return undefined;
  const node = convert(document.contents, findings);
  return findings.errors === from ? node : undefined;
}

/** Behind the last value there may be blank lines; they belong to nobody. */
function lastCharacter(text: string, { contents }: Document.Parsed): number {
  let end = (contents?.range[1] ?? 1) - 1;
  while (end > 0 && /\s/.test(text[end] as string)) end--;
  return end;
}

function isNothing(node: Node): boolean {
  return node.kind === "scalar" && node.plain && node.text === "";
}

function convert(node: ParsedNode, findings: FindingList): Node {
  const offset = node.range[0];
  if (isAlias(node)) {
    findings.error(offset, "SIGMA_YAML_ALIAS", `expected no aliases, got ${quote(`*${node.source}`)}`);
    return scalar(offset, "", true);
  }
  if (node.anchor !== undefined) {
    findings.error(offset, "SIGMA_YAML_ALIAS", `expected no anchors, got ${quote(`&${node.anchor}`)}`);
  }
  if (node.tag !== undefined) {
    findings.error(offset, "SIGMA_YAML_TAG", `expected no tags, got ${quote(node.tag)}`);
  }
  if (isScalar(node)) {
    const plain = node.type === "PLAIN" || node.type === undefined || node.type === null;
    return scalar(offset, node.value === null ? "" : String(node.value), plain);
  }
  if (isSeq(node)) {
    return { kind: "list", offset, items: node.items.map((item) => convert(item as ParsedNode, findings)) };
  }
  if (!isMap(node)) return scalar(offset, "", true);
  return { kind: "map", offset, entries: readEntries(node, findings) };
}

function readEntries(
  map: { items: readonly { key: unknown; value: unknown }[] },
  findings: FindingList,
): MapEntry[] {
  const seen = new Set<string>();
  const entries: MapEntry[] = [];
  for (const pair of map.items) {
    const key = convert(pair.key as ParsedNode, findings);
    const value =
      pair.value === null ? scalar(key.offset, "", true) : convert(pair.value as ParsedNode, findings);
    if (key.kind !== "scalar") {
      findings.error(key.offset, "SIGMA_YAML_KEY", `expected a word as key, got a ${key.kind}`);
    } else if (key.text.length > keyCharactersMax) {
      findings.error(
        key.offset,
        "SIGMA_YAML_KEY",
        `expected a key of at most ${keyCharactersMax} characters`,
      );
    } else if (seen.has(key.text)) {
      findings.error(key.offset, "SIGMA_YAML_KEY", `expected each key once, got ${quote(key.text)} again`);
    } else {
      seen.add(key.text);
      entries.push({ key, value });
    }
  }
  return entries;
}

function scalar(offset: number, text: string, plain: boolean): ScalarNode {
  return { kind: "scalar", offset, text, plain };
}

/** Where a token lies deeper than allowed, without recursion. */
function deepToken(document: CST.Token): number | undefined {
  const stack: [CST.Token, number][] = [[document, 0]];
  for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
    const [token, depth] = top;
    if (depth > depthMax) return "offset" in token ? token.offset : 0;
    if (token.type === "document" && token.value) stack.push([token.value, depth]);
    if (!("items" in token)) continue;
    for (const item of token.items) {
      if (item.key) stack.push([item.key, depth + 1]);
      if (item.value) stack.push([item.value, depth + 1]);
    }
  }
  return undefined;
}
