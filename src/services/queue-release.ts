/**
 * Puts the next release of a feed on the way: its number, its frozen sources, nothing else.
 *
 * One release of a feed is under way at a time, so numbers are dense and each manifest can name the one
 * before it. A release that failed was never public; its number is taken again and its record moves to
 * `failed-releases`.
 */
import { type FeedName, type ReleaseNumber, releaseNumber, sha256Hex } from "../core/brands.js";
import { PolicyError } from "../core/errors.js";
import type { ReleaseSources } from "../core/release/model.js";
import { sourceTreeDigest } from "../core/release/manifest.js";
import { formatSources } from "../core/release/sources.js";
import type { RecordWrite } from "../ports/records.js";
import type { ServiceContext } from "./context.js";
import { releaseID, requireFeed, timeText, untilCommitted } from "./documents.js";
import type { ReleaseRecord } from "./model.js";

export interface QueuedRelease {
  readonly feed: FeedName;
  readonly by: string;
  readonly reason: string;
  readonly sources: ReleaseSources;
  readonly restores: ReleaseNumber | null;
  /** Published without being asked again, once it is co-signed. */
  readonly publish?: boolean;
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
  const release = releaseNumber(before.published + 1);
  const id = releaseID(feed, release);
  const standing = await records.get<ReleaseRecord>("releases", id);
  if (standing !== undefined && standing.body.state !== "failed") {
    throw new PolicyError(
      "RELEASE_STATE",
      `expected no release of ${feed} under way, got release ${release}, which is ${standing.body.state}`,
    );
  }
  const at = timeText(clock.now());
  const body: ReleaseRecord = {
    feed,
    release,
    state: "queued",
    createdAt: at,
    createdBy: by,
    reason,
    restores,
    previous: before.published === 0 ? null : releaseNumber(before.published),
    ...sources,
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
  ];
  if (standing !== undefined) {
    const archived = `${id}/${standing.body.createdAt}`;
    writes.push({ collection: "failed-releases", id: archived, expected: 0, body: standing.body });
  }
  await records.commit(writes);
  return body;
}
