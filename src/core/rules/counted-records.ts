/** Records that are counted while they are drawn: as rules, as an engine counts them. */
import { kindFacts } from "./kind-facts.js";
import type { RuleKind } from "./model.js";
import { isDisabled } from "./suricata/record.js";

/** `tell` gets the number of rules that are switched on, at the end of each time that the records are drawn. */
export function countedRecords(
  kind: RuleKind,
  records: Iterable<string>,
  tell: (rules: number) => void,
): Iterable<string> {
  const isRule = ruleTest(kind);
  return {
    *[Symbol.iterator]() {
      let rules = 0;
      for (const record of records) {
        if (isRule(record)) rules++;
        yield record;
      }
      tell(rules);
    },
  };
}

function ruleTest(kind: RuleKind): (record: string) => boolean {
  if (kind === "suricata") return (record) => !isDisabled(record);
  const { onlyRules, ruleID } = kindFacts(kind);
  return onlyRules ? () => true : (record) => ruleID(record) !== undefined;
}
