/** At most so many bytes a second, over all transfers of one fetcher together: whoever reads slower makes the server send slower. */
import { setTimeout as sleep } from "node:timers/promises";

export class Pace {
  readonly #bytesPerSecond: number | undefined;
  /** When the bytes so far are paid for. */
  #paidAtMs = 0;

  constructor(bytesPerSecond: number | undefined) {
    this.#bytesPerSecond = bytesPerSecond;
  }

  /** Returns when these bytes may be passed on. */
  async spend(bytes: number, signal: AbortSignal | undefined): Promise<void> {
    if (this.#bytesPerSecond === undefined) return;
    const now = performance.now();
    this.#paidAtMs = Math.max(this.#paidAtMs, now) + (bytes / this.#bytesPerSecond) * 1000;
    const ms = this.#paidAtMs - now;
    // The signal's own reason is given by whoever reads next.
    if (ms >= 1) await sleep(ms, undefined, { signal }).catch(() => undefined);
  }
}
