/**
 * Source maps, each made from the frozen sources when somebody first asks, and kept by digest. Releases of the same sources and the same
 * compiler share one.
 */
import { OperationError } from "../core/errors.js";
import { rebuildSections } from "../core/release/rebuild.js";
import { makeSourceMap, type SourceMapFacts } from "../core/release/source-map.js";
import type { Database } from "../core/format/database.js";
import { parseSources } from "../core/release/sources.js";
import type { ServiceContext } from "./context.js";
import type { ReleaseRecord } from "./model.js";
import { putWritten } from "./put-written.js";
import { serially } from "./serially.js";
import { readObject } from "./source-batches.js";

export type SourceMapContext = Pick<
  ServiceContext,
  "records" | "objects" | "databases" | "digest" | "workers"
>;

/** One at a time: a map of millions of rules takes the memory of a compilation. @throws OperationError of stores and workers */
export function sourceMapOf(
  context: SourceMapContext,
  release: ReleaseRecord,
  database: Database,
): Promise<SourceMapFacts> {
  return serially(context.records, "source-map", async () => {
    const id = `${release.sourceTreeSha256}/${database.sha256}`;
    const known = await context.records.get<SourceMapFacts>("source-maps", id);
    if (known !== undefined) return known.body;
    const body = await mapSources(context, release, database);
    await context.records.commit([{ collection: "source-maps", id, expected: 0, body }]);
    return body;
  });
}

async function mapSources(
  { objects, workers, digest }: SourceMapContext,
  release: ReleaseRecord,
  database: Database,
): Promise<SourceMapFacts> {
  const sources = parseSources(await readObject(objects, release.sourcesSha256));
  const sections = await rebuildSections(sources, {
    read: ({ sha256 }) => readObject(objects, sha256),
    parse: (kind, files) => workers.parse(kind, files),
  });
  const counts = (list: readonly { readonly kind: string; readonly records: number }[]) =>
    JSON.stringify(list.map(({ kind, records }) => [kind, records]));
  const mapped = sections.map(({ kind, records }) => ({ kind, records: records.length }));
  // SPEC §15.1.1: lines of another database would be lies about this one.
  if (counts(mapped) !== counts(database.sections)) {
    throw new OperationError(
      "STATE_CORRUPT",
      `expected sources of release ${release.release} that give its database, got others`,
    );
  }
  const parts = { sources, sections, databaseSha256: database.sha256 };
  return (await putWritten(objects, (sink) => makeSourceMap(parts, sink, digest))).result;
}
