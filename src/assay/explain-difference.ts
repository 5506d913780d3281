/** When two things differ that should be equal: the first place in which they do, in words that a rule's author understands. */
import { hexText } from "../core/encoding/bytes.js";
import { type JSONValue, isJSONObject } from "../core/encoding/json.js";
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
          ? `${kind} rule ${ours} differs from its source (record ${number}), ${firstCharacters(record, other.value)}`
          : `${kind} record ${number} should be ${ours} and is ${published}`;
      }
      number++;
    }
    const extra = await theirRecords.next();
    if (!extra.done) return `${kind} rule ${name(kind, extra.value)} is in the release and in no source`;
  }
  return undefined;
}

const excerptCharacters = 24;
const excerptBytes = 8;

/** From the first character that differs: what the source gives, and what the release has. */
function firstCharacters(mine: string, theirs: string): string {
  let at = 0;
  while (at < mine.length && mine[at] === theirs[at]) at++;
  const cut = (text: string) => quote(text.slice(at, at + excerptCharacters));
  return `at character ${at}: ${cut(mine)} by the source, ${cut(theirs)} in the release`;
}

/** The first byte in which two files differ, with those that follow. Undefined when they are equal. */
export function firstBytes(mine: Uint8Array, theirs: Uint8Array): string | undefined {
  let at = 0;
  while (at < mine.length && mine[at] === theirs[at]) at++;
  if (at === mine.length && at === theirs.length) return undefined;
  const cut = (bytes: Uint8Array) => hexText(bytes.subarray(at, at + excerptBytes)) || "the end";
  return `byte ${at}: ${cut(mine)} as rebuilt, ${cut(theirs)} as staged`;
}

/** The first member in which two JSON values differ, by its path. Undefined when they are equal. */
export function firstMember(
  mine: JSONValue | undefined,
  theirs: JSONValue | undefined,
  path = "signed",
): string | undefined {
  if (isJSONObject(mine) && isJSONObject(theirs)) {
    for (const key of [...new Set([...Object.keys(mine), ...Object.keys(theirs)])].sort()) {
      const difference = firstMember(mine[key], theirs[key], `${path}.${key}`);
      if (difference !== undefined) return difference;
    }
    return undefined;
  }
  const [ours, published] = [JSON.stringify(mine) ?? "nothing", JSON.stringify(theirs) ?? "nothing"];
  return ours === published ? undefined : `${path}: ${quote(ours)} as rebuilt, ${quote(published)} as staged`;
}

function name(kind: (typeof ruleKinds)[number], record: string): string {
  return quote(ruleLanguage(kind).ruleID(record) ?? "without an id");
}

async function* flat(batches: AsyncIterable<string[]>): AsyncGenerator<string, void, undefined> {
  for await (const batch of batches) yield* batch;
}
