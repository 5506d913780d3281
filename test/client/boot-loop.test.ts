/** An engine that does not come up on a release: the release is left without a network, whatever instant the machine dies at. */
import { cp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Dead, dyingStore } from "./dying-store.js";
import { type Scene, type TestEndpoint, indicators, openScene } from "./endpoint.js";

let scene: Scene;
beforeEach(async () => {
  scene = await openScene();
  await scene.publisher.release(indicators(1));
  await scene.endpoint.updater.update();
  await scene.publisher.release(indicators(2));
});
afterEach(() => scene.close());

const refused = (code: string) => expect.objectContaining({ code });
const update = (endpoint = scene.endpoint) => endpoint.updater.update();
const starting = (endpoint = scene.endpoint) => endpoint.updater.engineStarting();
const sha256 = (n: number) => scene.publisher.databases.get(n)?.sha256;
const hasFilesOf = async (n: number, endpoint = scene.endpoint) => {
  const lines = (await readFile(join(endpoint.folder, "export/ioc/domains.txt"), "utf8")).split("\n");
  return lines.includes(indicators(n)[0] as string) && lines.includes(indicators(n).at(-1) as string);
};
const starts = async (n: number, endpoint = scene.endpoint) => {
  for (let i = 0; i < n; i++) expect((await starting(endpoint)).outcome).toBe("counted");
};

async function expectLeft(endpoint = scene.endpoint): Promise<void> {
  expect(await endpoint.databaseSha256()).toBe(sha256(1));
  expect(await hasFilesOf(1, endpoint)).toBe(true);
  expect(await endpoint.updater.status()).toMatchObject({
    installed: { release: 1 },
    bad: { release: 2, code: "BOOT_LOOP" },
    exported: true,
  });
}

describe("SPEC §16.7.2 an engine that never comes up", () => {
  it("makes the endpoint leave the release before its fourth start, without a network", async () => {
    await update();
    await scene.server.close();
    scene.endpoint.types();
    await starts(3);
    expect(await hasFilesOf(2)).toBe(true);
    expect(await starting()).toMatchObject({
      ...{ outcome: "rolled-back", starts: 1, left: 2 },
      installed: { release: 1 },
    });
    await expectLeft();
    expect(scene.endpoint.types()).toEqual(["rolled-back", "exported"]);
    const message = "expected engine to come up on release 2, got 3 failed starts";
    expect((await scene.endpoint.updater.status()).lastFailure).toMatchObject({ code: "BOOT_LOOP", message });
    // It is up on release 1, and that stays.
    await scene.endpoint.updater.engineReady();
    await starts(5);
    await expectLeft();
  });

  it("does not get that release again until its owner says so", async () => {
    await update();
    await starts(3);
    await starting();
    expect(await update()).toMatchObject({ outcome: "waiting", release: 1 });
    expect(await scene.endpoint.updater.update({ again: true })).toMatchObject({ release: 2 });
    expect(await hasFilesOf(2)).toBe(true);
    await starts(3);
    expect(await starting()).toMatchObject({ outcome: "rolled-back" });
  });

  it("is allowed as many failures as its owner says", async () => {
    await update();
    const one = () => scene.endpoint.updater.engineStarting({ engine: "suricata", triesMax: 1 });
    expect(await one()).toMatchObject({ outcome: "counted", starts: 1, triesMax: 1 });
    expect(await one()).toMatchObject({ outcome: "rolled-back" });
  });

  it("stays where there is no release to go back to", async () => {
    await starts(3);
    expect(await starting()).toMatchObject({ outcome: "nowhere", starts: 4, installed: { release: 1 } });
    expect(await hasFilesOf(1)).toBe(true);
    expect((await scene.endpoint.updater.status()).bad).toBeNull();
  });

  it("is heard while an update holds the lock, and the next update leaves the release", async () => {
    await update();
    const locks: (() => Promise<void>)[] = [];
    const other = await scene.endpointOn("state", (store) =>
      dyingStore(store, { operations: 0, diesAt: 1 }, locks),
    );
    await expect(other.updater.rollback()).rejects.toThrowError(Dead);
    await starts(3);
    expect(await starting()).toMatchObject({ outcome: "deferred", starts: 4 });
    expect(await starting()).toMatchObject({ outcome: "deferred", starts: 5 });
    for (const unlock of locks) await unlock();
    expect(await update()).toMatchObject({ outcome: "waiting", release: 1 });
    await expectLeft();
  });
});

