/**
 * Bytes a day (SPEC §8.3.7). Everything is counted, packs alone are refused: an endpoint that has used up its day still hears of a newer
 * release, and a pack that was cut goes on tomorrow at the byte where it ended.
 */
import { OperationError } from "../core/errors.js";
import { formatTime } from "../core/trust/metadata.js";

/** A day in UTC, and the bytes of bodies that came over the network in it. */
export interface SpentBytes {
  readonly day: string;
  readonly bytes: number;
}

export class Budget {
  readonly #bytesMax: number;
  #spent: SpentBytes;

  constructor(bytesMax: number | undefined, spent: SpentBytes | undefined, now: Date) {
    this.#bytesMax = bytesMax ?? Number.POSITIVE_INFINITY;
    const day = formatTime(now).slice(0, 10);
    this.#spent = spent?.day === day ? spent : { day, bytes: 0 };
  }

  get spent(): SpentBytes {
    return this.#spent;
  }

  readonly count = (bytes: number): void => {
    this.#spent = { ...this.#spent, bytes: this.#spent.bytes + bytes };
  };

  /** @throws OperationError BUDGET_SPENT */
  requireLeft(): void {
    if (this.#spent.bytes < this.#bytesMax) return;
    const { day, bytes } = this.#spent;
    const message = `expected at most ${this.#bytesMax} bytes on ${day}, got ${bytes}: it goes on tomorrow`;
    throw new OperationError("BUDGET_SPENT", message);
  }
}
