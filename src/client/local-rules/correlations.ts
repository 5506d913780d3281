/**
 * Sigma: correlation rules of an export that name rules which their owner switched off. Such a rule counts what nobody reports, so it is silent,
 * or wrong where it counts several; converters refuse a collection with it. Ids and names are compared as canonical YAML writes them.
 */
import { byteStringText } from "../../core/rules/source-lines.js";
import type { LocalConflict } from "./model.js";
import { idOfRecord } from "./rule-names.js";

interface Correlation {
  readonly id: string;
  readonly rules: readonly string[];
}

export class Correlations {
  readonly #kept: Correlation[] = [];
  /** Ids and names of the rules that are exported, as far as they have names, and of those that are not. */
  readonly #namesKept = new Set<string>();
  readonly #left = new Set<string>();

  keep(record: string): void {
    const name = nameOf(record);
    if (name !== undefined) this.#namesKept.add(name);
    const rules = rulesOf(record);
    if (rules.length > 0) this.#kept.push({ id: idOfRecord("sigma", record), rules });
  }

  leave(record: string): void {
    this.#left.add(idOfRecord("sigma", record));
    const name = nameOf(record);
    if (name !== undefined) this.#left.add(name);
  }

  /** After all records. A name that another rule still has is no conflict. */
  *broken(): Generator<LocalConflict> {
    for (const { id, rules } of this.#kept) {
      const gone = rules.filter((rule) => this.#left.has(idForm(rule)) && !this.#namesKept.has(rule));
      if (gone.length === 0) continue;
      const names = gone.map(byteStringText).join(", ");
      const message = `it correlates ${names}, which you switched off: switch it off too, or that on again`;
      yield { type: "names-disabled", kind: "sigma", what: id, message };
    }
  }
}

/** What is no id stays as it is: names have cases. */
function idForm(rule: string): string {
  const lower = rule.toLowerCase();
  return /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(lower) ? lower : rule;
}

function nameOf(record: string): string | undefined {
  return /\nname: (.*)\n/.exec(record)?.[1];
}

/** Of a correlation, as SPEC §3.10.4 writes it: a scalar, or a list of them. */
function rulesOf(record: string): string[] {
  const body = /\ncorrelation:\n((?: {4}.*\n)*)/.exec(record)?.[1];
  const [, one, list = ""] = /^ {4}rules:(?: (.*)\n|\n((?: {8}- .*\n)*))/m.exec(body ?? "") ?? [];
  return one === undefined
    ? list
        .split("\n")
        .filter(Boolean)
        .map((line) => line.slice(10))
    : [one];
}
