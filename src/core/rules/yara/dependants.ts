/** Rules that name other rules of their file in their conditions: without those, the engine refuses the whole file. */
import { kindFacts } from "../kind-facts.js";
import { ruleMark } from "./marks.js";
import { standsOn, wordsOf } from "./needs.js";

const { ruleID } = kindFacts("yara");

/** Names after the word `rule`, sound or not; one in a comment is named as well. */
export function declaredNames(bytes: Uint8Array): string[] {
  const text = new TextDecoder("latin1").decode(bytes);
  return [...text.matchAll(/\brule\s+([A-Za-z_]\w{0,127})/g)].map(([, name]) => name as string);
}

/**
 * Which records of one file stand on rules of these names, or on such a rule, each with the name. A rule sees only those before it, so one pass
 * finds all.
 */
export function dependants(records: readonly string[], names: Iterable<string>): ReadonlyMap<number, string> {
  const gone = new Map(Array.from(names, (name) => [name, name]));
  const found = new Map<number, string>();
  for (const [i, record] of gone.size === 0 ? [] : records.entries()) {
    if (!record.startsWith(ruleMark) || !mayName(record, gone)) continue;
    const name = standsOn(wordsOf(record.slice(ruleMark.length)), gone);
    if (name === undefined) continue;
    found.set(i, name);
    const own = ruleID(record) as string;
    gone.set(own, own);
  }
  return found;
}

/** Cheap, and never wrong when it says no: few rules have to be read word by word. */
function mayName(record: string, gone: ReadonlyMap<string, string>): boolean {
  const condition = record.slice(record.indexOf("condition:"));
  if (/\bof\s*\(/.test(condition) && condition.includes("*")) return true;
  for (const [word] of condition.matchAll(/[A-Za-z_]\w*/g)) if (gone.has(word)) return true;
  return false;
}