describe("SPEC §16.7.1 starts are counted", () => {
  it("by the files that the engine finds: an update begins anew", async () => {
    await starts(3);
    await update();
    await starts(3);
    expect((await scene.endpoint.updater.status()).boots).toMatchObject({
      engine: { databaseSha256: sha256(2), starts: 3, isReady: false, triesMax: 3 },
    });
  });

  it("by engine: one that is up does not vouch for another", async () => {
    await update();
    const { updater } = scene.endpoint;
    for (let i = 0; i < 3; i++) {
      expect(await updater.engineStarting({ engine: "clamd" })).toMatchObject({ outcome: "counted" });
      await updater.engineStarting({ engine: "suricata" });
      expect(await updater.engineReady("suricata")).toBe(true);
    }
    expect(await updater.engineStarting({ engine: "clamd" })).toMatchObject({ outcome: "rolled-back" });
  });

  it("all of them, when two processes count at once", async () => {
    await update();
    const other = await scene.endpointOn("state");
    const choice = { triesMax: 1000 };
    await Promise.all(
      [scene.endpoint, other].flatMap(({ updater }) =>
        Array.from({ length: 10 }, () => updater.engineStarting(choice)),
      ),
    );
    expect((await scene.endpoint.updater.status()).boots).toMatchObject({ engine: { starts: 20 } });
  });

  it("but not from a file that is damaged", async () => {
    await update();
    await starts(3);
    const path = join(scene.endpoint.folder, "boots/counts.json");
    await writeFile(path, (await readFile(path, "utf8")).replace('"starts": 3', '"starts": 9'));
    await starts(3);
    await writeFile(path, "torn");
    await starts(3);
    expect(await hasFilesOf(2)).toBe(true);
  });

  it.each(["", "Suricata", "a/b", "x".repeat(33)])("not under the name %j", async (engine) => {
    await expect(scene.endpoint.updater.engineStarting({ engine })).rejects.toThrowError(refused("USAGE"));
  });

  it("not of an endpoint that was never set up, as under a folder that is misspelt", async () => {
    const nobody = await scene.endpointOn("misspelt");
    await expect(starting(nobody)).rejects.toThrowError(refused("USAGE"));
    await expect(nobody.updater.engineReady()).rejects.toThrowError(refused("USAGE"));
  });

  it("nothing before the first export, and nothing is ready that was never started", async () => {
    const fresh = await scene.endpointOn("fresh");
    await fresh.updater.init({ url: scene.server.url, root: scene.publisher.root });
    expect(await starting(fresh)).toMatchObject({ outcome: "counted", starts: 0, installed: null });
    expect(await fresh.updater.engineReady()).toBe(false);
  });
});

it("SPEC §16.7.3 an engine that came up once keeps its release, however often it fails then", async () => {
  await update();
  await starts(2);
  await scene.endpoint.updater.engineReady();
  await starts(9);
  expect(await hasFilesOf(2)).toBe(true);
});

describe("a machine that stops at any instant", () => {
  it("SPEC §16.7.2 comes up on the good release in the end, without a network", async () => {
    await update();
    await starts(3);
    await scene.server.close();
    let points = 0;
    for (let isOver = false; !isOver; points++) {
      const name = `dying-${points}`;
      await cp(scene.endpoint.folder, join(scene.folder, name), { recursive: true, verbatimSymlinks: true });
      const locks: (() => Promise<void>)[] = [];
      const life = { operations: 0, diesAt: points + 1 };
      const mortal: TestEndpoint = await scene.endpointOn(name, (store) => dyingStore(store, life, locks));
      const error = await starting(mortal).catch((thrown: unknown) => thrown);
      isOver = !(error instanceof Dead);
      for (const unlock of locks) await unlock();
      const after = await scene.endpointOn(name);
      // Each start dies with its engine until the files are good ones.
      for (let i = 0; i < 3 && !(await hasFilesOf(1, after)); i++) await starting(after);
      await starting(after);
      await expectLeft(after);
      await rm(join(scene.folder, name), { recursive: true });
    }
    console.log(`boot loop: ${points - 1} points between store operations, all on the good release`);
    expect(points).toBeGreaterThan(5);
  });

  it("SPEC §16.7.1 between the link and its record is not kept from leaving", async () => {
    let isCounted = false;
    const dying = await scene.endpointOn("state", (store) => ({
      ...store,
      exports: {
        ...store.exports,
        replace: async (...given) => {
          await store.exports.replace(...given);
          isCounted = true;
          throw new Dead("the machine has stopped");
        },
      },
    }));
    await expect(update(dying)).rejects.toThrowError(Dead);
    expect(isCounted && (await hasFilesOf(2))).toBe(true);
    await starts(3);
    expect(await starting()).toMatchObject({ outcome: "rolled-back" });
    await expectLeft();
  });
});
