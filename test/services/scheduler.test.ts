import { afterEach, describe, expect, it } from "vitest";
import { releaseNumber } from "../../src/core/brands.js";
import { OperationError } from "../../src/core/errors.js";
import { buildRelease } from "../../src/services/build-release.js";
import { publishRelease } from "../../src/services/publish-release.js";
import { showRelease } from "../../src/services/read-releases.js";
import { type Scheduler, createScheduler } from "../../src/services/scheduler.js";
import { withdrawRelease } from "../../src/services/withdraw-release.js";
import { ann, type Desk, feed, mia, openDesk } from "./desk.js";

const hosts = { "a.txt": "a.example.com\n" };

describe("the scheduler", () => {
  let desk: Desk;
  let scheduler: Scheduler;
  const errors: unknown[] = [];
  const pauses: number[] = [];
  let ring: () => void = () => undefined;

  function schedule(): Scheduler {
    return createScheduler(desk.context, {
      timer: (ms, callback) => {
        pauses.push(ms);
        ring = callback;
        return () => undefined;
      },
      onError: (error) => errors.push(error),
    });
  }
  /** Until the run that is under way has gone to sleep. */
  async function rest(): Promise<void> {
    const before = pauses.length;
    while (pauses.length === before) await new Promise((resolve) => setImmediate(resolve));
  }
  const show = (release: number) => showRelease(desk.context, ann, { feed, release: releaseNumber(release) });

  afterEach(async () => {
    await scheduler.stop();
    await desk.close();
    errors.length = 0;
    pauses.length = 0;
  });

  it("takes a release from queued to published by itself, but for the people in between", async () => {
    desk = await openDesk({ wrap: () => ({ wake: () => scheduler.wake() }) });
    scheduler = schedule();
    await scheduler.start();
    await rest();
    await desk.addRules("hosts", "ioc", hosts);
    const queued = await buildRelease(desk.context, mia, { feed });
    expect(queued.state).toBe("queued");
    await rest();
    expect(await show(1)).toMatchObject({ state: "signed" });
    await desk.coSign(queued);
    await publishRelease(desk.context, mia, queued);
    await rest();
    expect(await show(1)).toMatchObject({ state: "published" });
    expect(errors).toEqual([]);
  });

  it("goes on with a waiting release when its pause is over, and at once after a restart", async () => {
    let down = true;
    desk = await openDesk({
      wrap: ({ tsa }) => ({
        tsa: {
          stamp: (digest) =>
            down ? Promise.reject(new OperationError("TSA_UNAVAILABLE", "silence")) : tsa.stamp(digest),
        },
      }),
    });
    await desk.addRules("hosts", "ioc", hosts);
    await desk.release();
    scheduler = schedule();
    await scheduler.start();
    await rest();
    expect(await show(1)).toMatchObject({ state: "assayed", retry: { attempts: 1 } });
    // It sleeps no longer than until the next try.
    expect(pauses.at(-1)).toBeLessThanOrEqual(5_000);
    await scheduler.stop();
    down = false;
    scheduler = schedule();
    await scheduler.start();
    await rest();
    expect(await show(1)).toMatchObject({ state: "published" });
    expect(errors).toEqual([]);
  });

  it("SPEC §2.5.3 renews a manifest while a third of its life is left, and publishes it once it is co-signed", async () => {
    desk = await openDesk();
    await desk.addRules("hosts", "ioc", hosts);
    await desk.release();
    scheduler = schedule();
    await scheduler.start();
    await rest();
    desk.passDays(19);
    ring();
    await rest();
    await expect(show(2)).rejects.toMatchObject({ code: "NOT_FOUND" });
    desk.passDays(2);
    ring();
    await rest();
    const renewal = await show(2);
    expect(renewal).toMatchObject({ state: "signed", createdBy: "scheduler" });
    ring();
    await rest();
    expect(await show(2)).toEqual(renewal);
    await desk.coSign(renewal);
    ring();
    await rest();
    expect(await show(2)).toMatchObject({ state: "published" });
    expect(errors).toEqual([]);
  });

  it("SPEC §2.5.3 renews a manifest also when the release after it has failed", async () => {
    desk = await openDesk();
    await desk.addRules("hosts", "ioc", hosts);
    await desk.release();
    await desk.addRules("hosts", "ioc", { "a.txt": "b.example.com\n" });
    await withdrawRelease(desk.context, mia, { ...(await desk.build()), reason: "not now" });
    scheduler = schedule();
    await scheduler.start();
    await rest();
    desk.passDays(21);
    ring();
    await rest();
    expect(await show(3)).toMatchObject({ state: "signed", createdBy: "scheduler", previous: 1 });
    expect(errors).toEqual([]);
  });

  it("reports what goes wrong and tries again after a pause, without a busy loop", async () => {
    let broken = false;
    desk = await openDesk({
      wrap: ({ timestamp }) => ({
        timestamp: {
          ...timestamp,
          sign: (message) =>
            broken
              ? Promise.reject(new OperationError("SIGNER_UNAVAILABLE", "gone"))
              : timestamp.sign(message),
        },
      }),
    });
    desk.passDays(0.6);
    broken = true;
    scheduler = schedule();
    await scheduler.start();
    await rest();
    expect(errors).toMatchObject([{ code: "SIGNER_UNAVAILABLE" }]);
    expect(pauses.at(-1)).toBe(30_000);
    broken = false;
    ring();
    await rest();
    expect(errors).toHaveLength(1);
    expect(pauses.at(-1)).toBe(3_600_000);
  });
});
