/**
 * Puts the next release of a feed on the way: its number, its frozen sources, nothing else.
 *
 * One release of a feed is under way at a time, so each manifest can name the published one before it. The
 * number of a release that failed before its manifest was signed is taken again, and its record moves to
 * `failed-releases`. A number under which a manifest was ever signed is not: one number, one manifest.
 */
import {
  type FeedName,
  type ReleaseNumber,
  type Sha256Hex,
  releaseNumber,
  sha256Hex,
} from "../core/brands.js";
import { PolicyError } from "../core/errors.js";
import type { ReleaseSources } from "../core/release/model.js";
import { sourceTreeDigest } from "../core/release/manifest.js";
import { formatSources } from "../core/release/sources.js";
import type { RecordWrite } from "../ports/records.js";
import type { ServiceContext } from "./context.js";
import {
  releaseID,
  requireFeed,
  requireRelease,
  timeText,
  untilCommitted,
  type Versioned,
} from "./documents.js";
import type { FeedRecord, ReleaseRecord } from "./model.js";

export interface QueuedRelease {
  readonly feed: FeedName;
  readonly by: string;
  readonly reason: string;
  readonly sources: ReleaseSources;
  readonly restores: ReleaseNumber | null;
  /** Databases that no endpoint is to use from here on. */
  readonly blocks?: readonly Sha256Hex[];
  /** Published without being asked again, once it is co-signed. */
  readonly publish?: boolean;
  /** Gates that may fail. */
  readonly waive?: readonly string[];
  /** Committed together with it. */
  readonly alongside?: readonly RecordWrite[];
}

/** @throws PolicyError RELEASE_STATE; UsageError NOT_FOUND; OperationError of the stores */
export async function queueRelease(context: ServiceContext, order: QueuedRelease): Promise<ReleaseRecord> {
  const { sha256 } = await context.objects.put([formatSources(order.sources)]);
  const sources = {
    sourcesSha256: sha256Hex(sha256),
    sourceTreeSha256: await sourceTreeDigest(order.sources),
  };
  const queued = await untilCommitted(() => commit(context, order, sources));
  context.wake();
  return queued;
}

async function commit(
  { records, clock }: ServiceContext,
  order: QueuedRelease,
  sources: Pick<ReleaseRecord, "sourcesSha256" | "sourceTreeSha256">,
): Promise<ReleaseRecord> {
  const { feed, by, reason, restores } = order;
  const { body: before, version } = await requireFeed(records, feed);
  const failed = await requireNoneUnderWay(records, before);
  // SPEC §2.4.3: a number under which a manifest was signed is never taken again.
  const standing = failed?.body.manifestSha256 === null ? failed : undefined;
  const release = releaseNumber(standing?.body.release ?? before.newest + 1);
  const id = releaseID(feed, release);
  const at = timeText(clock.now());
  const body: ReleaseRecord = {
    feed,
    release,
    state: "queued",
    createdAt: at,
    createdBy: by,
    reason,
    restores,
    ...(order.blocks !== undefined && order.blocks.length > 0 && { blocks: order.blocks }),
    previous: before.published === 0 ? null : releaseNumber(before.published),
    ...sources,
    ...(order.waive !== undefined && order.waive.length > 0 && { waived: order.waive }),
    compiler: null,
    database: null,
    packs: [],
    manifestSha256: null,
    manifestCmsSha256: null,
    verdicts: [],
    publication: order.publish === true ? { by, at } : null,
    waitingFor: null,
    retry: null,
    publishedAt: null,
  };
  const feedBody = { ...before, newest: release };
  const writes: RecordWrite[] = [
    { collection: "feeds", id: feed, expected: version, body: feedBody },
    { collection: "releases", id, expected: standing?.version ?? 0, body },
    ...(order.alongside ?? []),
  ];
  if (standing !== undefined) {
    const archived = `${id}/${standing.body.createdAt}`;
    writes.push({ collection: "failed-releases", id: archived, expected: 0, body: standing.body });
  }
  await records.commit(writes);
  return body;
}

/** The newest release when it failed; undefined when it was published, or there is none. */
async function requireNoneUnderWay(
  records: ServiceContext["records"],
  { name, newest, published }: FeedRecord,
): Promise<Versioned<ReleaseRecord> | undefined> {
  if (newest === published) return undefined;
  const found = await requireRelease(records, name, releaseNumber(newest));
  const { state } = found.body;
  if (state === "failed") return found;
  throw new PolicyError(
    "RELEASE_STATE",
    `expected no release of ${name} under way, got release ${newest}, which is ${state}`,
  );
}
