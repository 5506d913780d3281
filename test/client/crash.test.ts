/** An update that is cut off at every point where it touches the disk, and the next one that repairs it. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { cp, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { releaseNumber } from "../../src/core/brands.js";
import { Dead, dyingStore, type Mortality } from "./dying-store.js";
import { type Scene, type TestEndpoint, indicators, openScene } from "./endpoint.js";

let scene: Scene;
let digests: string[];

beforeAll(async () => {
  scene = await openScene();
  const { publisher } = scene;
  await publisher.release(indicators(1, 3000));
  await scene.endpoint.updater.update();
  // Two packs on the way, so that there is a database between.
  await publisher.release(indicators(2, 3000));
  await publisher.release(indicators(3, 3000), { deltasFrom: [2] });
  digests = [1, 2, 3].map((release) => publisher.databases.get(release)?.sha256 as string);
});
afterAll(() => scene.close());

/** A fresh copy of the endpoint that has release 1. */
async function copy(name: string): Promise<string> {
  await rm(join(scene.folder, name), { recursive: true, force: true });
  await cp(scene.endpoint.folder, join(scene.folder, name), { recursive: true, verbatimSymlinks: true });
  return name;
}

/** Whatever happened: a good database is in use, and the next update ends where it should. */
async function expectRecovery(endpoint: TestEndpoint): Promise<void> {
  expect([digests[0], digests[2]]).toContain(await endpoint.databaseSha256());
  const { installed } = await endpoint.updater.status();
  expect([1, 3]).toContain(installed?.release);
  const result = await endpoint.updater.update();
  expect(result.release).toBe(3);
  expect(await endpoint.databaseSha256()).toBe(digests[2]);
  expect(await endpoint.databaseSha256("previous")).toBe(digests[0]);
  expect(await endpoint.updater.status()).toMatchObject({
    installed: { release: releaseNumber(3) },
    previous: { release: releaseNumber(1) },
    exported: true,
    lastFailure: null,
  });
  expect(await readdir(join(endpoint.folder, "work"))).toEqual([]);
  expect((await readdir(endpoint.folder)).filter((name) => name.startsWith(".tmp-"))).toEqual([]);
}

describe("an update on a machine that stops", () => {
  it("recovers from a stop before every single operation of the store", async () => {
    let survived = false;
    let points = 0;
    for (let diesAt = 1; !survived; diesAt++) {
      const name = await copy("dying");
      const life: Mortality = { operations: 0, diesAt };
      const locks: (() => Promise<void>)[] = [];
      const mortal = await scene.endpointOn(name, (store) => dyingStore(store, life, locks));
      survived = await mortal.updater.update().then(
        () => true,
        (error: unknown) => {
          expect(error).toBeInstanceOf(Dead);
          return false;
        },
      );
      for (const unlock of locks) await unlock();
      points = diesAt;
      await expectRecovery(await scene.endpointOn(name));
    }
    console.log(`crash: ${points - 1} points between store operations, all recovered`);
    expect(points).toBeGreaterThan(25);
  });

  it("recovers a rollback from a stop before every operation", async () => {
    const name = await copy("rolling");
    await (await scene.endpointOn(name)).updater.update();
    let survived = false;
    for (let diesAt = 1; !survived; diesAt++) {
      await rm(join(scene.folder, "rolling-2"), { recursive: true, force: true });
      await cp(join(scene.folder, name), join(scene.folder, "rolling-2"), {
        recursive: true,
        verbatimSymlinks: true,
      });
      const locks: (() => Promise<void>)[] = [];
      const life = { operations: 0, diesAt };
      const mortal = await scene.endpointOn("rolling-2", (store) => dyingStore(store, life, locks));
      survived = await mortal.updater.rollback().then(
        () => true,
        () => false,
      );
      for (const unlock of locks) await unlock();
      const after = await scene.endpointOn("rolling-2");
      expect([digests[0], digests[2]]).toContain(await after.databaseSha256());
      const back = (await after.databaseSha256()) === digests[0];
      expect(await after.updater.update()).toMatchObject({
        outcome: back ? "held" : "current",
        release: back ? 1 : 3,
      });
      expect(await after.updater.status()).toMatchObject({ exported: true });
    }
  });
});

describe("updates by a process that is killed with SIGKILL", () => {
  const child = fileURLToPath(new URL("./children/update-and-die.mjs", import.meta.url));
  const atOnce = 32;

  /** The points that lie behind the end of an update. @throws when the process was not killed */
  async function kill(points: ReadonlyMap<number, string>): Promise<readonly number[]> {
    const targets = [...points].map(([point, name]) => `${join(scene.folder, name)}:${point}`);
    const dying = spawn(process.execPath, [child, scene.publisher.now.toISOString(), ...targets], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    let said = "";
    dying.stdout.setEncoding("utf8").on("data", (part: string) => {
      said += part;
    });
    const [, signal] = (await once(dying, "close")) as [number | null, string | null];
    expect(signal).toBe("SIGKILL");
    return JSON.parse(said) as number[];
  }

  it("recover, killed before every single file operation", async () => {
    let [kills, survivors] = [0, 0];
    for (let first = 1; survivors === 0; first += atOnce) {
      const points = new Map<number, string>();
      // Folders of their own, for what one process does once for all that is in a folder.
      for (let point = first; point < first + atOnce; point++)
        points.set(point, await copy(`killed-${point}/endpoint/state`));
      const beyond = await kill(points);
      for (const [point, name] of points) {
        const endpoint = await scene.endpointOn(name);
        if (beyond.includes(point)) expect(await endpoint.databaseSha256()).toBe(digests[2]);
        else kills++;
        await expectRecovery(endpoint);
        await rm(join(scene.folder, `killed-${point}`), { recursive: true });
      }
      survivors = beyond.length;
    }
    console.log(`crash: killed before each of ${kills} file operations, all recovered`);
    expect(kills).toBeGreaterThan(100);
  });
});
