/** When two databases differ: the first record in which they do, in words that a rule's author understands. */
import { quote } from "../core/errors.js";
import type { Database } from "../core/format/database.js";
import { ruleKinds } from "../core/rules/model.js";
import { ruleLanguage } from "../core/rules/registry.js";

/** `mine` was rebuilt from the sources, `theirs` is what the publisher staged. Undefined when all records are equal. */
export async function explainDifference(mine: Database, theirs: Database): Promise<string | undefined> {
  for (const kind of ruleKinds) {
    const theirRecords = flat(theirs.records(kind));
    let number = 0;
    for await (const record of flat(mine.records(kind))) {
      const other = await theirRecords.next();
      if (other.done)
        return `${kind} rule ${name(kind, record)} is in the sources and missing from the release`;
      if (other.value !== record) {
        const [ours, published] = [name(kind, record), name(kind, other.value)];
        return ours === published
          ? `${kind} rule ${ours} differs from its source (record ${number})`
          : `${kind} record ${number} should be ${ours} and is ${published}`;
      }
      number++;
    }
    const extra = await theirRecords.next();
    if (!extra.done) return `${kind} rule ${name(kind, extra.value)} is in the release and in no source`;
  }
  return undefined;
}

function name(kind: (typeof ruleKinds)[number], record: string): string {
  return quote(ruleLanguage(kind).ruleID(record) ?? "without an id");
}

async function* flat(batches: AsyncIterable<string[]>): AsyncGenerator<string, void, undefined> {
  for await (const batch of batches) yield* batch;
}
