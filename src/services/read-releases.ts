/** What people and the overseer read of feeds and releases, published or staged. */
import type { FeedName, ReleaseNumber } from "../core/brands.js";
import { UsageError, quote } from "../core/errors.js";
import type { ReleaseSources } from "../core/release/model.js";
import type { OpenObject } from "../ports/object-store.js";
import type { ServiceContext } from "./context.js";
import { sourcesOf } from "./build-release.js";
import { releaseID, requireFeed, requireRelease } from "./documents.js";
import type { FeedRecord, Identity, ReleaseRecord } from "./model.js";
import type { Page } from "./read-submissions.js";
import { requireAnyRole } from "./roles.js";

type ReadContext = Pick<ServiceContext, "records" | "objects">;

export interface ReleaseName {
  readonly feed: FeedName;
  readonly release: ReleaseNumber;
}

const pageMax = 200;
const pageDefault = 50;

/** By name. @throws PolicyError ROLE_REFUSED */
export async function listFeeds({ records }: ReadContext, identity: Identity): Promise<FeedRecord[]> {
  requireAnyRole(identity);
  return (await records.list<FeedRecord>("feeds")).map(({ body }) => body);
}

/** @throws PolicyError ROLE_REFUSED; UsageError NOT_FOUND */
export async function showFeed(
  { records }: ReadContext,
  identity: Identity,
  feed: FeedName,
): Promise<FeedRecord> {
  requireAnyRole(identity);
  return (await requireFeed(records, feed)).body;
}

/**
 * Newest first; `after` is the `next` of the page before.
 * @throws PolicyError ROLE_REFUSED; UsageError NOT_FOUND
 */
export async function listReleases(
  { records }: ReadContext,
  identity: Identity,
  page: { readonly feed: FeedName; readonly after?: number; readonly limit?: number },
): Promise<Page<ReleaseRecord, number>> {
  requireAnyRole(identity);
  await requireFeed(records, page.feed);
  const limit = Math.min(page.limit ?? pageDefault, pageMax);
  const found = await records.list<ReleaseRecord>("releases", {
    prefix: `${page.feed}/`,
    descending: true,
    limit: limit + 1,
    after: page.after === undefined ? undefined : releaseID(page.feed, page.after),
  });
  const items = found.slice(0, limit).map(({ body }) => body);
  return { items, next: found.length > limit ? (items.at(-1)?.release ?? null) : null };
}

/** @throws PolicyError ROLE_REFUSED; UsageError NOT_FOUND */
export async function showRelease(
  { records }: ReadContext,
  identity: Identity,
  { feed, release }: ReleaseName,
): Promise<ReleaseRecord> {
  requireAnyRole(identity);
  return (await requireRelease(records, feed, release)).body;
}

/**
 * The frozen revisions, with author and approver of each.
 * @throws PolicyError ROLE_REFUSED; UsageError NOT_FOUND
 */
export async function readReleaseSources(
  context: ReadContext,
  identity: Identity,
  { feed, release }: ReleaseName,
): Promise<ReleaseSources> {
  requireAnyRole(identity);
  return sourcesOf(context, feed, release);
}

/**
 * The manifest file as it stands; the caller closes it.
 * @throws PolicyError ROLE_REFUSED; UsageError NOT_FOUND
 */
export async function openManifest(
  { records, objects }: ReadContext,
  identity: Identity,
  name: ReleaseName,
): Promise<OpenObject> {
  requireAnyRole(identity);
  const { body } = await requireRelease(records, name.feed, name.release);
  const found = body.manifestSha256 === null ? undefined : await objects.open(body.manifestSha256);
  if (found !== undefined) return found;
  throw new UsageError("NOT_FOUND", `expected a manifest of release ${name.release}, got none yet`);
}

/**
 * The builder's provenance in its envelope; the caller closes it.
 * @throws PolicyError ROLE_REFUSED; UsageError NOT_FOUND
 */
export async function openProvenance(
  { records, objects }: ReadContext,
  identity: Identity,
  name: ReleaseName,
): Promise<OpenObject> {
  requireAnyRole(identity);
  const { body } = await requireRelease(records, name.feed, name.release);
  const found = body.provenanceSha256 === undefined ? undefined : await objects.open(body.provenanceSha256);
  if (found !== undefined) return found;
  throw new UsageError("NOT_FOUND", `expected a provenance of release ${name.release}, got none`);
}

/**
 * A pack by the last part of its target path; the caller closes it.
 * @throws PolicyError ROLE_REFUSED; UsageError NOT_FOUND
 */
export async function openPack(
  { records, objects }: ReadContext,
  identity: Identity,
  { feed, release, name }: ReleaseName & { readonly name: string },
): Promise<OpenObject> {
  requireAnyRole(identity);
  const { body } = await requireRelease(records, feed, release);
  const pack = body.packs.find(({ path }) => path === `${feed}/${name}`);
  const found = pack === undefined ? undefined : await objects.open(pack.sha256);
  if (found !== undefined) return found;
  throw new UsageError("NOT_FOUND", `expected a pack of release ${release}, got ${quote(name)}`);
}
