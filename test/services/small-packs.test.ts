/** SPEC §2.5.8: full packs that are made again, smaller, behind the releases. */
import { afterEach, describe, expect, it } from "vitest";
import { openQuietCodec } from "../../src/adapters/codec/quiet-codec.js";
import { releaseNumber } from "../../src/core/brands.js";
import type { Codec, FullPackPolicy } from "../../src/core/format/codec.js";
import { choosePath } from "../../src/core/format/plan.js";
import { packPath, packSignaturePath } from "../../src/core/release/tree-paths.js";
import { Leadership } from "../../src/services/leadership.js";
import type { ReleasePack, ReleaseRecord } from "../../src/services/model.js";
import { type Scheduler, createScheduler } from "../../src/services/scheduler.js";
import { makeDueSmallPacks } from "../../src/services/small-packs.js";
import { withdrawRelease } from "../../src/services/withdraw-release.js";
import { type Desk, type DeskOptions, feed, mia, openDesk } from "./desk.js";
import { testCodec } from "./test-codec.js";

/** Enough text for xz to be smaller; `from` says where it begins. */
function hosts(lines: number, from = 0): Record<string, string> {
  const host = (i: number) => `h${Math.imul(i, 2654435761) >>> 12}.c${i % 97}.example.com`;
  return { "h.txt": Array.from({ length: lines }, (_, i) => `${host(from + i)}\n`).join("") };
}

const lines = 20_000;

