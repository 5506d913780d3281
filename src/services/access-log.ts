/**
 * The access log's one writer (SPEC §13.2). What somebody is about to see or change is written down first: the opening, durable,
 * then its commitment in the log, durable. Only then `record` returns, and only then may the act begin.
 *
 * Calls that come together share both writes. An opening is stored under the index that its leaf will have; what a crash left
 * without a leaf is appended when the log is opened again, so nothing that was begun is ever lost. A process that finds the log
 * locked hands its entry to the one that has it and waits until it is in.
 */
import { base64Bytes, base64Text, utf8Bytes, utf8Text } from "../core/encoding/bytes.js";
import { OperationError, RulemintError, UsageError } from "../core/errors.js";
import {
  type AccessEntry,
  type Heartbeat,
  commitmentOf,
  formatAccessEntry,
  formatHeartbeat,
  saltBytes,
} from "../core/log/access-entries.js";
import type { Clock } from "../ports/clock.js";
import type { Records, RecordWrite } from "../ports/records.js";
import { broken, unavailable } from "./access-log-errors.js";
import { type OwnLog, appendToLog } from "./append-to-log.js";
import { timeText } from "./documents.js";
import { serially } from "./serially.js";

/** Collection `openings`, id = index in twelve digits. */
export type StoredOpening =
  | { readonly salt: string; readonly entry: string }
  | { readonly heartbeat: string }
  | { readonly erasedBy: number };

export type AccessEvent = Partial<AccessEntry> &
  Pick<AccessEntry, "kind" | "who" | "rights" | "operation" | "target" | "from">;

export interface AccessLogParts {
  /** A new store each time, since one that failed takes nothing more. @throws OperationError STATE_LOCKED */
  readonly open: () => Promise<OwnLog>;
  readonly openings: Records;
  readonly clock: Clock;
  readonly randomBytes: (length: number) => Uint8Array;
  readonly pause: (ms: number) => Promise<void>;
  readonly intervalSeconds: number;
}

interface Prepared {
  readonly leaf: Uint8Array;
  readonly stored: StoredOpening;
}

interface Waiting extends Prepared {
  readonly done: (index: number) => void;
  readonly failed: (error: unknown) => void;
}

const openingsCollection = "openings";
const handedCollection = "handed";
const takenCollection = "taken";
const batchMax = 512;
const unsaid = { objects: [], why: "", review: "", of: null, code: null };
const handed = { pollMs: 50, triesMax: 300 };

export function openingID(index: number): string {
  return String(index).padStart(12, "0");
}

export class AccessLog {
  readonly #parts: AccessLogParts;
  readonly #waiting: Waiting[] = [];
  #writing: Promise<void> | undefined;
  #log: Promise<OwnLog> | undefined;
  #closed = false;

  constructor(parts: AccessLogParts) {
    this.#parts = parts;
  }

  get intervalSeconds(): number {
    return this.#parts.intervalSeconds;
  }

  get openings(): Records {
    return this.#parts.openings;
  }

  get clock(): Clock {
    return this.#parts.clock;
  }

  pause(ms: number): Promise<void> {
    return this.#parts.pause(ms);
  }

  /** It begins with the time. */
  newName(): string {
    const { clock, randomBytes } = this.#parts;
    return `${timeText(clock.now())}-${base64Text(randomBytes(12)).replace(/[+/]/g, "_")}`;
  }

  /** SPEC §13.2.1. The entry's index, once it is in the log. @throws OperationError ACCESS_LOG_UNAVAILABLE: nothing may happen then */
  async record(event: AccessEvent): Promise<number> {
    return this.#append(await this.#prepare(event));
  }

  /** For whoever has no key: the entry is stored, and put in when the service starts, before its doors open. @throws OperationError STORE_* */
  async leave(event: AccessEvent): Promise<void> {
    await this.#store(await this.#prepare(event));
  }

  async #prepare(event: AccessEvent): Promise<Prepared> {
    const time = timeText(this.#parts.clock.now());
    const entry = utf8Text(formatAccessEntry({ ...unsaid, time, ...event }));
    const salt = this.#parts.randomBytes(saltBytes);
    const leaf = await commitmentOf(salt, utf8Bytes(entry));
    return { leaf, stored: { salt: base64Text(salt), entry } };
  }

