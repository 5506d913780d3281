/** Databases that this overseer has compiled itself, kept by release so that the next deltas have their base. */
import type { FeedName, ReleaseNumber, Sha256Hex } from "../core/brands.js";
import { OperationError } from "../core/errors.js";
import { encodeDatabase } from "../core/format/database.js";
import { databaseFacts } from "../core/release/compile.js";
import type { DatabaseFacts, ReleaseSources } from "../core/release/model.js";
import { rebuildSections } from "../core/release/rebuild.js";
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
  const { desk, workers, databases, records, digest, compiler } = context;
  const sections = await rebuildSections(sources, {
    read: (file) => desk.file(file.sha256, file.bytes),
    parse: (kind, files) => workers.parse(kind, files),
  });
  const facts = databaseFacts(await databases.put((sink) => encodeDatabase(sections, sink, digest)));
  const id = keptID(feed, release);
  const before = await records.get("databases", id);
  const body: KeptDatabase = { facts, compilerSha256: compiler.sha256 };
  await records.commit([{ collection: "databases", id, expected: before?.version ?? 0, body }]);
  return facts;
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