describe("small packs", () => {
  let desk: Desk;
  afterEach(() => desk.close());

  const open = async (policy?: FullPackPolicy, options: DeskOptions = {}) => {
    desk = await openDesk({
      wrap: (real) => ({
        ...(policy && { settings: { ...real.settings, fullPacks: { endpoint: policy } } }),
        ...options.wrap?.(real),
      }),
    });
  };
  const release = async (rules: Record<string, string>) => {
    await desk.addRules("hosts", "ioc", rules);
    return desk.release();
  };
  const make = (codec: Codec = testCodec) => makeDueSmallPacks(desk.context, codec);
  const made = async () => (await desk.context.records.get<ReleasePack>("small-packs", feed))?.body;
  const fulls = ({ packs }: ReleaseRecord) =>
    packs.filter(({ kind }) => kind === "full").map(({ to, codec }) => `${to} ${codec}`);

  it("SPEC §2.5.8 are listed by the release after, and an endpoint that has nothing takes them", async () => {
    await open();
    const first = await release(hosts(lines));
    expect(fulls(first)).toEqual(["1 zstd-codec/0.1.5"]);
    await make();
    expect(await made()).toMatchObject({
      to: 1,
      codec: "rulemint-xz/1",
      databaseSha256: first.database?.sha256,
    });
    const second = await release(hosts(lines + 3));
    expect(fulls(second)).toEqual(["2 zstd-codec/0.1.5", "1 rulemint-xz/1"]);
    const path = choosePath(second.packs, undefined, 2);
    expect(path?.packs.map(({ from, to }) => [from, to])).toEqual([
      [0, 1],
      [1, 2],
    ]);
    const own = second.packs.find(({ kind, to }) => kind === "full" && to === 2) as ReleasePack;
    expect(path?.bytes).toBeLessThan(0.95 * own.bytes);
    const small = second.packs.find(({ kind, to }) => kind === "full" && to === 1) as ReleasePack;
    for (const file of [packPath(small), packSignaturePath(small)]) {
      expect((await desk.context.tree.read(file))?.length).toBeGreaterThan(0);
    }
  });

  it("SPEC §2.5.8 are made again only when much has gathered behind the last one", async () => {
    await open();
    await release(hosts(lines));
    await make();
    const second = await release(hosts(lines + 3));
    await make();
    expect(await made()).toMatchObject({ to: 1 });
    const third = await release(hosts(lines + 6));
    expect(fulls(third)).toEqual(["3 zstd-codec/0.1.5", "1 rulemint-xz/1"]);
    // It stands in the next manifests as it was published.
    const [, before] = second.packs.filter(({ kind }) => kind === "full");
    expect(third.packs).toContainEqual(before);
    await release(hosts(lines + 3000));
    await make();
    expect(await made()).toMatchObject({ to: 4 });
    expect(fulls(await release(hosts(lines + 3001)))).toEqual(["5 zstd-codec/0.1.5", "4 rulemint-xz/1"]);
  });

  it.each([
    ["a feed of zstd", { method: "zstd" }],
    ["a feed of xz", { method: "xz" }],
    ["a database above the size", { method: "both", xzBytesMax: 1000 }],
  ] as const)("are not made of %s", async (_, policy) => {
    await open(policy);
    await release(hosts(200));
    await make();
    expect(await made()).toBeUndefined();
  });

  it("leave nothing behind when they are stopped in the middle, and are begun again", async () => {
    await open();
    await release(hosts(lines));
    const quiet = openQuietCodec();
    let begun: () => void = () => undefined;
    const under = new Promise<void>((resolve) => {
      begun = resolve;
    });
    const watched: Codec = {
      ...quiet,
      compress: (...input) => {
        begun();
        return quiet.compress(...input);
      },
    };
    const ended = expect(make(watched)).rejects.toMatchObject({ code: "INTERRUPTED" });
    await under;
    await quiet.close();
    await ended;
    expect(await made()).toBeUndefined();
    expect(fulls(await release(hosts(lines + 3)))).toEqual(["2 zstd-codec/0.1.5"]);
    await make();
    expect(await made()).toMatchObject({ to: 2 });
  });

  it("SPEC §17.9.2 of a process that does not lead any more count for nothing", async () => {
    let now = 1000;
    const lead = (name: string) =>
      new Leadership({ records: desk.context.records, name, leaseMs: 8000, monotonic: () => now });
    await open(undefined, {
      wrap: ({ codec }) => ({
        codec: {
          ...codec,
          compress: async (method, blocks) => {
            const pieces = await codec.compress(method, blocks);
            if (method === "xz") now += 8000;
            return pieces;
          },
        },
      }),
    });
    await release(hosts(2000));
    const mine = lead("a");
    await mine.attend();
    desk.context = { ...desk.context, leadership: mine };
    await expect(make(desk.context.codec)).rejects.toMatchObject({ code: "STATE_LOCKED" });
    expect(await made()).toBeUndefined();
  });

  it("SPEC §2.5.8 are not listed when their content was recalled", async () => {
    await open();
    await release(hosts(lines));
    await make();
    await release(hosts(lines, 50_000));
    await make();
    expect(await made()).toMatchObject({ to: 2 });
    await withdrawRelease(desk.context, mia, { feed, release: releaseNumber(2), reason: "false alarms" });
    const third = await desk.publish(await desk.coSign(await desk.advance()));
    expect(third).toMatchObject({ release: 3, restores: 1 });
    expect(fulls(third)).toEqual(["3 zstd-codec/0.1.5"]);
    await make();
    expect(await made()).toMatchObject({ to: 3 });
  });

  it("of content that comes back stay", async () => {
    await open();
    await release(hosts(lines));
    await make();
    await release(hosts(lines + 3));
    await withdrawRelease(desk.context, mia, { feed, release: releaseNumber(2), reason: "false alarms" });
    const third = await desk.publish(await desk.coSign(await desk.advance()));
    expect(fulls(third)).toEqual(["3 zstd-codec/0.1.5", "1 rulemint-xz/1"]);
    expect(choosePath(third.packs, undefined, 3)?.packs.map(({ from }) => from)).not.toContain(2);
  });

  it("of a release that fails change nothing", async () => {
    await open();
    await release(hosts(lines));
    await make();
    await desk.addRules("hosts", "ioc", hosts(lines + 3));
    const signed = await desk.build();
    await withdrawRelease(desk.context, mia, { feed, release: signed.release, reason: "not yet" });
    const third = await desk.release();
    expect(fulls(third)).toEqual(["3 zstd-codec/0.1.5", "1 rulemint-xz/1"]);
  });

  describe("and the scheduler", () => {
    let scheduler: Scheduler;
    const errors: unknown[] = [];
    const schedule = () =>
      createScheduler(desk.context, {
        timer: () => () => undefined,
        onError: (error) => errors.push(error),
      });
    const until = async (holds: () => Promise<boolean>) => {
      while (!(await holds())) await new Promise(setImmediate);
    };

    it("SPEC §2.5.8 makes them behind the release, ends at once when told to, and begins again", async () => {
      let opened = 0;
      await open(undefined, {
        wrap: () => ({
          openQuietCodec: () => {
            opened++;
            return openQuietCodec();
          },
        }),
      });
      await release(hosts(60_000));
      scheduler = schedule();
      await scheduler.start();
      await until(async () => opened === 1);
      await scheduler.stop();
      expect(await made()).toBeUndefined();
      expect(errors).toEqual([]);
      scheduler = schedule();
      await scheduler.start();
      await until(async () => (await made()) !== undefined);
      await scheduler.stop();
      expect(await made()).toMatchObject({ to: 1, codec: "rulemint-xz/1" });
      expect(opened).toBe(2);
      expect(errors).toEqual([]);
    });
  });
});
