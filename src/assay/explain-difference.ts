/** When two things differ that should be equal: the first place in which they do, in words that a rule's author understands. */
import { hexText } from "../core/encoding/bytes.js";
import { type JSONValue, isJSONObject } from "../core/encoding/json.js";
import { quote } from "../core/errors.js";
import type { Database } from "../core/format/database.js";
import { type RuleKind, ruleKinds } from "../core/rules/model.js";
import { ruleLanguage } from "../core/rules/registry.js";

/** `mine` was rebuilt from the sources, `theirs` is what the publisher staged. Undefined when all records are equal. */
export async function explainDifference(mine: Database, theirs: Database): Promise<string | undefined> {
  for (const kind of ruleKinds) {
    const rebuilt = flat(mine.records(kind));
    const staged = flat(theirs.records(kind));
    for (let number = 0; ; number++) {
      const [own, other] = [await rebuilt.next(), await staged.next()];
      if (own.done && other.done) break;
      if (own.value === other.value) continue;
      const [ours, published] = [own, other].map((one) => (one.done ? undefined : name(kind, one.value)));
      if (ours !== undefined && ours === published)
        return `${kind} rule ${ours} differs from its source (record ${number}), ${firstCharacters(own.value ?? "", other.value ?? "")}`;
      const [isStaged, isRebuilt] = await Promise.all([
        has(staged, kind, ours),
        has(rebuilt, kind, published),
      ]);
      return explainNames(kind, number, { name: ours, isStaged }, { name: published, isRebuilt });
    }
  }
  return undefined;
}

/** Two names in one place: whether each of them comes later on the other side says what was done. */
function explainNames(
  kind: RuleKind,
  number: number,
  ours: { readonly name: string | undefined; readonly isStaged: boolean },
  published: { readonly name: string | undefined; readonly isRebuilt: boolean },
): string {
  if (published.name === undefined || (published.isRebuilt && !ours.isStaged))
    return `${kind} rule ${ours.name} is in the sources and missing from the release (record ${number})`;
  if (ours.name === undefined || (ours.isStaged && !published.isRebuilt))
    return `${kind} rule ${published.name} is in the release and in no source (record ${number})`;
  const why = ours.isStaged ? ": the order is another" : ", which is in no source";
  return `${kind} record ${number} should be ${ours.name} and is ${published.name}${why}`;
}

/** Whether a rule of this name is still to come. */
async function has(
  records: AsyncIterable<string>,
  kind: RuleKind,
  wanted: string | undefined,
): Promise<boolean> {
  if (wanted === undefined) return false;
  for await (const record of records) if (name(kind, record) === wanted) return true;
  return false;
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

function name(kind: RuleKind, record: string): string {
  const id = ruleLanguage(kind).ruleID(record);
  if (id !== undefined) return quote(id);
  // A line such as an import, in a record whose parts are set apart by NUL.
  const text = record.replaceAll("\0", " ").trim();
  return `without an id (${quote(text.slice(0, excerptCharacters))})`;
}

async function* flat(batches: AsyncIterable<string[]>): AsyncGenerator<string, void, undefined> {
  for await (const batch of batches) yield* batch;
}
