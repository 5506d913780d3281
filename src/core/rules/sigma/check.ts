/**
 * What a Sigma rule must be for us to release it: identified, of one of the three kinds, and with
 * conditions that refer to what is there. Types of the other fields are the JSON schema's business, outside
 * core.
 */
import { quote } from "../../errors.js";
import type { FindingList } from "../source-text.js";
import { type ConditionResult, parseCondition, refersTo } from "./condition.js";
import { scalarType } from "./scalar.js";
import { entryOf, type MapNode, type Node, type ScalarNode, childOf } from "./tree.js";

export interface CheckedRule {
  /** 32 lower-case hexadecimal digits. */
  readonly id: string;
  /** The rule with its conditions in canonical form. */
  readonly rule: MapNode;
}

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const correlationTypes = new Set(
  "event_count value_count temporal temporal_ordered value_sum value_avg value_percentile value_median".split(
    " ",
  ),
);

/**
 * Undefined if a finding says why it cannot be released. `text` is the whole file, for the places inside
 * conditions.
 */
export function checkRule(rule: MapNode, text: string, findings: FindingList): CheckedRule | undefined {
  const from = findings.errors;
  const checker = new RuleChecker(rule, text, findings);
  const id = checker.checkHead();
  const checked = checker.checkBody();
  return id !== undefined && findings.errors === from ? { id, rule: checked } : undefined;
}

class RuleChecker {
  readonly #rule: MapNode;
  readonly #text: string;
  readonly #findings: FindingList;

  constructor(rule: MapNode, text: string, findings: FindingList) {
    this.#rule = rule;
    this.#text = text;
    this.#findings = findings;
  }

  checkHead(): string | undefined {
    const title = childOf(this.#rule, "title");
    if (title === undefined) this.#error(this.#rule, "SIGMA_TITLE_MISSING", "expected a title");
    else if (
      title.kind !== "scalar" ||
      title.text.trim() === "" ||
      title.text.includes("\n") ||
      scalarType(title) === "null"
    ) {
      this.#error(title, "SIGMA_TITLE_MISSING", "expected a title of one line of text");
    }
    const id = childOf(this.#rule, "id");
    if (id === undefined) {
      this.#error(this.#rule, "SIGMA_ID_MISSING", "expected an id: rules are found and updated by it");
      return undefined;
    }
    const spelled = id.kind === "scalar" ? id.text.toLowerCase() : "";
    if (uuid.test(spelled)) return spelled.replaceAll("-", "");
    const got = id.kind === "scalar" ? quote(id.text) : `a ${id.kind}`;
    this.#error(id, "SIGMA_ID_MALFORMED", `expected a UUID as id, got ${got}`);
    return undefined;
  }

  /** The rule again, with canonical conditions. */
  checkBody(): MapNode {
    const kinds = ["detection", "correlation", "filter"].filter(
      (kind) => entryOf(this.#rule, kind) !== undefined,
    );
    const kind = kinds[0];
    if (kind === undefined || kinds.length > 1) {
      const got = kind === undefined ? "none" : kinds.join(" and ");
      this.#error(this.#rule, "SIGMA_KIND", `expected one of detection, correlation and filter, got ${got}`);
      return this.#rule;
    }
    if (kind !== "correlation") this.#needMap(this.#rule, "logsource", "SIGMA_LOGSOURCE");
    const body = this.#needMap(this.#rule, kind, `SIGMA_${kind.toUpperCase()}`);
    if (body === undefined) return this.#rule;
    if (kind === "correlation") {
      this.#checkCorrelation(body);
      return this.#rule;
    }
    return replaceValue(this.#rule, kind, this.#checkSelections(body, kind));
  }

  #needMap(parent: MapNode, key: string, code: string): MapNode | undefined {
    const value = childOf(parent, key);
    if (value?.kind === "map" && value.entries.length > 0) return value;
    const got = value === undefined ? "none" : value.kind === "map" ? "an empty one" : `a ${value.kind}`;
    this.#error(value ?? parent, code, `expected a mapping as ${key}, got ${got}`);
    return undefined;
  }

  #checkSelections(body: MapNode, kind: string): MapNode {
    const from = this.#findings.errors;
    const reserved = new Set(kind === "filter" ? ["condition", "rules"] : ["condition", "timeframe"]);
    const selections = body.entries.filter((entry) => !reserved.has(entry.key.text));
    for (const { key, value } of selections) this.#checkSelection(key, value);
    const condition = childOf(body, "condition");
    const conditions =
      condition?.kind === "list" ? condition.items : condition === undefined ? [] : [condition];
    if (conditions.length === 0)
      this.#error(condition ?? body, "SIGMA_CONDITION", `expected a condition in ${kind}`);
    const names = selections.map((entry) => entry.key.text);
    const used = new Set<string>();
    const canonical = conditions.map((one) => this.#checkCondition(one, names, used));
    for (const { key } of selections) {
      // A wrong name in a condition is the likelier fault.
      if (used.has(key.text) || this.#findings.errors > from) continue;
      const message = `expected a condition that uses ${quote(key.text)}`;
      this.#findings.warning(key.offset, "SIGMA_SELECTION_UNUSED", message);
    }
    return canonical.includes(undefined) || condition === undefined
      ? body
      : replaceValue(body, "condition", rebuild(condition, canonical as ScalarNode[]));
  }

  /** A mapping, a list of mappings, or a list of words to look for anywhere. */
  #checkSelection(key: ScalarNode, value: Node): void {
    const items = value.kind === "list" ? value.items : value.kind === "map" ? value.entries : [];
    if (items.length > 0) return;
    const got = value.kind === "scalar" ? "a single value" : "an empty one";
    this.#error(
      value,
      "SIGMA_SELECTION",
      `expected a list or mapping as selection ${quote(key.text)}, got ${got}`,
    );
  }

  #checkCondition(node: Node, names: readonly string[], used: Set<string>): ScalarNode | undefined {
    if (node.kind !== "scalar" || scalarType(node) === "null") {
      this.#error(node, "SIGMA_CONDITION", "expected a condition as text");
      return undefined;
    }
    const result = parseCondition(node.text);
    const at = this.#placeIn(node);
    for (const { offset, message } of result.problems) {
      this.#findings.error(at(offset), "SIGMA_CONDITION_SYNTAX", message);
    }
    this.#resolve(result, at, names, used);
    if (result.pipeOffset !== undefined) {
      const message = "expected a condition without |: aggregations were replaced by correlation rules";
      this.#findings.warning(at(result.pipeOffset), "SIGMA_AGGREGATION", message);
    }
    return result.problems.length > 0 ? undefined : { ...node, text: result.canonical, plain: false };
  }

  #resolve(
    { references }: ConditionResult,
    at: (offset: number) => number,
    names: readonly string[],
    used: Set<string>,
  ): void {
    const seen = new Set<string>();
    for (const reference of references) {
      if (seen.has(reference.pattern)) continue;
      seen.add(reference.pattern);
      const meant = names.filter((name) => refersTo(reference, name));
      for (const name of meant) used.add(name);
      if (meant.length > 0) continue;
      const message = `expected a selection of this rule, got ${quote(reference.pattern)}`;
      this.#findings.error(at(reference.offset), "SIGMA_SELECTION_UNDEFINED", message);
    }
  }

