/**
 * YARA: a rule may use the rules before it in its file. One that is switched off and still used stays, as a private rule: the engine
 * evaluates it and reports nothing of it. Own files follow, in namespaces that no published one has.
 */
import { namespaceMark, ruleMark } from "../../core/rules/yara/marks.js";
import { idOfRecord } from "./rule-names.js";
import type { FilterInput } from "./filter-sorted.js";
import { namesUsed } from "./yara-uses.js";

interface File {
  readonly head: string;
  readonly rules: string[];
}

export function* filterYARA(input: FilterInput): Generator<string> {
  const ownNames = new Set(
    input.own.filter((record) => record.startsWith(ruleMark)).map((record) => idOfRecord("yara", record)),
  );
  const taken = new Set<string>();
  for (const { head, rules } of filesOf(input.records)) {
    taken.add(namespaceOf(head));
    const kept = keptRules(rules, ownNames, input);
    if (kept.length > 0) yield* [head, ...kept];
  }
  for (const { head, rules } of filesOf(input.own)) yield* [renamed(head, taken), ...rules];
}

function* filesOf(records: Iterable<string>): Generator<File> {
  let file: File | undefined;
  for (const record of records) {
    if (record.startsWith(namespaceMark)) {
      if (file !== undefined) yield file;
      file = { head: record, rules: [] };
    } else file?.rules.push(record);
  }
  if (file !== undefined) yield file;
}

/** From the last rule to the first: whoever uses a rule stands behind it. */
function keptRules(
  rules: readonly string[],
  ownNames: ReadonlySet<string>,
  { selection, tally }: FilterInput,
): string[] {
  tally.count("yara", "published", rules.length);
  const isOff = rules.map((record) => {
    const name = idOfRecord("yara", record);
    const decision = selection.of(record);
    if (decision !== undefined) tally.matched(decision.choice);
    if (ownNames.has(name)) {
      // SPEC §16.8.4
      tally.count("yara", "replaced");
      const message = "your own rule takes the place of the published one of this name";
      tally.conflict({ type: "replaces-published", kind: "yara", what: name, message });
      return true;
    }
    if (decision?.verb === "disable") tally.count("yara", "disabled");
    return decision?.verb === "disable";
  });
  if (!isOff.includes(true)) return [...rules];
  const used = new UsedNames();
  const kept: string[] = [];
  for (const [i, record] of [...rules.entries()].reverse()) {
    const name = idOfRecord("yara", record);
    if (isOff[i] && !used.has(name)) continue;
    used.add(namesUsed(record));
    kept.unshift(isOff[i] ? hidden(record) : record);
    // SPEC §16.8.6
    const message = "other rules use it: it stays as a private rule, and reports nothing";
    if (isOff[i]) tally.conflict({ type: "still-needed", kind: "yara", what: name, message });
  }
  return kept;
}

/** Names, and prefixes of names with a star behind them. */
class UsedNames {
  readonly #names = new Set<string>();
  readonly #prefixes = new Set<string>();

  add(names: readonly string[]): void {
    for (const name of names) {
      if (name.endsWith("*")) this.#prefixes.add(name.slice(0, -1));
      else this.#names.add(name);
    }
  }

  has(name: string): boolean {
    return this.#names.has(name) || [...this.#prefixes].some((prefix) => name.startsWith(prefix));
  }
}

/** Not global any more either: what is switched off decides nothing about other rules but what they ask it. */
function hidden(record: string): string {
  const text = record.slice(ruleMark.length);
  return ruleMark + text.replace(/^(?:global )?(?:private )?rule /, "private rule ");
}

function namespaceOf(head: string): string {
  return head.slice(namespaceMark.length, head.indexOf("\0", 1));
}

/** Whatever a publisher calls a file, it does not meet an own one. */
function renamed(head: string, taken: Set<string>): string {
  let name = namespaceOf(head);
  while (taken.has(name)) name += "-own";
  taken.add(name);
  return `${namespaceMark}${name}${head.slice(head.indexOf("\0", 1))}`;
}
