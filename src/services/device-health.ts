/**
 * How the publisher's key and the time-stamp authority are: what their last use said, and, where nothing was signed for a while, what a
 * probe says. A probe of a key signs nothing; a probe of an authority asks for a stamp over random bytes.
 */
import { RulemintError } from "../core/errors.js";
import type { Clock } from "../ports/clock.js";
import type { Meter } from "../ports/meter.js";
import type { Signer } from "../ports/signer.js";
import type { TimestampAuthority } from "../ports/timestamp-authority.js";
import { timeText } from "./documents.js";

export interface DeviceState {
  readonly device: string;
  readonly ok: boolean;
  readonly at: string;
  /** The code of the failure, or how long it took. */
  readonly detail: string;
}

export class DeviceHealth {
  readonly #clock: Clock;
  readonly #meter: Meter | undefined;
  readonly #states = new Map<string, DeviceState>();

  constructor(clock: Clock, meter?: Meter) {
    this.#clock = clock;
    this.#meter = meter;
  }

  /** In the order in which they were first used. */
  states(): readonly DeviceState[] {
    return [...this.#states.values()];
  }

  /** The same signer, whose every use is noted. */
  watchSigner(device: string, signer: Signer): Signer {
    const { probe } = signer;
    return {
      scheme: signer.scheme,
      get spki() {
        return signer.spki;
      },
      sign: (message) => this.#noted(device, () => signer.sign(message)),
      close: () => signer.close(),
      ...(probe && { probe: () => this.#noted(device, () => probe.call(signer)) }),
    };
  }

  watchAuthority(device: string, authority: TimestampAuthority): TimestampAuthority {
    return { stamp: (sha256) => this.#noted(device, () => authority.stamp(sha256)) };
  }

  async #noted<T>(device: string, work: () => Promise<T>): Promise<T> {
    const began = this.#clock.now().getTime();
    try {
      const result = await work();
      this.#note(device, began, undefined);
      return result;
    } catch (error) {
      this.#note(device, began, error instanceof RulemintError ? error.code : "INTERNAL");
      throw error;
    }
  }

  #note(device: string, began: number, failure: string | undefined): void {
    const now = this.#clock.now();
    const ms = now.getTime() - began;
    const ok = failure === undefined;
    this.#states.set(device, { device, ok, at: timeText(now), detail: failure ?? `${ms} ms` });
    this.#meter?.note("rulemint_device_up", { device }, Number(ok));
    this.#meter?.note("rulemint_device_seconds", { device, outcome: ok ? "ok" : "failed" }, ms / 1000);
  }
}
