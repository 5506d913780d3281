/**
 * From frozen sources to a database and its packs: first the database, then the full pack and the first delta side by side, then one
 * pack at a time, each kept before the next is begun, so that a restarted service does not begin again.
 */
import { releaseNumber, type Sha256Hex } from "../core/brands.js";
import { databaseFacts } from "../core/release/compile.js";
import { compileDatabase } from "../core/release/compile-database.js";
import { listedPacks, plannedPacks } from "../core/release/packs.js";
import { parseSources } from "../core/release/sources.js";
import type { ServiceContext } from "./context.js";
import { requireRelease } from "./documents.js";
import { makePack } from "./make-pack.js";
import type { ReleasePack, ReleaseRecord } from "./model.js";
import { smallPacksFor } from "./small-packs.js";
import { readObject } from "./source-batches.js";

/** @throws VerificationError RULES_INVALID, RULE_CONFLICT; OperationError of stores and workers */
export async function compileRelease(
  context: ServiceContext,
  release: ReleaseRecord,
): Promise<Partial<ReleaseRecord>> {
  if (release.database === null) return makeDatabase(context, release);
  const made = new Set(release.packs.map(({ from }) => from));
  const missing = (await startsOf(context, release)).filter((from) => !made.has(from));
  if (missing.length > 0)
    return { packs: [...release.packs, ...(await makePacks(context, release, missing))] };
  const before = await packsBefore(context, release);
  const small = await smallPacksFor(context, release);
  return { state: "built", packs: listedPacks(release.release, release.packs, before, small) };
}

/**
 * The next one; with the full pack, which is compressed in threads of its own, the first delta too. Waits for both, so that none is left
 * under way behind the caller's back.
 */
async function makePacks(
  context: ServiceContext,
  release: ReleaseRecord,
  missing: readonly number[],
): Promise<ReleasePack[]> {
  const making = missing.slice(0, missing[0] === 0 ? 2 : 1).map((from) => makePack(context, release, from));
  await Promise.allSettled(making);
  return Promise.all(making);
}

/**
 * What packs start from: what is planned and was published, and the release before this one in any case, however many
 * numbers lie between.
 */
async function startsOf({ records }: ServiceContext, release: ReleaseRecord): Promise<number[]> {
  const { feed, previous } = release;
  const starts: number[] = [];
  for (const from of plannedPacks(release.release)) {
    const published =
      from === 0 || (await requireRelease(records, feed, releaseNumber(from))).body.state === "published";
    if (published) starts.push(from);
  }
  return previous === null || starts.includes(previous) ? starts : [...starts, previous];
}

async function makeDatabase(
  context: ServiceContext,
  release: ReleaseRecord,
): Promise<Partial<ReleaseRecord>> {
  const { compiler } = context.settings;
  const known = await sameDatabase(context, release, compiler.sha256);
  if (known !== undefined) return { compiler, database: known };
  const sources = parseSources(await readObject(context.objects, release.sourcesSha256));
  const { objects, workers, databases, cache, digest } = context;
  const base = await previousDatabase(context, release);
  const summary = await compileDatabase(sources, {
    read: ({ sha256 }) => readObject(objects, sha256),
    parse: (kind, files) => workers.parse(kind, files),
    runs: (kind, parts) => workers.runs(kind, parts),
    recall: (kind, file) => workers.recall?.(kind, file),
    ...{ memory: cache, databases, digest, compilerSha256: compiler.sha256 },
    ...(base !== undefined && { base }),
  });
  return { compiler, database: databaseFacts(summary) };
}

/** Compilation is a pure function: the newest release, or the one that is restored, may have the answer. */
async function sameDatabase({ records }: ServiceContext, release: ReleaseRecord, compiler: Sha256Hex) {
  for (const number of [release.previous, release.restores]) {
    if (number === null) continue;
    const { body } = await requireRelease(records, release.feed, number);
    const same = body.sourceTreeSha256 === release.sourceTreeSha256 && body.compiler?.sha256 === compiler;
    if (same && body.database !== null) return body.database;
  }
  return undefined;
}

/** The newest published database: most of the new one is in it. */
async function previousDatabase({ records }: ServiceContext, release: ReleaseRecord) {
  if (release.previous === null) return undefined;
  return (await requireRelease(records, release.feed, release.previous)).body.database?.sha256;
}

async function packsBefore(
  { records }: ServiceContext,
  release: ReleaseRecord,
): Promise<readonly ReleasePack[]> {
  if (release.previous === null) return [];
  return (await requireRelease(records, release.feed, release.previous)).body.packs;
}
