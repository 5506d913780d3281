/** What a machine does to an endpoint beside crashing: it damages files, sets its clock wrong, turns its disk read-only, starts it twice, reads while it writes. */
import { spawn, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { readFile, readdir, realpath, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest";
import { fullDisk } from "../support/full-disk.js";
import { type Scene, TestEndpoint, indicators, openScene } from "./endpoint.js";

let scene: Scene;
beforeEach(async () => {
  scene = await openScene();
  await scene.publisher.release(indicators(1, 3000));
  await scene.endpoint.updater.update();
});
afterEach(() => scene.close());

const update = () => scene.endpoint.updater.update();
const at = (name: string) => join(scene.endpoint.folder, name);
const sha256Of = (release: number) => scene.publisher.databases.get(release)?.sha256;

async function damage(name: string): Promise<void> {
  const bytes = await readFile(at(name));
  bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] as number) ^ 1;
  // Not in place: `previous` may be a second name of the same file.
  await rm(at(name));
  await writeFile(at(name), bytes);
}

const kindsOf = (path: { packs: readonly { kind: string }[] } | null) => path?.packs.map(({ kind }) => kind);

describe("SPEC §8.4.5 a damaged database", () => {
  beforeEach(async () => {
    await scene.publisher.release(indicators(2, 3000));
    await update();
  });

  it.each([
    ["damaged", () => damage("database")],
    ["lost", () => rm(at("database"))],
  ])("%s, is repaired by the delta from the one before it", async (_how, harm) => {
    const full = [...scene.publisher.tree].find(([path]) => path.endsWith(".2.full.rmp"))?.[1]
      .length as number;
    await harm();
    const result = await update();
    expect(result).toMatchObject({ outcome: "repaired", release: 2, from: null });
    expect(kindsOf(result.path)).toEqual(["delta"]);
    expect(result.bytes).toBeLessThan(full / 5);
    expect(await scene.endpoint.databaseSha256()).toBe(sha256Of(2));
    expect(await scene.endpoint.databaseSha256("previous")).toBe(sha256Of(1));
  });

  it("is repaired and brought forward in one step", async () => {
    await scene.publisher.release(indicators(3, 3000));
    await damage("database");
    const result = await update();
    expect(result).toMatchObject({ outcome: "updated", release: 3 });
    expect(kindsOf(result.path)).toEqual(["delta"]);
    expect(await scene.endpoint.databaseSha256()).toBe(sha256Of(3));
    expect(await scene.endpoint.databaseSha256("previous")).toBe(sha256Of(1));
  });

  it("takes the full pack when the one before it is damaged too", async () => {
    await damage("database");
    await damage("previous");
    const result = await update();
    expect(kindsOf(result.path)).toEqual(["full"]);
    expect(await scene.endpoint.databaseSha256()).toBe(sha256Of(2));
  });

  it("leaves the engines what they had, while no server answers", async () => {
    const before = await readFile(at("export/ioc/domains.txt")).catch(() => readdir(at("export/ioc")));
    await damage("database");
    scene.server.behaviours = [[/./, (request) => void request.socket.destroy()]];
    await expect(update()).rejects.toMatchObject({ code: "FETCH_FAILED" });
    expect(await readFile(at("export/ioc/domains.txt")).catch(() => readdir(at("export/ioc")))).toEqual(
      before,
    );
    scene.server.behaviours = [];
    expect(await update()).toMatchObject({ outcome: "repaired" });
  });
});

describe("a clock", () => {
  const day = 86_400_000;
  async function withClock(offset: () => number): Promise<TestEndpoint> {
    const clock = { now: () => new Date(scene.publisher.now.getTime() + offset()) };
    return TestEndpoint.open(scene.endpoint.folder, clock);
  }

  it.each([
    ["ten years ahead", 3650, /^METADATA_EXPIRED$/],
    ["two days ahead", 2, /^METADATA_EXPIRED$/],
    ["ten years behind", -3650, /^(CERTIFICATE|TIMESTAMP|METADATA|CHECKPOINT)_/],
  ])("%s takes nothing away, and nothing of it is left when it is right again", async (_name, days, code) => {
    await scene.publisher.release(indicators(2, 3000));
    const wrong = await withClock(() => days * day);
    await expect(wrong.updater.update()).rejects.toMatchObject({ code: expect.stringMatching(code) });
    expect(await wrong.databaseSha256()).toBe(sha256Of(1));
    expect(await wrong.updater.status()).toMatchObject({ installed: { release: 1 } });
    await wrong.close();
    expect(await update()).toMatchObject({ outcome: "updated", release: 2 });
    expect(await scene.endpoint.updater.status()).toMatchObject({ lastFailure: null, staleSeconds: 0 });
  });

  it("some hours ahead and set back again: the next poll is as usual, and asks what is due", async () => {
    const wrong = await withClock(() => day / 2);
    expect(await wrong.updater.update()).toMatchObject({ outcome: "current" });
    await wrong.close();
    await scene.publisher.release(indicators(2, 3000));
    expect(await update()).toMatchObject({ outcome: "updated", release: 2 });
    expect((await scene.endpoint.updater.status()).staleSeconds).toBe(0);
  });

  it("SPEC §8.2.1 that jumps at every look, to and fro, does not matter within an update", async () => {
    await scene.publisher.release(indicators(2, 3000));
    let looks = 0;
    const mad = await withClock(() => (looks++ === 0 ? 0 : (looks % 2 ? 4000 : -4000) * day));
    expect(await mad.updater.update()).toMatchObject({ outcome: "updated", release: 2 });
    await mad.close();
    expect(await update()).toMatchObject({ outcome: "current" });
  });
});

