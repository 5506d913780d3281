/** Makes one pack, applies it as an endpoint would, and counts it only when the exact database comes out. */
import { releaseNumber, type Sha256Hex } from "../core/brands.js";
import { OperationError, VerificationError } from "../core/errors.js";
import { applyDelta } from "../core/format/delta-apply.js";
import { encodeDelta } from "../core/format/delta-encode.js";
import { type PackMethod, chooseMethod, methodCodecs } from "../core/format/codec.js";
import { type FormerPack, decodeFullPack, encodeFullPack } from "../core/format/full-pack.js";
import { discardingSink } from "../core/format/outbox.js";
import { deltaCodec } from "../core/format/pack-header.js";
import { packTarget } from "../core/release/packs.js";
import type { ObjectStore, OpenObject } from "../ports/object-store.js";
import type { ServiceContext } from "./context.js";
import { requireRelease } from "./documents.js";
import type { DatabaseFacts, ReleasePack, ReleaseRecord } from "./model.js";
import { type Written, putWritten } from "./put-written.js";

/** From release `from`, or from nothing when it is 0. @throws OperationError of stores and codec */
export async function makePack(
  context: ServiceContext,
  release: ReleaseRecord,
  from: number,
): Promise<ReleasePack> {
  const { bytes } = requireDatabase(release);
  const method = chooseMethod(bytes, context.settings.fullPacks?.[release.feed]);
  const former = from === 0 ? await previousFullPack(context, release) : undefined;
  return makeBy(context, release, from, method, former);
}

/**
 * SPEC §2.5.8: the full pack of a release that has one, by xz.
 * @param former the small pack of an older release
 * @throws OperationError of stores and codec
 */
export function makeSmallPack(
  context: ServiceContext,
  release: ReleaseRecord,
  former: ReleasePack | undefined,
): Promise<ReleasePack> {
  return makeBy(context, release, 0, "xz", former);
}

async function makeBy(
  context: ServiceContext,
  release: ReleaseRecord,
  from: number,
  method: PackMethod,
  former: ReleasePack | undefined,
): Promise<ReleasePack> {
  const database = requireDatabase(release);
  const target = await openStored(context, database.sha256);
  try {
    const { sha256, bytes } = await (from === 0
      ? makeFull(context, release, target, method, former)
      : makeDelta(context, target, database, await databaseOf(context, release, from)));
    return {
      path: packTarget(release.feed, from, release.release),
      kind: from === 0 ? "full" : "delta",
      from,
      to: release.release,
      bytes,
      sha256,
      databaseSha256: database.sha256,
      databaseBytes: database.bytes,
      codec: from === 0 ? methodCodecs[method] : deltaCodec,
      cmsSha256: null,
    };
  } finally {
    await target.close();
  }
}

async function makeFull(
  context: ServiceContext,
  release: ReleaseRecord,
  target: OpenObject,
  method: PackMethod,
  former: ReleasePack | undefined,
): Promise<StoredPack> {
  const database = requireDatabase(release);
  const { sha256 } = database;
  const { objects, codec, digest } = context;
  const make = (from?: FormerPack) =>
    makeAndApply(
      context,
      database,
      () => putWritten(objects, (sink) => encodeFullPack(target, { sha256, method }, sink, codec, from)),
      (pack) => decodeFullPack(pack, discardingSink, codec, digest),
    );
  const opened = former && (await openFormer(context, release, method, former));
  if (opened === undefined) return make();
  try {
    return await make(opened);
  } catch (error) {
    // A former pack that is damaged stops no release.
    if (!(error instanceof VerificationError)) throw error;
    return await make();
  } finally {
    await Promise.all([opened.database.close(), opened.pack.close()]);
  }
}

async function previousFullPack({ records }: ServiceContext, { feed, previous }: ReleaseRecord) {
  if (previous === null) return undefined;
  const { packs } = (await requireRelease(records, feed, previous)).body;
  return packs.find(({ kind, to }) => kind === "full" && to === previous);
}

/** Undefined when the compiler of this release might make it otherwise, or when it or its database is gone. */
async function openFormer(
  { records, databases, objects }: ServiceContext,
  { feed, compiler }: ReleaseRecord,
  method: PackMethod,
  former: ReleasePack,
) {
  const { body } = await requireRelease(records, feed, releaseNumber(former.to));
  const isSame = compiler !== null && body.compiler?.sha256 === compiler.sha256;
  if (!isSame || former.codec !== methodCodecs[method]) return undefined;
  const pack = await objects.open(former.sha256);
  if (pack === undefined) return undefined;
  const database = await databases.open(former.databaseSha256);
  if (database !== undefined) return { database, pack };
  await pack.close();
  return undefined;
}

async function makeDelta(
  context: ServiceContext,
  target: OpenObject,
  database: DatabaseFacts,
  baseSha256: Sha256Hex,
): Promise<StoredPack> {
  const { objects, digest } = context;
  const base = await openStored(context, baseSha256);
  try {
    return await makeAndApply(
      context,
      database,
      () => putWritten(objects, (sink) => encodeDelta(base, target, sink, digest)),
      // The digest comes from the index: blocks that the pack does not touch are not read.
      (pack) => applyDelta(base, pack, discardingSink, digest),
    );
  } finally {
    await base.close();
  }
}

type StoredPack = Pick<Written<unknown>, "sha256" | "bytes">;

/** SPEC §2.5.6: a pack that does not give back the exact database is not a pack. */
async function makeAndApply(
  { objects }: ServiceContext,
  database: DatabaseFacts,
  make: () => Promise<StoredPack>,
  apply: (pack: OpenObject) => Promise<Pick<DatabaseFacts, "sha256" | "bytes">>,
): Promise<StoredPack> {
  const stored = await make();
  const pack = await openObject(objects, stored.sha256);
  try {
    const { sha256, bytes } = await apply(pack);
    if (sha256 === database.sha256 && bytes === database.bytes) return stored;
    throw new OperationError(
      "STORE_FAILED",
      `expected pack ${stored.sha256} to yield database ${database.sha256}, got ${sha256}`,
    );
  } finally {
    await pack.close();
  }
}

async function databaseOf(
  { records }: ServiceContext,
  { feed }: ReleaseRecord,
  from: number,
): Promise<Sha256Hex> {
  return requireDatabase((await requireRelease(records, feed, releaseNumber(from))).body).sha256;
}

function requireDatabase({ release, database }: ReleaseRecord): DatabaseFacts {
  if (database !== null) return database;
  throw new OperationError("STATE_CORRUPT", `expected a database of release ${release}, got none`);
}

async function openStored({ databases }: ServiceContext, sha256: Sha256Hex): Promise<OpenObject> {
  const found = await databases.open(sha256);
  if (found !== undefined) return found;
  throw new OperationError("STORE_FAILED", `expected database ${sha256} in the store, got none`);
}

async function openObject(objects: ObjectStore, sha256: Sha256Hex): Promise<OpenObject> {
  const found = await objects.open(sha256);
  if (found !== undefined) return found;
  throw new OperationError("STORE_FAILED", `expected object ${sha256} in the store, got none`);
}