  /**
   * Offsets inside a scalar that stands in the text as it is; otherwise its beginning is the best there is.
   */
  #placeIn(node: ScalarNode): (offset: number) => number {
    const start = node.offset + (node.plain ? 0 : 1);
    const verbatim = this.#text.startsWith(node.text, start);
    return (offset) => (verbatim ? start + Math.min(offset, node.text.length) : node.offset);
  }

  #checkCorrelation(body: MapNode): void {
    const type = childOf(body, "type");
    if (type?.kind !== "scalar" || !correlationTypes.has(type.text)) {
      const got = type?.kind === "scalar" ? quote(type.text) : (type?.kind ?? "none");
      this.#error(type ?? body, "SIGMA_CORRELATION", `expected a type of correlation, got ${got}`);
    }
    const rules = childOf(body, "rules");
    if (rules === undefined || (rules.kind === "list" && rules.items.length === 0) || rules.kind === "map") {
      this.#error(rules ?? body, "SIGMA_CORRELATION", "expected a list of the rules to correlate");
    }
    const timespan = childOf(body, "timespan");
    if (timespan?.kind !== "scalar" || !/^[0-9]{1,9}[smhdwMy]$/.test(timespan.text)) {
      const got = timespan?.kind === "scalar" ? quote(timespan.text) : (timespan?.kind ?? "none");
      this.#error(timespan ?? body, "SIGMA_CORRELATION", `expected a timespan like 10m, got ${got}`);
    }
  }

  #error(node: { readonly offset: number }, code: string, message: string): void {
    this.#findings.error(node.offset, code, message);
  }
}

function replaceValue(map: MapNode, key: string, value: Node): MapNode {
  const entries = map.entries.map((entry) => (entry.key.text === key ? { key: entry.key, value } : entry));
  return { ...map, entries };
}

function rebuild(condition: Node, conditions: readonly ScalarNode[]): Node {
  return condition.kind === "list" ? { ...condition, items: conditions } : (conditions[0] as ScalarNode);
}