describe("an engine that reads", () => {
  it("SPEC §8.7.4 finds every file of the export that it began with, while updates go on and one of them crashes", async () => {
    const begun = await realpath(at("export"));
    const files = (await readdir(begun, { recursive: true, withFileTypes: true }))
      .filter((one) => one.isFile())
      .map((one) => join(one.parentPath, one.name));
    const before = await Promise.all(files.map((file) => readFile(file)));
    await scene.publisher.release(indicators(2, 3000));
    await update();
    await scene.publisher.release(indicators(3, 3000));
    const dying = await scene.endpointOn("state", (store) => ({
      ...store,
      exports: { ...store.exports, replace: () => Promise.reject(new Error("the machine has stopped")) },
    }));
    await expect(dying.updater.update()).rejects.toThrow("the machine has stopped");
    await update();
    expect(await realpath(at("export"))).not.toBe(begun);
    expect(await Promise.all(files.map((file) => readFile(file)))).toEqual(before);
  });
});

describe("a disk that turned read-only", () => {
  const disk = fullDisk(4 * 1024 * 1024);
  afterAll(() => disk?.remove());
  const remount = (mode: "ro" | "rw") =>
    spawnSync("mount", ["-o", `remount,${mode}`, disk?.path as string]).status;

  it.runIf(disk !== undefined)(
    "says so, answers status, keeps the database and the export, and goes on when it is mended",
    async () => {
      const { publisher, server } = scene;
      const now = { now: () => publisher.now };
      const folder = join(disk?.path as string, "state");
      const first = await TestEndpoint.open(folder, now);
      await first.updater.init({ url: server.url, root: publisher.root });
      await first.updater.update();
      await publisher.release(indicators(2, 3000));
      expect(remount("ro")).toBe(0);
      const second = await TestEndpoint.open(folder, now);
      await expect(second.updater.update()).rejects.toMatchObject({
        code: "STORE_FAILED",
        details: { hint: expect.stringMatching(/^the file system is read-only, .* mount -o remount,rw/) },
      });
      expect(await second.updater.status()).toMatchObject({ installed: { release: 1 }, exported: true });
      expect(await second.databaseSha256()).toBe(sha256Of(1));
      expect(remount("rw")).toBe(0);
      expect(await second.updater.update()).toMatchObject({ outcome: "updated", release: 2 });
      await Promise.all([first.close(), second.close()]);
    },
  );
});

const built = fileURLToPath(new URL("../../dist/client/index.js", import.meta.url));
describe.runIf(existsSync(built))("two processes", () => {
  it("SPEC §8.1.4 at one folder and one instant: one works, the other is told so, and the state is whole", async () => {
    await scene.publisher.release(indicators(2, 3000));
    const child = fileURLToPath(new URL("./children/update-and-die.mjs", import.meta.url));
    const args = [child, scene.publisher.now.toISOString(), `${scene.endpoint.folder}:Infinity`];
    const run = () =>
      new Promise<string>((resolve, reject) => {
        const one = spawn(process.execPath, args, { stdio: ["ignore", "ignore", "pipe"] });
        let said = "";
        one.stderr.setEncoding("utf8").on("data", (part: string) => {
          said += part;
        });
        one.on("error", reject);
        // Whose update came to its end has nothing left to do but to die.
        one.on("close", (_, signal) => resolve(signal === "SIGKILL" ? "done" : said));
      });
    const said = await Promise.all([run(), run(), run()]);
    expect(said).toContain("done");
    for (const one of said) expect(one).toMatch(/^done$|STATE_LOCKED/);
    expect(await update()).toMatchObject({ outcome: "current", release: 2 });
    expect(await scene.endpoint.databaseSha256()).toBe(sha256Of(2));
  });
});
