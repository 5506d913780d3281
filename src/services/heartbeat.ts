/**
 * The log says at a fixed interval that it is alive, and which releases are the newest. So nobody can keep an entry back and
 * call it silence, and the cosignatures of the newest checkpoint are never older than that.
 */
import { formatTime } from "../core/trust/metadata.js";
import { checkpointOver } from "./append-to-log.js";
import type { ServiceContext } from "./context.js";
import type { FeedRecord } from "./model.js";
import { type ReleaseLog, decideEntry, writeLogEntries } from "./release-log.js";

/** Collection `log-state`, id = `heartbeat`. */
interface LastHeartbeat {
  readonly at: string;
}

/** Undefined for a publisher without a log. */
export async function heartbeatDue({ records, releaseLog }: ServiceContext): Promise<Date | undefined> {
  if (releaseLog === undefined) return undefined;
  const last = await records.get<LastHeartbeat>("log-state", "heartbeat");
  if (last === undefined) return new Date(0);
  return new Date(Date.parse(last.body.at) + releaseLog.intervalSeconds * 1000);
}

/**
 * SPEC §11.7.4: a heartbeat when it is due, and a checkpoint over everything that is in the log.
 * @throws OperationError as `checkpointOver`: what was written stays, and the next call goes on
 */
export async function keepLogAlive(context: ServiceContext): Promise<void> {
  const { releaseLog, clock } = context;
  const due = await heartbeatDue(context);
  if (releaseLog === undefined || due === undefined) return;
  await writeLogEntries(context);
  const now = clock.now();
  if (due <= now) await beat(context, releaseLog, formatTime(now));
  const log = await releaseLog.open();
  if (log.store.size > 0) await checkpointOver(log, log.store.size - 1);
}

async function beat(context: ServiceContext, { intervalSeconds }: ReleaseLog, time: string): Promise<void> {
  const { records } = context;
  const feeds = await records.list<FeedRecord>("feeds");
  const releases = Object.fromEntries(feeds.map(({ body }) => [body.name, body.published]));
  await decideEntry(context, `heartbeat/${time}`, { kind: "heartbeat", time, intervalSeconds, releases });
  await writeLogEntries(context);
  const before = await records.get("log-state", "heartbeat");
  const body: LastHeartbeat = { at: time };
  await records.commit([{ collection: "log-state", id: "heartbeat", expected: before?.version ?? 0, body }]);
}
