/** Databases that this overseer has compiled itself, kept by release so that the next deltas have their base. */
import type { FeedName, ReleaseNumber, Sha256Hex } from "../core/brands.js";
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

/** Compiles the sources here and keeps the result. */
export async function rebuildDatabase(
  context: AssayContext,
  feed: FeedName,
  release: ReleaseNumber,
  sources: ReleaseSources,
): Promise<DatabaseFacts> {
  const { desk, workers, databases, cache, records, digest, compiler } = context;
  const base = await newestBelow(context, feed, release);
  const summary = await compileDatabase(sources, {
    read: (file) => desk.file(file.sha256, file.bytes),
    parse: (kind, files) => workers.parse(kind, files),
    runs: (kind, parts) => workers.runs(kind, parts),
    ...{ memory: cache, databases, digest, compilerSha256: compiler.sha256 },
    ...(base !== undefined && { base }),
  });
  const facts = databaseFacts(summary);
  const id = keptID(feed, release);
  const before = await records.get("databases", id);
  const body: KeptDatabase = { facts, compilerSha256: compiler.sha256 };
  await records.commit([{ collection: "databases", id, expected: before?.version ?? 0, body }]);
  return facts;
}

/** What this overseer compiled for the release before: what did not change since is taken from there. */
async function newestBelow(
  { records }: AssayContext,
  feed: FeedName,
  release: ReleaseNumber,
): Promise<Sha256Hex | undefined> {
  const kept = await records.list<KeptDatabase>("databases", { prefix: `${feed}/` });
  const below = kept.filter(({ id }) => id < keptID(feed, release));
  return below.at(-1)?.body.facts.sha256;
}

/** The database of an earlier release, from this overseer's own copies or compiled again from that release's sources. */
export async function databaseOf(
  context: AssayContext,
  feed: FeedName,
  release: ReleaseNumber,
): Promise<OpenObject> {
  const kept = await context.records.get<KeptDatabase>("databases", keptID(feed, release));
  const facts =
    kept?.body.facts ??
    (await rebuildDatabase(context, feed, release, parseSources(await context.desk.sources(feed, release))));
  const opened = await context.databases.open(facts.sha256);
  if (opened === undefined) {
    throw new OperationError(
      "STORE_FAILED",
      `expected the database of release ${release} among own copies, got none`,
    );
  }
  return opened;
}

function keptID(feed: FeedName, release: ReleaseNumber): string {
  return `${feed}/${String(release).padStart(10, "0")}`;
}
