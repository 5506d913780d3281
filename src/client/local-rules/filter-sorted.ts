/** Published records of a sorted kind in, those that are exported out, own ones among them; still in order, and one pass. */
import type { RuleKind } from "../../core/rules/model.js";
import { Correlations } from "./correlations.js";
import { Flowbits } from "./flowbits.js";
import { idOfRecord, keyOfRecord } from "./rule-names.js";
import type { Selection } from "./selection.js";
import { switched, withoutAlert } from "./suricata-switch.js";
import type { Tally } from "./tally.js";

export interface FilterInput {
  readonly kind: RuleKind;
  /** May be drawn more than once. */
  readonly records: Iterable<string>;
  readonly selection: Selection;
  /** Own rules, in the order of the kind; a published rule of the same id gives way. */
  readonly own: readonly string[];
  /** Records that go with them and take nobody's place: in order, each once. */
  readonly added?: readonly string[];
  readonly tally: Tally;
}

export function* filterSorted(input: FilterInput): Generator<string> {
  const correlations = input.kind === "sigma" ? new Correlations() : undefined;
  const kept = (record: string) => {
    correlations?.keep(record);
    return record;
  };
  const mine = [...new Set([...input.own, ...(input.added ?? [])])].sort();
  let next = 0;
  for (const record of publishedRecords(input, correlations)) {
    for (; next < mine.length && (mine[next] as string) < record; next++) yield kept(mine[next] as string);
    if (mine[next] === record) next++;
    yield kept(record);
  }
  for (; next < mine.length; next++) yield kept(mine[next] as string);
  for (const conflict of correlations?.broken() ?? []) input.tally.conflict(conflict);
}

function* publishedRecords(
  { kind, records, selection, own, tally }: FilterInput,
  correlations: Correlations | undefined,
): Generator<string> {
  const ownKeys = new Set(own.map((record) => keyOfRecord(kind, record)));
  const ownRecords = new Set(own);
  const flowbits = kind === "suricata" ? new Flowbits(records, selection, own) : undefined;
  let published = 0;
  for (const record of records) {
    published++;
    const decision = selection.of(record);
    if (decision !== undefined) tally.matched(decision.choice);
    if (ownKeys.size > 0 && ownKeys.has(keyOfRecord(kind, record))) {
      // SPEC §16.8.4
      if (ownRecords.has(record)) alsoPublished(kind, record, tally);
      else {
        tally.count(kind, "replaced");
        const message = "your own rule takes the place of the published one of this id";
        tally.conflict({ type: "replaces-published", kind, what: idOfRecord(kind, record), message });
      }
      continue;
    }
    if (decision === undefined) yield record;
    else if (decision.verb === "enable") {
      const on = kind === "suricata" ? switched(record, true) : record;
      if (on !== record) tally.count(kind, "enabled");
      yield on;
    } else {
      tally.count(kind, decision.verb === "allow" ? "allowed" : "disabled");
      correlations?.leave(record);
      if (flowbits === undefined) continue;
      // SPEC §16.8.6
      if (!flowbits.isNeeded(record)) yield switched(record, false);
      else {
        const message = "other rules test the flowbits that it sets: it stays, and raises no alert";
        tally.conflict({ type: "still-needed", kind, what: idOfRecord(kind, record), message });
        yield withoutAlert(record);
      }
    }
  }
  if (published > 0) tally.count(kind, "published", published);
}

function alsoPublished(kind: RuleKind, record: string, tally: Tally): void {
  const message = "published too: your own is not needed any more";
  tally.conflict({ type: "also-published", kind, what: idOfRecord(kind, record), message });
}
