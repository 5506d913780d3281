/** The daemon's choices, round by round: when it polls, when it updates, how long it waits. No process, no network, no time. */
import { describe, expect, it } from "vitest";
import { OperationError } from "../../src/core/errors.js";
import { type UpdateEnd, Watch } from "../../src/client/watch.js";
import type { WatchStatus } from "../../src/client/watch-status.js";

type Poll = boolean | OperationError;
interface Story {
  readonly polls?: readonly Poll[];
  readonly updates?: readonly UpdateEnd[];
  readonly random?: number;
  readonly intervalSeconds?: number;
  /** Seconds by which somebody sets the wall clock in the wait of this round. */
  readonly jumps?: Readonly<Record<number, number>>;
}

const ok: UpdateEnd = { ok: true, outcome: "current" };
const broken: UpdateEnd = { ok: false, code: "FETCH_FAILED", message: "no" };
const start = Date.parse("2026-11-22T12:00:00Z");

/** So many rounds; what was done in each, and how long it waited after it, in seconds. */
async function rounds(count: number, story: Story) {
  const stop = new AbortController();
  let [wall, elapsed, polled, updated] = [start, 0, 0, 0];
  const done: string[] = [];
  const waits: number[] = [];
  let last: WatchStatus | undefined;
  const next = <T>(list: readonly T[] | undefined, at: number, otherwise: T) => list?.[at] ?? otherwise;
  const watch = new Watch({
    poller: {
      isNew: async () => {
        const answer = next<Poll>(story.polls, polled++, false);
        done.push("poll");
        if (typeof answer !== "boolean") throw answer;
        return answer;
      },
    },
    clock: { now: () => new Date(wall) },
    elapsedMs: () => elapsed,
    random: () => story.random ?? 0,
    ...{ pid: 1, intervalSeconds: story.intervalSeconds ?? 60, stop: stop.signal },
    update: async () => {
      done.push("update");
      return next(story.updates, updated++, ok);
    },
    wait: async (milliseconds) => {
      done.push("|");
      waits.push(milliseconds / 1000);
      elapsed += milliseconds;
      wall += milliseconds + (story.jumps?.[waits.length] ?? 0) * 1000;
      if (waits.length === count) stop.abort();
    },
    onStatus: async (status) => {
      last = status;
    },
  });
  const end = await watch.run();
  expect(end).toEqual(last);
  return { done: done.join(" "), waits, end };
}

describe("SPEC §8.8.2 an endpoint that watches", () => {
  it("updates first, then polls, and updates when there is something new", async () => {
    const { done, end } = await rounds(3, { polls: [false, true] });
    expect(done).toBe("update | poll | poll update |");
    expect(end).toMatchObject({ polls: 2, updates: 2, failures: 0, lastError: null, nextPollAt: null });
    expect(end.stoppedAt).not.toBeNull();
  });

  it.each([
    [0, 60],
    [0.5, 52.5],
    [0.999, 45.015],
  ])(
    "waits at most the interval, at least three quarters of it: %d draws %d seconds",
    async (random, wait) => {
      expect((await rounds(1, { random })).waits[0]).toBeCloseTo(wait);
    },
  );

  it("updates once an hour even if no poll has anything new", async () => {
    const { done } = await rounds(62, {});
    expect(done.split(" ").filter((one) => one === "update")).toHaveLength(2);
    expect(done.startsWith("update | poll |")).toBe(true);
  });
});

describe("SPEC §8.8.3 after a failure", () => {
  it("tries the update again, later and later, at most a quarter of an hour apart, and then as before", async () => {
    const updates = [broken, broken, broken, broken, broken, ok];
    const { done, waits, end } = await rounds(7, { updates });
    expect(done).toBe("update | update | update | update | update | update | poll |");
    expect(waits).toEqual([120, 240, 480, 900, 900, 60, 60]);
    expect(end).toMatchObject({ failures: 0, lastError: null });
  });

  it("names the failure as long as it lasts", async () => {
    const { end } = await rounds(2, { updates: [broken, broken] });
    expect(end).toMatchObject({ failures: 2, lastError: { code: "FETCH_FAILED", message: "no" } });
  });

  it("a poll that fails starts no update", async () => {
    const { done, end } = await rounds(3, { polls: [new OperationError("FETCH_FAILED", "no")] });
    expect(done).toBe("update | poll | poll |");
    expect(end).toMatchObject({ lastPoll: { outcome: "unchanged" }, failures: 0 });
  });

  it("waits as long as the servers ask, at most a day", async () => {
    const until = (at: string) => new OperationError("FETCH_DEFERRED", "later", { details: { until: at } });
    // After two hours an update is due, which goes well here; the pause that follows it is a poll's again.
    const polls = [until("2026-11-22T14:01:00Z"), until("2027-11-22T14:00:00Z"), until("nonsense")];
    expect((await rounds(4, { polls })).waits).toEqual([60, 7200, 60, 86_400]);
    expect((await rounds(2, { polls: polls.slice(2) })).waits).toEqual([60, 120]);
  });

  it("another client at work is no failure", async () => {
    const locked: UpdateEnd = { ok: false, code: "STATE_LOCKED", message: "busy" };
    const { done, waits, end } = await rounds(2, { updates: [locked] });
    expect(done).toBe("update | update |");
    expect(waits).toEqual([60, 60]);
    expect(end).toMatchObject({ failures: 0, lastError: null });
  });
});

describe("SPEC §8.8.4 a wall clock that is set while it runs", () => {
  it.each([
    ["forward by a year", 31_536_000, "update | poll | update |"],
    ["back by a year", -31_536_000, "update | poll | update |"],
    ["by half a minute, as clocks drift", 30, "update | poll | poll |"],
  ])("%s", async (_what, seconds, expected) => {
    const { done, waits } = await rounds(3, { jumps: { 2: seconds } });
    expect(done).toBe(expected);
    expect(waits).toEqual([60, 60, 60]);
  });
});
