/**
 * Connections to one server, side by side, each bringing run after run of a pack until nothing is left to bring.
 *
 * A server may serve one of them and refuse another: then the other one ends, what it had to bring is brought by those that are left, and it is
 * not opened again. Only when none is left has the server refused. Whatever is not a matter of one connection ends all of them.
 *
 * One that is far slower than the others ends in the same way once one of them has nothing left to bring. Slowness is counted in what the
 * others brought meanwhile, not in time: a server that is slow to all is slow to nobody.
 */
import { OperationError, RulemintError } from "../core/errors.js";
import type { PackSegments, Run } from "./pack-segments.js";

/** As many times slower than the others is too slow, once these brought this much each. */
const timesSlower = 4;
const comparedBytesMin = 256 * 1024;

/** One of them, as who brings a run knows it. */
export interface Lane {
  /** Ends what it brings, be it with all others. */
  readonly signal: AbortSignal;
  /** Nobody else brings anything. */
  readonly isAlone: () => boolean;
  /** The server serves parts: others may ask it too. */
  readonly widen: () => void;
  /** So many bytes came over it. */
  readonly count: (bytes: number) => void;
}

/** A run that a connection is bringing. */
interface Work {
  readonly ended: AbortController;
  /** Of all connections, before it began. */
  readonly before: number;
  bytes: number;
}

export class Lanes {
  readonly #segments: PackSegments;
  readonly #connections: number;
  readonly #bring: (run: Run, lane: Lane) => Promise<void>;
  readonly #ending = new AbortController();
  /** Of all that were opened. */
  readonly #ends: Promise<void>[] = [];
  readonly #underWay = new Set<Work>();
  /** Bytes, over all of them. */
  #brought = 0;
  #open = 0;
  #refusal: RulemintError | undefined;

  constructor(segments: PackSegments, connections: number, bring: (run: Run, lane: Lane) => Promise<void>) {
    this.#segments = segments;
    this.#connections = connections;
    this.#bring = bring;
  }

  get isWide(): boolean {
    return this.#ends.length > 1;
  }

  end(reason: unknown): void {
    this.#ending.abort(reason);
    this.#segments.wake();
  }

  /** Settles when nothing is under way any more. @throws what `end` was told; else what the last was refused with, if something is missing */
  async run(): Promise<void> {
    this.#start();
    // It grows meanwhile.
    for (const end of this.#ends) await end;
    if (this.#ending.signal.aborted) throw this.#ending.signal.reason;
    if (!this.#segments.isDone) throw this.#refusal;
  }

  #start(): void {
    this.#open++;
    const end = this.#bringAll().catch((error: unknown) => this.#refuse(error));
    this.#ends.push(end.finally(() => this.#open--));
  }

  /** SPEC §8.3.9 */
  #refuse(error: unknown): void {
    if (!isOfOneConnection(error)) this.end(error);
    // SPEC §8.3.5: a pause that the server asked for counts when it serves none any more.
    else if (this.#refusal?.details.retryAfter === undefined) this.#refusal = error;
  }

  async #bringAll(): Promise<void> {
    const ended = new AbortController();
    const signal = AbortSignal.any([this.#ending.signal, ended.signal]);
    const isAlone = () => this.#open === 1;
    const widen = () => {
      while (this.#ends.length < this.#connections) this.#start();
    };
    try {
      await this.#bringRuns(ended, { signal, isAlone, widen });
    } finally {
      // Of an answer that nobody read, too.
      ended.abort();
    }
  }

  async #bringRuns(ended: AbortController, lane: Omit<Lane, "count">): Promise<void> {
    while (!lane.signal.aborted && !this.#segments.isDone) {
      const run = this.#segments.take();
      if (run === undefined) {
        this.#relieve();
        await this.#segments.changed();
        continue;
      }
      const work = { ended, before: this.#brought, bytes: 0 };
      const count = (bytes: number) => {
        work.bytes += bytes;
        this.#brought += bytes;
      };
      this.#underWay.add(work);
      try {
        await this.#bring(run, { ...lane, count });
      } finally {
        this.#underWay.delete(work);
        this.#segments.release(run);
      }
    }
  }

  /** SPEC §8.3.9: ends those that are too slow, so that what they were to bring can be taken. */
  #relieve(): void {
    for (const { ended, before, bytes } of this.#underWay) {
      const others = (this.#brought - before - bytes) / (this.#open - 1);
      if (others < comparedBytesMin || bytes * timesSlower > others) continue;
      const message = `expected a connection as fast as the others, got ${bytes} bytes while each of them brought ${Math.floor(others)}`;
      ended.abort(new OperationError("FETCH_FAILED", message));
    }
  }
}

/** HTTP 416 is not: the server's file is shorter than the pack. */
function isOfOneConnection(error: unknown): error is RulemintError {
  if (!(error instanceof RulemintError)) return false;
  return error.code === "FETCH_NOT_FOUND" || (error.code === "FETCH_FAILED" && error.details.status !== 416);
}
