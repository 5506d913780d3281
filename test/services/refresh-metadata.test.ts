import { afterEach, describe, expect, it } from "vitest";
import { utf8Text } from "../../src/core/encoding/bytes.js";
import { checkPublication } from "../../src/services/check-publication.js";
import { refreshMetadata } from "../../src/services/refresh-metadata.js";
import { createScheduler } from "../../src/services/scheduler.js";
import { type Desk, openDesk } from "./desk.js";

describe("refreshing metadata", () => {
  let desk: Desk;
  afterEach(() => desk.close());

  const versions = async () => {
    const read = async (path: string) => JSON.parse(utf8Text((await desk.context.tree.read(path))!)).signed;
    const timestamp = await read("metadata/timestamp.json");
    return { timestamp: timestamp.version, snapshot: timestamp.meta["snapshot.json"].version };
  };
  const check = () => checkPublication((path) => desk.context.tree.read(path), desk.now, 1, null);

  it("starts with a tree that a customer accepts, without a release", async () => {
    desk = await openDesk();
    await check();
    expect(await versions()).toEqual({ timestamp: 1, snapshot: 1 });
    expect(utf8Text(desk.root)).toContain('"x-rulemint"');
  });

  it("signs the timestamp at half its life, the snapshot at half its own, and nothing before", async () => {
    desk = await openDesk();
    desk.passDays(0.49);
    await refreshMetadata(desk.context);
    expect(await versions()).toEqual({ timestamp: 1, snapshot: 1 });
    desk.passDays(0.02);
    await refreshMetadata(desk.context);
    expect(await versions()).toEqual({ timestamp: 2, snapshot: 1 });
    desk.passDays(3);
    await refreshMetadata(desk.context);
    expect(await versions()).toEqual({ timestamp: 3, snapshot: 2 });
    await refreshMetadata(desk.context, { force: true });
    expect(await versions()).toEqual({ timestamp: 4, snapshot: 3 });
    await check();
  });

  it("recovers after everything expired while the service was down", async () => {
    desk = await openDesk();
    desk.passDays(100);
    await expect(check()).rejects.toMatchObject({ code: "METADATA_EXPIRED" });
    await refreshMetadata(desk.context);
    await check();
  });

  it("refuses to publish under a root that has expired, and says so", async () => {
    desk = await openDesk();
    desk.passDays(366);
    await expect(refreshMetadata(desk.context)).rejects.toMatchObject({ code: "METADATA_EXPIRED" });
    expect(await versions()).toEqual({ timestamp: 1, snapshot: 1 });
  });

  it("lets the scheduler do it, sleeping until the next due time, also in a second life", async () => {
    desk = await openDesk();
    const pauses: { ms: number; callback: () => void }[] = [];
    const errors: unknown[] = [];
    const options = {
      timer: (ms: number, callback: () => void) => {
        pauses.push({ ms, callback });
        return () => undefined;
      },
      onError: (error: unknown) => errors.push(error),
    };
    const nextPause = async (count: number) => {
      while (pauses.length < count) await new Promise((resolve) => setImmediate(resolve));
      return pauses[count - 1]!;
    };
    const first = createScheduler(desk.context, options);
    await first.start();
    // Half a day to go, but never longer than an hour at a time.
    expect((await nextPause(1)).ms).toBe(3_600_000);
    expect(await versions()).toEqual({ timestamp: 1, snapshot: 1 });
    desk.passDays(0.6);
    (await nextPause(1)).callback();
    await nextPause(2);
    expect(await versions()).toEqual({ timestamp: 2, snapshot: 1 });
    await first.stop();
    first.wake();
    desk.passDays(0.6);
    const second = createScheduler(desk.context, options);
    await second.start();
    await nextPause(3);
    expect(await versions()).toEqual({ timestamp: 3, snapshot: 1 });
    await second.stop();
    expect(errors).toEqual([]);
  });
});
