/**
 * The power goes at any instant of an update, and the disk keeps of what was not flushed whatever it likes. RULEMINT_POWER_LOSSES says how
 * often (2,000 for the bar); the schedules follow from RULEMINT_SEED.
 */
import { createHash } from "node:crypto";
import { cp, readFile, readdir, readlink, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Chance, RecordedDisk } from "../support/recorded-disk.js";
import { type Scene, type TestEndpoint, indicators, openScene } from "./endpoint.js";

const losses = Number(process.env.RULEMINT_POWER_LOSSES ?? 60);
const seed = Number(process.env.RULEMINT_SEED ?? 7);

let scene: Scene;
let sha256: Record<number, string>;
/** What engines read, by release. */
const exports: Record<number, string> = {};

beforeAll(async () => {
  scene = await openScene();
  const { publisher, endpoint } = scene;
  await publisher.release(indicators(1));
  await endpoint.updater.update();
  exports[1] = await exported(endpoint.folder);
  await publisher.release(indicators(2));
  await publisher.release(indicators(3), { deltasFrom: [2] });
  sha256 = Object.fromEntries([...publisher.databases].map(([release, one]) => [release, one.sha256]));
  const whole = await scene.endpointOn(await copy("state", "whole"));
  await whole.updater.update();
  exports[3] = await exported(whole.folder);
});
afterAll(() => scene.close());

async function copy(from: string, to: string): Promise<string> {
  await rm(join(scene.folder, to), { recursive: true, force: true });
  await cp(join(scene.folder, from), join(scene.folder, to), { recursive: true, verbatimSymlinks: true });
  return to;
}

/** This process lives, the one that held the lock does not: it was another boot's. */
async function afterBoot(lock: string): Promise<void> {
  const text = await readFile(lock, "utf8").catch(() => "");
  await writeFile(lock, text.replace(/"boot":"[^"]*"/, '"boot":"another"'));
}

/** mulberry32 */
function chanceOf(start: number): Chance {
  let state = start >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A digest of a folder's names, links and bytes. */
async function treeDigest(folder: string): Promise<string> {
  const hash = createHash("sha256");
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries.map((one) => ({ one, path: join(one.parentPath, one.name) }));
  for (const { one, path } of paths.sort((a, b) => (a.path < b.path ? -1 : 1))) {
    hash.update(`${path.slice(folder.length).replace(/[0-9a-f-]{36}/g, "*")}\n`);
    if (one.isFile()) hash.update(await readFile(path));
    if (one.isSymbolicLink()) hash.update((await readlink(path)).replace(/[0-9a-f-]{36}/g, "*"));
  }
  return hash.digest("hex");
}

async function exported(folder: string): Promise<string> {
  return treeDigest(join(folder, await readlink(join(folder, "export"))));
}

async function expectGood(endpoint: TestEndpoint, releases: readonly number[]): Promise<void> {
  const good = releases.map((release) => sha256[release]);
  expect(good).toContain(await endpoint.databaseSha256());
  expect(releases.map((release) => exports[release])).toContain(await exported(endpoint.folder));
}

/** Records `work` on a copy of `from`, loses the power `count` times, and hands each wreck to `recover`. */
async function sweep(
  from: string,
  count: number,
  work: (endpoint: TestEndpoint) => Promise<unknown>,
  recover: (endpoint: TestEndpoint) => Promise<void>,
): Promise<string> {
  const folder = join(scene.folder, await copy(from, "recorded"));
  const disk = new RecordedDisk(folder);
  const endpoint = await scene.endpointOn("recorded");
  await disk.record(() => work(endpoint));
  await endpoint.close();
  const chance = chanceOf(seed);
  const seen = new Set<string>();
  for (let i = 0; i < count; i++) {
    const wreck = join(scene.folder, "wreck");
    await rm(wreck, { recursive: true, force: true });
    disk.afterPowerLoss(wreck, Math.floor(chance() * (disk.changes.length + 1)), chance);
    const found = await treeDigest(wreck);
    if (seen.has(found)) continue;
    seen.add(found);
    await afterBoot(join(wreck, "lock"));
    const risen = await scene.endpointOn("wreck");
    await recover(risen);
    await risen.close();
  }
  return `${count} power losses over ${disk.changes.length} changes, ${seen.size} different disks, all recovered`;
}

describe("an endpoint whose power goes", () => {
  it("in an update: has a good database and a whole export at once, and is at the newest release after the next update", async () => {
    const said = await sweep(
      "state",
      losses,
      ({ updater }) => updater.update(),
      async (risen) => {
        await expectGood(risen, [1, 3]);
        expect([1, 3, undefined]).toContain((await risen.updater.status()).installed?.release);
        expect(await risen.updater.update()).toMatchObject({ release: 3 });
        await expectGood(risen, [3]);
        expect(await risen.databaseSha256("previous")).toBe(sha256[1]);
        expect(await risen.updater.status()).toMatchObject({ exported: true, lastFailure: null });
        expect(await readdir(join(risen.folder, "work"))).toEqual([]);
      },
    );
    console.log(`power loss in an update: ${said}`);
  });

  it("in a rollback: is on one side of it or the other", async () => {
    const said = await sweep(
      "whole",
      Math.ceil(losses / 4),
      ({ updater }) => updater.rollback(),
      async (risen) => {
        await expectGood(risen, [1, 3]);
        const { release } = await risen.updater.update();
        await expectGood(risen, [release]);
      },
    );
    console.log(`power loss in a rollback: ${said}`);
  });
});