  /** SPEC §13.2.5. @throws OperationError ACCESS_LOG_UNAVAILABLE */
  async beat(state: Heartbeat["state"]): Promise<number> {
    const time = timeText(this.#parts.clock.now());
    const leaf = formatHeartbeat({ time, intervalSeconds: this.intervalSeconds, state });
    return this.#append({ leaf, stored: { heartbeat: utf8Text(leaf) } });
  }

  /**
   * SPEC §13.2.6: the opening goes, and who erased it stays. Openings of erasures are not erased.
   * @throws UsageError NOT_FOUND; OperationError ACCESS_LOG_UNAVAILABLE, STORE_FAILED, RECORD_CONFLICT
   */
  async erase(index: number, by: Pick<AccessEvent, "who" | "from" | "why">): Promise<number> {
    const { openings } = this.#parts;
    const found = await openings.get<StoredOpening>(openingsCollection, openingID(index));
    const entry = found !== undefined && "entry" in found.body ? found.body.entry : undefined;
    if (found === undefined || entry === undefined || entry.includes('"kind":"erasure"')) {
      throw new UsageError("NOT_FOUND", `expected an opening that can be erased, got none at ${index}`);
    }
    const act = { kind: "erasure", rights: ["operator"], operation: "eraseOpening" } as const;
    const erasedBy = await this.record({ ...by, ...act, target: `access/${index}`, of: index });
    const id = openingID(index);
    const write = { collection: openingsCollection, id, expected: found.version, body: { erasedBy } };
    await openings.commit([write]);
    return erasedBy;
  }

  /** What other processes handed over goes in. @throws OperationError STATE_LOCKED, LOG_CORRUPT, STORE_* */
  takeHanded(): Promise<void> {
    return serially(this, "handed", () => this.#takeHanded());
  }

  async #takeHanded(): Promise<void> {
    const { openings } = this.#parts;
    const found = await openings.list<{ leaf: string; stored: StoredOpening }>(handedCollection, {
      limit: batchMax,
    });
    for (const { id, version, body } of found) {
      const index = await this.#enqueue({ leaf: base64Bytes(body.leaf), stored: body.stored });
      await openings.commit([
        { collection: handedCollection, id, expected: version, body: null },
        { collection: takenCollection, id, expected: 0, body: { index } },
      ]);
    }
  }

  /** The log itself, with everything that a former process left put into it. @throws OperationError STATE_LOCKED, LOG_CORRUPT, STORE_* */
  log(): Promise<OwnLog> {
    if (this.#closed) return Promise.reject(new OperationError("STORE_FAILED", "expected an open log"));
    this.#log ??= this.#open().catch((error: unknown) => {
      this.#log = undefined;
      throw error;
    });
    return this.#log;
  }

  /** So that another process may have it; the next entry from here goes over to that. */
  async letGo(): Promise<void> {
    await this.#writing;
    await this.#dropLog();
  }

  async close(): Promise<void> {
    await this.#writing;
    this.#closed = true;
    const log = await this.#log?.catch(() => undefined);
    await log?.store.close();
    await log?.signer.close();
    await this.#parts.openings.close();
  }

  async #open(): Promise<OwnLog> {
    const log = await this.#parts.open();
    try {
      await this.#replay(log);
      return log;
    } catch (error) {
      await log.store.close();
      await log.signer.close();
      throw error;
    }
  }

  /** Openings that a crash left behind the log's end; their acts may or may not have happened. */
  async #replay(log: OwnLog): Promise<void> {
    const { size } = log.store;
    const after = size === 0 ? {} : { after: openingID(size - 1) };
    const left = await this.#parts.openings.list<StoredOpening>(openingsCollection, after);
    const leaves: Uint8Array[] = [];
    for (const { id, body } of left) {
      if (Number(id) !== size + leaves.length) throw broken(`an opening at ${size + leaves.length}`, id);
      leaves.push(await leafOf(body));
    }
    if (leaves.length > 0) await appendToLog(log, leaves);
  }

  async #append(prepared: Prepared): Promise<number> {
    try {
      return await this.#enqueue(prepared);
    } catch (cause) {
      if (cause instanceof RulemintError && cause.code === "STATE_LOCKED") return this.#handOver(prepared);
      throw unavailable(cause);
    }
  }

  #enqueue(prepared: Prepared): Promise<number> {
    return new Promise((done, failed) => {
      this.#waiting.push({ ...prepared, done, failed });
      this.#writing ??= this.#writeWaiting().finally(() => {
        this.#writing = undefined;
      });
    });
  }

  async #writeWaiting(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, batchMax);
      try {
        const first = await this.#writeBatch(batch);
        for (const [i, { done }] of batch.entries()) done(first + i);
      } catch (error) {
        await this.#dropLog();
        for (const { failed } of batch) failed(error);
      }
    }
  }

  async #writeBatch(batch: readonly Prepared[]): Promise<number> {
    const log = await this.log();
    const first = log.store.size;
    const writes = batch.map(({ stored }, i): RecordWrite => {
      return { collection: openingsCollection, id: openingID(first + i), expected: 0, body: stored };
    });
    await this.#parts.openings.commit(writes);
    const leaves = batch.map(({ leaf }) => leaf);
    const got = await appendToLog(log, leaves);
    if (got !== first) throw broken(`the index ${first}`, String(got));
    return first;
  }

  /** Opened anew by the next call, which puts in what is missing. */
  async #dropLog(): Promise<void> {
    const log = await this.#log?.catch(() => undefined);
    this.#log = undefined;
    try {
      await log?.store.close();
      await log?.signer.close();
    } catch (error) {
      if (!(error instanceof RulemintError)) throw error;
    }
  }

  async #store({ leaf, stored }: Prepared): Promise<string> {
    const id = this.newName();
    const body = { leaf: base64Text(leaf), stored };
    await this.#parts.openings.commit([{ collection: handedCollection, id, expected: 0, body }]);
    return id;
  }

  /** The process that has the log takes it from here; until it has, nothing is done. */
  async #handOver(prepared: Prepared): Promise<number> {
    const { openings } = this.#parts;
    const id = await this.#store(prepared);
    for (let tries = 0; tries < handed.triesMax; tries++) {
      await this.pause(handed.pollMs);
      const taken = await openings.get<{ index: number }>(takenCollection, id);
      if (taken === undefined) continue;
      await openings.commit([{ collection: takenCollection, id, expected: taken.version, body: null }]);
      return taken.body.index;
    }
    throw unavailable(
      new OperationError("STATE_LOCKED", "another process has the access log and takes nothing"),
    );
  }
}

async function leafOf(stored: StoredOpening): Promise<Uint8Array> {
  if ("heartbeat" in stored) return utf8Bytes(stored.heartbeat);
  if ("entry" in stored) return commitmentOf(base64Bytes(stored.salt), utf8Bytes(stored.entry));
  throw broken("an opening without a leaf", "one that was erased");
}
