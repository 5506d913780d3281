/**
 * SPEC §8.8: an endpoint that follows its publisher. It polls, and hands the work to an update of its own; it holds no lock and trusts
 * nothing. Waiting is by a clock that nobody can set; the wall clock only names times.
 */
import { RulemintError } from "../core/errors.js";
import { formatTime } from "../core/trust/metadata.js";
import type { Clock } from "../ports/clock.js";
import type { Poller } from "./poller.js";
import type { WatchStatus } from "./watch-status.js";

export type UpdateEnd =
  | { readonly ok: true; readonly outcome: string }
  | { readonly ok: false; readonly code: string; readonly message: string };

export interface WatchParts {
  readonly poller: Pick<Poller, "isNew">;
  readonly clock: Clock;
  /** From a clock that only goes forward. */
  readonly elapsedMs: () => number;
  /** From 0 to below 1. */
  readonly random: () => number;
  readonly pid: number;
  readonly intervalSeconds: number;
  /** A whole update; ends between two steps when the signal is aborted. */
  readonly update: (stop: AbortSignal) => Promise<UpdateEnd>;
  /** Until so many milliseconds are over, the signal is aborted, or somebody wants a look now. */
  readonly wait: (milliseconds: number, stop: AbortSignal) => Promise<void>;
  readonly stop: AbortSignal;
  readonly onStatus: (status: WatchStatus) => Promise<void>;
}

/** Even when no poll has anything new: roots, revocation lists, choices that ripen, a database that rots. */
const updateAtLeastSeconds = 3600;
const backOffSecondsMax = 900;
const deferredSecondsMax = 86_400;
/** The wall clock and the other one may drift apart by so much in one round. */
const jumpSeconds = 60;

export class Watch {
  readonly #parts: WatchParts;
  #status: WatchStatus;
  #isDue = true;
  #updatedAtMs = Number.NEGATIVE_INFINITY;
  #deferredUntil: string | undefined;

  constructor(parts: WatchParts) {
    this.#parts = parts;
    this.#status = {
      schema: 1,
      pid: parts.pid,
      startedAt: formatTime(parts.clock.now()),
      intervalSeconds: parts.intervalSeconds,
      ...{ stoppedAt: null, isUpdating: false, lastPoll: null, lastUpdate: null, lastError: null },
      ...{ failures: 0, polls: 0, updates: 0, nextPollAt: null },
    };
  }

  /** Ends when it is told to stop. */
  async run(): Promise<WatchStatus> {
    const { stop, wait } = this.#parts;
    while (!stop.aborted) {
      await this.#round();
      if (stop.aborted) break;
      const milliseconds = this.#pauseMs();
      const now = this.#nowMs();
      await this.#tell({ nextPollAt: formatTime(new Date(now + milliseconds)) });
      const began = this.#parts.elapsedMs();
      await wait(milliseconds, stop);
      const drift = Math.abs(this.#nowMs() - now - (this.#parts.elapsedMs() - began));
      // SPEC §8.8.4: what was in force may not be any more, and the other way round.
      if (drift > jumpSeconds * 1000) this.#isDue = true;
    }
    await this.#tell({ stoppedAt: this.#at(), nextPollAt: null, isUpdating: false });
    return this.#status;
  }

  async #round(): Promise<void> {
    this.#deferredUntil = undefined;
    if (this.#parts.elapsedMs() - this.#updatedAtMs >= updateAtLeastSeconds * 1000) this.#isDue = true;
    try {
      if (!this.#isDue) await this.#poll();
      if (this.#isDue) await this.#update();
      else this.#note({ failures: 0 });
    } catch (error) {
      if (this.#parts.stop.aborted) return;
      if (!(error instanceof RulemintError)) throw error;
      if (error.code === "FETCH_DEFERRED") this.#deferredUntil = String(error.details.until);
      this.#fail(error.code, error.message);
    }
  }

  async #poll(): Promise<void> {
    const polls = this.#status.polls + 1;
    try {
      this.#isDue = await this.#parts.poller.isNew(this.#parts.stop);
      this.#note({ polls, lastPoll: { at: this.#at(), outcome: this.#isDue ? "changed" : "unchanged" } });
    } catch (error) {
      const outcome = error instanceof RulemintError ? error.code : "INTERNAL";
      this.#note({ polls, lastPoll: { at: this.#at(), outcome } });
      throw error;
    }
  }

  async #update(): Promise<void> {
    await this.#tell({ isUpdating: true, updates: this.#status.updates + 1, nextPollAt: null });
    const began = this.#parts.elapsedMs();
    const end = await this.#parts.update(this.#parts.stop);
    const milliseconds = Math.round(this.#parts.elapsedMs() - began);
    const lastUpdate = { at: this.#at(), outcome: end.ok ? end.outcome : end.code, milliseconds };
    this.#note({ isUpdating: false, lastUpdate });
    if (end.ok) {
      this.#isDue = false;
      this.#updatedAtMs = this.#parts.elapsedMs();
      this.#note({ failures: 0, lastError: null });
    } else if (end.code === "STATE_LOCKED") {
      // Somebody else is at it: no fault, and asked again in a while.
      this.#note({ failures: 0 });
    } else this.#fail(end.code, end.message);
  }

  #fail(code: string, message: string): void {
    this.#note({
      failures: this.#status.failures + 1,
      lastError: { at: this.#at(), code, message },
    });
  }

  /** SPEC §8.8.2, §8.8.3 */
  #pauseMs(): number {
    const { intervalSeconds, random } = this.#parts;
    const { failures } = this.#status;
    const doubled = intervalSeconds * 2 ** Math.min(failures, 20);
    const longest = Math.max(intervalSeconds, backOffSecondsMax);
    const seconds = Math.min(failures === 0 ? intervalSeconds : doubled, longest) * (1 - random() / 4);
    const asked = this.#deferredUntil && (Date.parse(this.#deferredUntil) - this.#nowMs()) / 1000;
    if (!asked || !(asked > seconds)) return seconds * 1000;
    return (Math.min(asked, deferredSecondsMax) + random() * intervalSeconds) * 1000;
  }

  #note(news: Partial<WatchStatus>): void {
    this.#status = { ...this.#status, ...news };
  }

  async #tell(news: Partial<WatchStatus>): Promise<void> {
    this.#note(news);
    await this.#parts.onStatus(this.#status);
  }

  #nowMs(): number {
    return this.#parts.clock.now().getTime();
  }

  #at(): string {
    return formatTime(this.#parts.clock.now());
  }
}
