/** Typed access to the records: numbering, and changes that are tried again when somebody else came first. */
import type { FeedName, ReleaseNumber } from "../core/brands.js";
import { RulemintError, UsageError, quote } from "../core/errors.js";
import type { RecordWrite, Records } from "../ports/records.js";
import type { FeedRecord, ReleaseRecord } from "./model.js";

const triesMax = 20;

/** `YYYY-MM-DDTHH:MM:SS.sssZ` */
export function timeText(time: Date): string {
  return time.toISOString();
}

/** Runs read-decide-commit again while another commit wins the race. @throws what `attempt` throws */
export async function untilCommitted<T>(attempt: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await attempt();
    } catch (error) {
      if (!isConflict(error) || tries === triesMax) throw error;
    }
  }
}

/** Another commit came first; nothing was written. */
export function isConflict(error: unknown): boolean {
  return error instanceof RulemintError && error.code === "RECORD_CONFLICT";
}

/** The next number of a counter, and the write that takes it. */
export async function nextNumber(
  records: Records,
  counter: string,
): Promise<{ number: number; write: RecordWrite }> {
  const found = await records.get<{ last: number }>("counters", counter);
  const number = (found?.body.last ?? 0) + 1;
  const write = {
    collection: "counters",
    id: counter,
    expected: found?.version ?? 0,
    body: { last: number },
  };
  return { number, write };
}

export function releaseID(feed: FeedName, release: ReleaseNumber | number): string {
  return `${feed}/${String(release).padStart(10, "0")}`;
}

/** A document with the version to commit against. */
export interface Versioned<T> {
  readonly body: T;
  readonly version: number;
}

/** @throws UsageError NOT_FOUND */
export async function requireFeed(records: Records, feed: FeedName): Promise<Versioned<FeedRecord>> {
  const found = await records.get<FeedRecord>("feeds", feed);
  if (found === undefined) throw new UsageError("NOT_FOUND", `expected a feed, got ${quote(feed)}`);
  return found;
}

/** @throws UsageError NOT_FOUND */
export async function requireRelease(
  records: Records,
  feed: FeedName,
  release: ReleaseNumber,
): Promise<Versioned<ReleaseRecord>> {
  const found = await records.get<ReleaseRecord>("releases", releaseID(feed, release));
  if (found === undefined) {
    throw new UsageError("NOT_FOUND", `expected a release of ${feed}, got ${quote(String(release))}`);
  }
  return found;
}

export function releaseWrite(before: Versioned<ReleaseRecord>, body: ReleaseRecord): RecordWrite {
  const id = releaseID(body.feed, body.release);
  return { collection: "releases", id, expected: before.version, body };
}
