/** A section without the rules that an engine of this version cannot load: records in, records out, in their order. */
import { clamavObjection } from "./clamav/needs.js";
import type { Engine } from "./engine-version.js";
import type { RuleKind } from "./model.js";
import { sigmaObjection } from "./sigma/needs.js";
import { suricataObjection } from "./suricata/needs.js";
import { namespaceMark } from "./yara/marks.js";
import { loadableRules } from "./yara/needs.js";

type Objection = (record: string, engine: Engine) => string | undefined;

const objections: Readonly<Partial<Record<RuleKind, Objection>>> = {
  clamav: clamavObjection,
  sigma: sigmaObjection,
  suricata: suricataObjection,
};

/** How many rules are left out, by what they ask for. */
export type LeftOutRules = Readonly<Record<string, number>>;

/** `tell` gets those that were left out, at the end of each time that the records are drawn. */
export function loadableRecords(
  kind: RuleKind,
  records: Iterable<string>,
  engine: Engine,
  tell: (leftOut: LeftOutRules) => void,
): Iterable<string> {
  const objection = objections[kind];
  if (kind !== "yara" && objection === undefined) return records;
  return {
    *[Symbol.iterator]() {
      const leftOut: Record<string, number> = {};
      const leave = (need: string) => {
        leftOut[need] = (leftOut[need] ?? 0) + 1;
      };
      if (objection === undefined) yield* loadableFiles(records, engine, leave);
      else yield* without(records, engine, objection, leave);
      tell(leftOut);
    },
  };
}

function* without(
  records: Iterable<string>,
  engine: Engine,
  objection: Objection,
  leave: (need: string) => void,
): Iterable<string> {
  for (const record of records) {
    const need = objection(record, engine);
    if (need === undefined) yield record;
    else leave(need);
  }
}

/** A namespace record and the rules behind it are one file, which is held as a whole. */
function* loadableFiles(
  records: Iterable<string>,
  engine: Engine,
  leave: (need: string) => void,
): Iterable<string> {
  let head: string | undefined;
  let rules: string[] = [];
  const file = function* () {
    if (head === undefined) return yield* rules;
    const end = head.indexOf("\0", 1);
    const imports = head
      .slice(end + 1)
      .split(",")
      .filter((one) => one !== "");
    const left = loadableRules(rules, imports, engine, leave);
    if (left.rules.length === 0) return;
    yield head.slice(0, end + 1) + left.imports.join(",");
    yield* left.rules;
  };
  for (const record of records) {
    if (!record.startsWith(namespaceMark)) rules.push(record);
    else {
      yield* file();
      head = record;
      rules = [];
    }
  }
  yield* file();
}
