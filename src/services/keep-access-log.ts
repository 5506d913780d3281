/**
 * What the access log needs without being asked: heartbeats, so that silence means that nobody came; its head in the release log,
 * so that nobody can take it back; and a look at its own openings, so that what an insider changed is an alarm within one interval.
 */
import { hexText } from "../core/encoding/bytes.js";
import { sha256Hex } from "../core/brands.js";
import type { AccessAlarm } from "../core/log/access-file.js";
import { checkAccessFile } from "../core/log/check-access.js";
import { formatTime } from "../core/trust/metadata.js";
import type { AccessLog } from "./access-log.js";
import { checkpointOver, logKey } from "./append-to-log.js";
import type { ServiceContext } from "./context.js";
import { openAccessRange } from "./open-access.js";
import { decideEntry, loggedEntry, writeLogEntries } from "./release-log.js";

/** Collection `access-state`, id = `kept`: what the last round did. In the records, beside the log and not in it. */
export interface KeptAccess {
  readonly beatAt: string;
  /** Openings below this index have been looked at. */
  readonly checked: number;
  /** Where the round over older ones goes on. */
  readonly swept: number;
  /** The release log's entry of the newest anchor, and the size that it names. */
  readonly anchor: { readonly id: string; readonly size: number } | null;
  readonly alarms: readonly AccessAlarm[];
}

const state = { collection: "access-state", id: "kept" } as const;
const windowLeaves = 1000;
const alarmsMax = 100;

export async function keptAccess({ records }: Pick<ServiceContext, "records">): Promise<KeptAccess> {
  const found = await records.get<KeptAccess>(state.collection, state.id);
  return found?.body ?? { beatAt: new Date(0).toISOString(), checked: 0, swept: 0, anchor: null, alarms: [] };
}

/** Undefined for a service without an access log. */
export async function accessBeatDue(context: ServiceContext): Promise<Date | undefined> {
  const { accessLog } = context;
  if (accessLog === undefined) return undefined;
  return new Date(Date.parse((await keptAccess(context)).beatAt) + accessLog.intervalSeconds * 1000);
}

/** SPEC §13.2.5, §13.2.7: when it is due. @throws OperationError ACCESS_LOG_UNAVAILABLE, and of the release log */
export async function keepAccessLog(context: ServiceContext): Promise<void> {
  const { accessLog, clock } = context;
  const due = await accessBeatDue(context);
  if (accessLog === undefined || due === undefined) return;
  await accessLog.takeHanded();
  if (due > clock.now()) return;
  await accessLog.beat("alive");
  const before = await keptAccess(context);
  await remember(context, { ...before, beatAt: clock.now().toISOString() });
  await checkOpenings(context, accessLog);
  await anchorAccessLog(context, accessLog);
}

/** The doors open. @throws OperationError ACCESS_LOG_UNAVAILABLE: then they stay closed */
export async function beginAccessLog(context: ServiceContext): Promise<void> {
  const { accessLog, clock } = context;
  if (accessLog === undefined) return;
  if (context.leadership === undefined || context.leadership.term !== undefined) {
    await accessLog.takeHanded();
    await accessLog.beat("alive");
  }
  await accessLog.record({ ...ownAct, operation: "start" });
  // The one that leads keeps it; it may be at that now.
  if (context.leadership !== undefined) return;
  await remember(context, { ...(await keptAccess(context)), beatAt: clock.now().toISOString() });
}

/** The doors close: what follows is not silence. */
export async function endAccessLog({
  accessLog,
  leadership,
}: Pick<ServiceContext, "accessLog" | "leadership">): Promise<void> {
  if (accessLog === undefined) return;
  await accessLog.record({ ...ownAct, operation: "stop" });
  if (leadership === undefined || leadership.term !== undefined) await accessLog.beat("stopping");
}

const ownAct = {
  kind: "service",
  who: "service",
  rights: ["service"],
  target: "service",
  from: "local",
} as const;

/** SPEC §13.2.7: the head of this log as an entry of the release log. */
async function anchorAccessLog(context: ServiceContext, accessLog: AccessLog): Promise<void> {
  if (context.releaseLog === undefined) return;
  const log = await accessLog.log();
  const { size, root } = await checkpointOver(log, log.store.size - 1);
  const kept = await keptAccess(context);
  if (kept.anchor?.size === size) return;
  const id = `access/${String(size).padStart(12, "0")}`;
  const time = formatTime(context.clock.now());
  const anchor = { origin: log.origin, size, root: sha256Hex(hexText(root)) };
  await decideEntry(context, id, { kind: "anchor", time, ...anchor });
  await remember(context, { ...kept, anchor: { id, size } });
  await writeLogEntries(context);
}

/**
 * SPEC §13.3.8: what is new, and a window that goes round over what is old. What did not fit is looked at each time: an alarm ends
 * when somebody has mended it.
 */
async function checkOpenings(context: ServiceContext, accessLog: AccessLog): Promise<void> {
  const kept = await keptAccess(context);
  const { size } = (await accessLog.log()).store;
  const from = kept.swept >= kept.checked ? 0 : kept.swept;
  const swept = Math.min(from + windowLeaves, kept.checked);
  const checked = Math.min(kept.checked + windowLeaves, size);
  const ranges = [
    [from, swept],
    [kept.checked, checked],
    ...kept.alarms.flatMap(({ index }) => (index === null ? [] : [[index, index + 1] as const])),
  ] as const;
  const alarms: AccessAlarm[] = [];
  for (const [start, end] of ranges) alarms.push(...(await checkRange(context, start, end)));
  await remember(context, { ...(await keptAccess(context)), checked, swept, alarms: distinct(alarms) });
}

export async function checkRange(
  context: ServiceContext,
  from: number,
  to: number,
): Promise<readonly AccessAlarm[]> {
  const { accessLog } = context;
  if (accessLog === undefined) return [];
  const file = await openAccessRange(context, { from, to });
  return (await checkAccessFile(file, { key: logKey(await accessLog.log()), now: context.clock.now() }))
    .alarms;
}

function distinct(alarms: readonly AccessAlarm[]): AccessAlarm[] {
  const seen = new Map(
    alarms.map((alarm) => [
      `${alarm.code} ${alarm.index} ${alarm.index === null ? alarm.detail : ""}`,
      alarm,
    ]),
  );
  return [...seen.values()].slice(-alarmsMax);
}

async function remember({ records }: ServiceContext, body: KeptAccess): Promise<void> {
  const found = await records.get(state.collection, state.id);
  await records.commit([{ ...state, expected: found?.version ?? 0, body }]);
}

/** @throws what the release log says of the newest anchor; undefined without one */
export async function newestAnchor(context: ServiceContext) {
  const { anchor } = await keptAccess(context);
  if (anchor === null) return undefined;
  const entry = await loggedEntry(context, anchor.id);
  return entry && { ...anchor, ...entry };
}
