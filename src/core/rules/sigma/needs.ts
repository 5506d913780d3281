/** Which version of Sigma's specification a rule is written in: by its kind, by modifiers, and by what version 2 took away. */
import { type Engine, rangeObjection } from "../engine-version.js";

const modifierLeast: Readonly<Record<string, string>> = {
  ...{ cased: "2", exists: "2", fieldref: "2" },
  ...{ minute: "2.1", hour: "2.1", day: "2.1", week: "2.1", month: "2.1", year: "2.1", neq: "2.1" },
};
const metrics = /\n {4}type: (value_sum|value_avg|value_percentile|value_median)\n/;

/** The modifiers of a plain or a quoted key. */
const keys = /^ +(?:- )?(?:[^\s:'"|#-][^\n:|]*\|([a-z0-9_|]+)|'[^\n'|]*\|([a-z0-9_|]+)'):(?: |$)/gm;

/** Of a record's canonical YAML. */
export function sigmaObjection(record: string, engine: Engine): string | undefined {
  if (/\n(correlation|filter):\n/.test(record)) {
    const isNewer = metrics.test(record) || /\n {4}rules: (?:any)\n/.test(record);
    return rangeObjection(engine, { least: metrics.test(record) ? "2.1" : isNewer ? "2.2" : "2" });
  }
  const [, detection = ""] = /\ndetection:\n((?: .*\n|\n)*)/.exec(record) ?? [];
  const [selections = "", condition = ""] = detection.split(/^ {4}condition:/m);
  // An aggregation, as `selection | count() > 5`; a block of text begins with the same sign.
  if (condition.replace(/^ \|[-+]?\n/, "").includes("|")) return rangeObjection(engine, { below: "2" });
  for (const [, plain, quoted] of selections.matchAll(keys)) {
    for (const name of (plain ?? quoted ?? "").split("|")) {
      const least = modifierLeast[name];
      const objection = least === undefined ? undefined : rangeObjection(engine, { least });
      if (objection !== undefined) return objection;
    }
  }
  return undefined;
}
