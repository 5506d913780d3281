/**
 * A release's full pack once more, by xz, when the release is public and nobody waits (SPEC §2.5.8): the manifests after it list it, and
 * an endpoint that has nothing takes it and a delta.
 *
 * One at a time, and with a codec of its own, so that no release waits for it. What is begun and not ended is begun again by whoever leads
 * next; until the one commit at its end nobody knows of it.
 */
import type { FeedName, ReleaseNumber, Sha256Hex } from "../core/brands.js";
import { hasSmallPack } from "../core/format/codec.js";
import { needsSmallPack, smallPacks } from "../core/release/packs.js";
import type { Codec } from "../core/format/codec.js";
import { blockedDatabases } from "./blocked-databases.js";
import type { ServiceContext } from "./context.js";
import { requireRelease } from "./documents.js";
import { fenceOf } from "./leadership.js";
import { makeSmallPack } from "./make-pack.js";
import type { FeedRecord, ReleasePack, ReleaseRecord } from "./model.js";
import { traced } from "./trace-calls.js";

/** Of each feed the newest one, id = the feed: those before it stand in the manifests that list them. */
const collection = "small-packs";

/**
 * Makes what is due, feed by feed, until nothing is.
 * @throws OperationError INTERRUPTED when the codec is closed, RECORD_CONFLICT when another process leads, and of the stores
 */
export async function makeDueSmallPacks(context: ServiceContext, codec: Codec): Promise<void> {
  for (const { body: feed } of await context.records.list<FeedRecord>("feeds")) {
    for (;;) {
      const release = await dueRelease(context, feed.name);
      if (release === undefined) break;
      const facts = { "rulemint.feed": release.feed, "rulemint.release": release.release };
      await traced(context, "small pack", facts, () => makeOne(context, codec, release));
    }
  }
}

/** The feed's newest public release, if it has none and another one would save endpoints something. */
async function dueRelease(context: ServiceContext, name: FeedName): Promise<ReleaseRecord | undefined> {
  const { records, settings } = context;
  const published = (await records.get<FeedRecord>("feeds", name))?.body.published ?? 0;
  if (published === 0) return undefined;
  const { body } = await requireRelease(records, name, published as ReleaseNumber);
  if (body.database === null || !hasSmallPack(body.database.bytes, settings.fullPacks?.[name]))
    return undefined;
  const made = await newest(context, name);
  return needsSmallPack(body, made, await blockedDatabases(context, body)) ? body : undefined;
}

async function makeOne(context: ServiceContext, codec: Codec, release: ReleaseRecord): Promise<void> {
  const before = await context.records.get<ReleasePack>(collection, release.feed);
  const body = await makeSmallPack({ ...context, codec }, release, before?.body);
  const write = { collection, id: release.feed, expected: before?.version ?? 0, body };
  await context.records.commit([write], fenceOf(context));
}

async function newest({ records }: ServiceContext, feed: FeedName): Promise<ReleasePack | undefined> {
  return (await records.get<ReleasePack>(collection, feed))?.body;
}

/** Those that the manifest of a release may list, whose database is there. */
export async function smallPacksFor(context: ServiceContext, release: ReleaseRecord): Promise<ReleasePack[]> {
  const { feed, previous, database } = release;
  if (previous === null || database === null) return [];
  if (!hasSmallPack(database.bytes, context.settings.fullPacks?.[feed])) return [];
  const { body: before } = await requireRelease(context.records, feed, previous);
  const blocked: readonly Sha256Hex[] = await blockedDatabases(context, release);
  return smallPacks(before, await newest(context, feed), blocked);
}
