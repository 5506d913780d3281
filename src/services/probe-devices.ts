/** Asks the publisher's key and the time-stamp authority now and then how they are, so that nobody learns it from a release that waits. */
import type { Signer } from "../ports/signer.js";
import type { TimestampAuthority } from "../ports/timestamp-authority.js";
import type { Timer } from "./scheduler.js";

export interface ProbedDevices {
  readonly publisher: Signer;
  readonly tsa: TimestampAuthority;
}

export interface ProbeOptions {
  readonly timer: Timer;
  /** 0 is never. */
  readonly signerMinutes: number;
  readonly timestampMinutes: number;
  readonly random: (bytes: number) => Uint8Array;
}

const minuteMs = 60_000;

/** Starts at once. What comes back ends it and resolves when the probes under way, if any, have ended. */
export function probeDevices({ publisher, tsa }: ProbedDevices, options: ProbeOptions): () => Promise<void> {
  const { signerMinutes, timestampMinutes, random } = options;
  const stops = [
    repeat(options.timer, signerMinutes, async () => publisher.probe?.()),
    repeat(options.timer, timestampMinutes, async () => {
      await tsa.stamp(random(32));
    }),
  ];
  return async () => {
    await Promise.all(stops.map((stop) => stop()));
  };
}

function repeat(timer: Timer, minutes: number, work: () => Promise<void>): () => Promise<void> {
  if (minutes === 0) return async () => undefined;
  let stopped = false;
  let cancel: () => void = () => undefined;
  let run = Promise.resolve();
  const round = (): void => {
    // How it went stands in the health of the device; there is nothing else to do about it.
    run = work()
      .catch(() => undefined)
      .then(() => {
        if (!stopped) cancel = timer(minutes * minuteMs, round);
      });
  };
  round();
  return async () => {
    stopped = true;
    cancel();
    await run;
  };
}
