/**
 * The release log's way in. What is to be logged is decided in the records, in the same commit as the act that it tells of; the one
 * process that writes the log takes it from there, in order, once each, whoever decided it and whenever anything dies.
 *
 *   commit([...writes, ...logWrites(context, id, entry)])    // with the act
 *   await writeLogEntries(context)                           // now, or by the scheduler soon
 *   await provenEntry(context, id)                           // its tlog-proof, under a checkpoint of the quorum
 *
 * Ids are of the caller's making and name an entry for ever: `release/endpoint/0000000012`.
 */
import { utf8Bytes, utf8Text } from "../core/encoding/bytes.js";
import { OperationError, RulemintError } from "../core/errors.js";
import { formatLogProof } from "../core/log/log-proof.js";
import { readEntries, tileReader } from "../core/log/read-log.js";
import { type ReleaseLogEntry, formatReleaseLogEntry } from "../core/log/release-entries.js";
import type { ProvenCheckpoint } from "../core/log/verify-checkpoint.js";
import type { RecordWrite, StoredRecord } from "../ports/records.js";
import { type OwnLog, appendToLog, checkpointOver, proveEntry } from "./append-to-log.js";
import type { ServiceContext } from "./context.js";
import { serially } from "./serially.js";

/** The release log of this publisher. */
export interface ReleaseLog {
  /** The same log every time; opened when it is first needed. @throws OperationError STATE_LOCKED while another process writes it */
  open(): Promise<OwnLog>;
  /** Between heartbeats. */
  readonly intervalSeconds: number;
}

/** Collection `log-pending`. */
interface PendingEntry {
  readonly text: string;
  readonly time: string;
  /** The log's size before the first attempt to append it: if it is in the log already, it is behind there. Null before. */
  readonly from: number | null;
}

/** Collection `log-entries`. */
export interface LoggedEntry {
  readonly text: string;
  readonly index: number;
}

type LogContext = Pick<ServiceContext, "records" | "releaseLog">;

const pendingCollection = "log-pending";
const entriesCollection = "log-entries";

/** To be committed with the act. Nothing for a publisher without a log. */
export function logWrites({ releaseLog }: LogContext, id: string, entry: ReleaseLogEntry): RecordWrite[] {
  if (releaseLog === undefined) return [];
  const body: PendingEntry = { text: utf8Text(formatReleaseLogEntry(entry)), time: entry.time, from: null };
  return [{ collection: pendingCollection, id, expected: 0, body }];
}

/** For an act that has no commit of its own. What was decided under this id before stays. */
export async function decideEntry(context: LogContext, id: string, entry: ReleaseLogEntry): Promise<void> {
  const { records } = context;
  const known = (await records.get(pendingCollection, id)) ?? (await records.get(entriesCollection, id));
  if (known !== undefined) return;
  try {
    await records.commit(logWrites(context, id, entry));
  } catch (error) {
    // Somebody decided it at the same time.
    if (!(error instanceof RulemintError) || error.code !== "RECORD_CONFLICT") throw error;
  }
}

/** Undefined until it is in the log. */
export async function loggedEntry({ records }: LogContext, id: string): Promise<LoggedEntry | undefined> {
  return (await records.get<LoggedEntry>(entriesCollection, id))?.body;
}

export async function hasPendingEntries({ records }: LogContext): Promise<boolean> {
  return (await records.list(pendingCollection, { limit: 1 })).length > 0;
}

/**
 * Everything that was decided goes into the log, by time and then by id.
 * @throws OperationError STATE_LOCKED, STORE_FULL, STORE_FAILED, LOG_CORRUPT: it stays decided, and the next call goes on
 */
export function writeLogEntries(context: LogContext): Promise<void> {
  return serially(context.records, "release-log", async () => {
    const { records, releaseLog } = context;
    if (releaseLog === undefined) return;
    const pending = await records.list<PendingEntry>(pendingCollection);
    if (pending.length === 0) return;
    const log = await releaseLog.open();
    const begun = await begin(context, log, pending);
    const missing = await recordFound(context, log, begun);
    if (missing.length === 0) return;
    const first = await appendToLog(
      log,
      missing.map(({ body }) => utf8Bytes(body.text)),
    );
    await records.commit(missing.flatMap((one, i) => logged(one, first + i)));
  });
}

/**
 * A tlog-proof of the entry, as text, once it is in the log and a checkpoint over it has its quorum.
 *
 * @throws OperationError as `writeLogEntries`, and WITNESS_UNAVAILABLE
 */
export async function provenEntry(
  context: LogContext,
  id: string,
): Promise<
  LoggedEntry & { readonly proof: string; readonly checkpoint: ProvenCheckpoint; readonly log: OwnLog }
> {
  await writeLogEntries(context);
  const entry = await loggedEntry(context, id);
  if (entry === undefined || context.releaseLog === undefined) {
    throw new OperationError("STATE_CORRUPT", `expected the log entry ${id}, got none`);
  }
  const log = await context.releaseLog.open();
  const checkpoint = await checkpointOver(log, entry.index);
  return { ...entry, proof: formatLogProof(await proveEntry(log, entry.index, checkpoint)), checkpoint, log };
}

type Pending = StoredRecord<PendingEntry>;

/** Notes down where the log ended before anything is appended: after a crash, only what is behind there can be ours. */
async function begin({ records }: LogContext, log: OwnLog, pending: readonly Pending[]): Promise<Pending[]> {
  const { size } = log.store;
  const sorted = [...pending].sort((a, b) => compare(a.body.time, b.body.time) || compare(a.id, b.id));
  const begun = sorted.map((one) =>
    one.body.from === null ? { ...one, version: one.version + 1, body: { ...one.body, from: size } } : one,
  );
  const writes = sorted.flatMap(({ id, version, body }) =>
    body.from === null
      ? [{ collection: pendingCollection, id, expected: version, body: { ...body, from: size } }]
      : [],
  );
  if (writes.length > 0) await records.commit(writes);
  return begun;
}

/** Those that a former process appended and died before it could say so. Gives the others. */
async function recordFound(
  { records }: LogContext,
  { store }: OwnLog,
  begun: readonly Pending[],
): Promise<Pending[]> {
  const start = Math.min(...begun.map(({ body }) => body.from as number));
  if (start >= store.size) return [...begun];
  const { size } = await store.settle();
  const indices = new Map<string, number>();
  let index = start;
  for await (const bytes of readEntries(tileReader(store.read), { start, end: size, size })) {
    indices.set(utf8Text(bytes), index++);
  }
  const found = begun.filter(({ body }) => (indices.get(body.text) ?? -1) >= (body.from as number));
  if (found.length > 0) {
    await records.commit(found.flatMap((one) => logged(one, indices.get(one.body.text) as number)));
  }
  return begun.filter((one) => !found.includes(one));
}

function logged({ id, version, body }: Pending, index: number): RecordWrite[] {
  const entry: LoggedEntry = { text: body.text, index };
  return [
    { collection: pendingCollection, id, expected: version, body: null },
    { collection: entriesCollection, id, expected: 0, body: entry },
  ];
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
