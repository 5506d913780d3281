/**
 * Waits until the newest release of a feed is another, or has taken a step, or the feed itself has changed. Other processes change
 * releases too, so the records are asked.
 */
import type { FeedName } from "../core/brands.js";
import type { ServiceContext } from "./context.js";
import { releaseID, requireFeed } from "./documents.js";

type Context = Pick<ServiceContext, "records">;

const lookMs = 200;

export interface Patience {
  readonly ms: number;
  /** Resolves after so long, or at once when nobody waits any more: false then. */
  readonly pause: (ms: number) => Promise<boolean>;
}

/** What `awaitChange` compares: taken before whatever is shown, so that no change falls between. @throws UsageError NOT_FOUND */
export async function feedMark({ records }: Context, feed: FeedName): Promise<string> {
  const { version, body } = await requireFeed(records, feed);
  const newest = await records.get("releases", releaseID(feed, body.newest));
  return `${version}/${body.newest}/${newest?.version ?? 0}`;
}

/** False when the time is over, or nobody waits any more. */
export async function awaitChange(
  context: Context,
  feed: FeedName,
  seen: string,
  { ms, pause }: Patience,
): Promise<boolean> {
  for (let left = ms; left > 0; left -= lookMs) {
    if (!(await pause(Math.min(left, lookMs)))) return false;
    if ((await feedMark(context, feed)) !== seen) return true;
  }
  return false;
}
