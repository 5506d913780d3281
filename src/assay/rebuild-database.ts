/** Databases that this overseer has compiled itself, kept by release so that the next deltas have their base. */
import { type FeedName, type ReleaseNumber, type Sha256Hex, releaseNumber } from "../core/brands.js";
import { OperationError } from "../core/errors.js";
import { databaseFacts } from "../core/release/compile.js";
import { compileDatabase } from "../core/release/compile-database.js";
import type { DatabaseFacts, ReleaseSources } from "../core/release/model.js";
import { parseSources } from "../core/release/sources.js";
import type { OpenObject } from "../ports/object-store.js";
import type { AssayContext } from "./model.js";

interface KeptDatabase {
  readonly facts: DatabaseFacts;
  readonly compilerSha256: Sha256Hex;
}

/** Compiles the sources here, unless that was done ahead in this process, and keeps the result. */
export async function rebuildDatabase(
  context: AssayContext,
  feed: FeedName,
  release: ReleaseNumber,
  sources: ReleaseSources,
): Promise<DatabaseFacts> {
  const { records, compiler } = context;
  const facts =
    (await context.ahead?.database(feed, sources)) ?? (await compileHere(context, feed, release, sources));
  const id = keptID(feed, release);
  const before = await records.get("databases", id);
  const body: KeptDatabase = { facts, compilerSha256: compiler.sha256 };
  await records.commit([{ collection: "databases", id, expected: before?.version ?? 0, body }]);
  return facts;
}

/** Nothing is noted of it: whose release it is, a manifest says. */
export async function compileHere(
  context: AssayContext,
  feed: FeedName,
  release: ReleaseNumber,
  sources: ReleaseSources,
): Promise<DatabaseFacts> {
  const { desk, workers, databases, cache, digest, compiler } = context;
  // What did not change since the release before is taken from there.
  const base = (await databasesBelow(context, feed, release)).at(-1)?.sha256;
  const summary = await compileDatabase(sources, {
    read: (file) => desk.file(file.sha256, file.bytes),
    parse: (kind, files) => workers.parse(kind, files),
    runs: (kind, parts) => workers.runs(kind, parts),
    recall: (kind, file) => workers.recall?.(kind, file),
    ...{ memory: cache, databases, digest, compilerSha256: compiler.sha256 },
    ...(base !== undefined && { base }),
  });
  return databaseFacts(summary);
}

/** What this overseer compiled for releases before, oldest first. */
export async function databasesBelow(
  { records }: AssayContext,
  feed: FeedName,
  release: ReleaseNumber,
): Promise<{ release: ReleaseNumber; sha256: Sha256Hex }[]> {
  const kept = await records.list<KeptDatabase>("databases", { prefix: `${feed}/` });
  return kept
    .filter(({ id }) => id < keptID(feed, release))
    .map(({ id, body }) => ({
      release: releaseNumber(Number(id.slice(feed.length + 1))),
      sha256: body.facts.sha256,
    }));
}

/** The database of an earlier release, from this overseer's own copies or compiled again from that release's sources. */
export async function databaseOf(
  context: AssayContext,
  feed: FeedName,
  release: ReleaseNumber,
): Promise<OpenObject> {
  const opened = await context.databases.open(await digestOf(context, feed, release));
  if (opened === undefined) {
    throw new OperationError(
      "STORE_FAILED",
      `expected the database of release ${release} among own copies, got none`,
    );
  }
  return opened;
}

/** Of the database of a release, as this overseer compiled it: compiled again where nothing is known of it. */
export async function digestOf(
  context: AssayContext,
  feed: FeedName,
  release: ReleaseNumber,
): Promise<Sha256Hex> {
  const kept = await context.records.get<KeptDatabase>("databases", keptID(feed, release));
  if (kept !== undefined) return kept.body.facts.sha256;
  const sources = parseSources(await context.desk.sources(feed, release));
  return (await rebuildDatabase(context, feed, release, sources)).sha256;
}

function keptID(feed: FeedName, release: ReleaseNumber): string {
  return `${feed}/${String(release).padStart(10, "0")}`;
}
