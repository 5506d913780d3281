/** SPEC §3.10: Sigma's rules. */
import { byteString, hexBytes, utf8Bytes, utf8Text } from "../encoding/bytes.js";
import { limits } from "../limits.js";
import {
  type Joined,
  NotARule,
  type Reading,
  type ReferenceFile,
  type ReferenceLanguage,
  type ReferenceRecord,
  type SourceError,
} from "./model.js";
import { withCanonicalConditions } from "./sigma-conditions.js";
import { isNull, ruleText } from "./sigma-text.js";
import { type YAMLMap, type YAMLNode, isList, isMap, isScalar } from "./yaml-tree.js";
import { readYAML, yamlDocuments } from "./yaml.js";

const fileBytesMax = 4 * 1024 * 1024;
const correlationTypes =
  "event_count value_count temporal temporal_ordered value_sum value_avg value_percentile value_median".split(
    " ",
  );

export const referenceSigma: ReferenceLanguage = {
  order: "sorted",
  accepts: (path) => /\.ya?ml$/i.test(path),
  read,
  join,
  idOf: () => "",
};

function read({ path, bytes }: ReferenceFile): Reading {
  const records: ReferenceRecord[] = [];
  const errors: SourceError[] = [];
  const attempt = (line: number, act: () => void) => {
    try {
      act();
    } catch (error) {
      if (!(error instanceof NotARule)) throw error;
      errors.push({ line, message: error.message });
    }
  };
  attempt(1, () => {
    const documents = yamlDocuments(textOf(bytes));
    const nodes: YAMLNode[] = [];
    for (const document of documents) attempt(document.firstLine, () => nodes.push(readYAML(document)));
    const some = nodes.filter((node) => !(isScalar(node) && node.plain && node.text === ""));
    if (some.length === 0 && errors.length === 0) throw new NotARule("no rule in the file");
    const rules = expanded(some, (message) => errors.push({ line: 1, message }));
    for (const rule of rules)
      attempt(rule.line, () => records.push({ record: recordOf(rule), line: rule.line }));
  });
  return { path, records, errors };
}

function textOf(bytes: Uint8Array): string {
  if (bytes.length > fileBytesMax) throw new NotARule("a larger file than rules need");
  try {
    return utf8Text(bytes);
  } catch {
    throw new NotARule("not UTF-8");
  }
}

/** SPEC §3.10.9: `action` shares, repeats and forgets. */
function expanded(nodes: readonly YAMLNode[], complain: (message: string) => void): YAMLMap[] {
  const rules: YAMLMap[] = [];
  let shared: YAMLMap | undefined;
  let last: YAMLMap | undefined;
  for (const node of nodes) {
    if (!isMap(node)) {
      complain("a document that is no mapping");
      continue;
    }
    const entries = new Map(node.entries);
    entries.delete("action");
    const own: YAMLMap = { line: node.line, entries };
    const action = node.entries.get("action")?.value;
    const name = action === undefined ? "" : isScalar(action) ? action.text : "no word";
    if (name === "global") shared = over(shared, own);
    else if (name === "reset") shared = last = undefined;
    else if (action === undefined || (name === "repeat" && last !== undefined)) {
      last = over(name === "repeat" ? last : shared, own);
      rules.push(last);
    } else complain("an action that is none");
  }
  return rules;
}

function over(base: YAMLMap | undefined, own: YAMLMap): YAMLMap {
  if (base === undefined) return own;
  const entries = new Map(base.entries);
  for (const [name, entry] of own.entries) {
    const before = base.entries.get(name)?.value;
    const both = isMap(before) && isMap(entry.value);
    entries.set(name, both ? { key: entry.key, value: over(before, entry.value as YAMLMap) } : entry);
  }
  return { line: own.line, entries };
}

/** SPEC §3.10.1 */
function recordOf(rule: YAMLMap): string {
  const member = (name: string) => rule.entries.get(name)?.value;
  const title = member("title");
  if (!isScalar(title) || title.text.trim() === "" || title.text.includes("\n") || isNull(title))
    throw new NotARule("no title");
  const id = member("id");
  const digits = isScalar(id) ? id.text.toLowerCase() : "";
  if (!/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(digits)) throw new NotARule("no id");
  const entries = new Map(checkedBody(rule).entries);
  entries.delete("id");
  const text = ruleText({ line: rule.line, entries });
  const record = byteString(hexBytes(digits.replace(/-/g, ""))) + byteString(utf8Bytes(text));
  if (record.length > limits.recordBytesMax) throw new NotARule("too long");
  return record;
}

/** SPEC §3.10.2: one of three kinds; conditions refer to selections that exist, and are canonical. */
function checkedBody(rule: YAMLMap): YAMLMap {
  const kinds = ["detection", "correlation", "filter"].filter((kind) => rule.entries.has(kind));
  const [kind] = kinds;
  if (kind === undefined || kinds.length > 1) throw new NotARule("not one of detection, correlation, filter");
  const body = mapping(rule, kind);
  if (kind === "correlation") {
    checkCorrelation(body);
    return rule;
  }
  mapping(rule, "logsource");
  const entries = new Map(rule.entries);
  const key = (rule.entries.get(kind) as { key: { text: string; plain: boolean } }).key;
  entries.set(kind, { key, value: withCanonicalConditions(body, kind === "filter" ? "rules" : "timeframe") });
  return { line: rule.line, entries };
}

function mapping(rule: YAMLMap, name: string): YAMLMap {
  const value = rule.entries.get(name)?.value;
  if (!isMap(value) || value.entries.size === 0) throw new NotARule(`no mapping ${name}`);
  return value;
}

function checkCorrelation({ entries }: YAMLMap): void {
  const [type, rules, timespan] = ["type", "rules", "timespan"].map((name) => entries.get(name)?.value);
  if (!isScalar(type) || !correlationTypes.includes(type.text)) throw new NotARule("no type of correlation");
  if (rules === undefined || isMap(rules) || (isList(rules) && rules.items.length === 0))
    throw new NotARule("no rules to correlate");
  if (!isScalar(timespan) || !/^[0-9]{1,9}[smhdwMy]$/.test(timespan.text)) throw new NotARule("no timespan");
}

/** SPEC §3.10.1: one id with two texts is a conflict at the one that comes later by path and line. */
function join(files: readonly Reading[]): Joined {
  const all = files.flatMap(({ path, records }) => records.map((one) => ({ ...one, path })));
  all.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : a.line - b.line));
  const first = new Map<string, string>();
  const conflicts: { path: string; message: string }[] = [];
  for (const { record, path } of all) {
    const id = record.slice(0, 16);
    const before = first.get(id);
    if (before === undefined) first.set(id, record);
    else if (before !== record) conflicts.push({ path, message: "an id that another rule has" });
  }
  return { records: [...first.values()].sort(), conflicts };
}
