/** The endpoint as a program: a disk that is full while it applies, and two of it on one state folder. */
import { readdirSync, readFileSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { memorySource } from "../../src/core/encoding/stream.js";
import { digestDatabase } from "../../src/core/format/database.js";
import { nodeDigest } from "../../src/adapters/node-digest.js";
import { fullDisk } from "../support/full-disk.js";
import { temporaryFolder } from "../support/temporary.js";
import { inState, indicators, PublisherProcess, rulemint } from "./publisher-process.js";
import { serveFolder, type StaticTree } from "./static-tree.js";

const disk = fullDisk(4 * 1024 * 1024);
let folder: { readonly path: string; remove(): Promise<void> };
let publisher: PublisherProcess;
let tree: StaticTree;
/** Called with the path of every request to the tree. */
let before: (path: string) => Promise<void> = async () => undefined;

beforeAll(async () => {
  folder = await temporaryFolder();
  publisher = new PublisherProcess(folder.path);
  await publisher.init();
  await publisher.start();
  tree = await serveFolder(join(publisher.data, "public"), (path) => before(path));
  await release(1, 2000);
});
afterAll(async () => {
  await publisher.stop("SIGKILL");
  await tree.close();
  await folder.remove();
  disk?.remove();
});

async function release(number: number, count: number): Promise<void> {
  await publisher.addRules("hosts", { "a.txt": indicators(number, count) });
  await publisher.build();
  await publisher.reaches(number, inState("signed"));
  expect(await publisher.assay()).toMatchObject({ exit: 0 });
  await publisher.publish(number);
  await publisher.reaches(number, inState("published"));
}

const client = (verb: string, state: string, ...options: string[]) =>
  rulemint(["client", verb, "--state", state, "--json", ...options]);
const root = () => join(publisher.data, "root.json");
const digest = (state: string) =>
  digestDatabase(memorySource(readFileSync(join(state, "database"))), nodeDigest);
const freeBytes = (path: string) => {
  const { bavail, bsize } = statfsSync(path);
  return bavail * bsize;
};

describe.runIf(disk !== undefined)("an endpoint whose disk is full", () => {
  const at = (name: string) => join(disk?.path ?? "", name);
  const [state, ballast] = [at("state"), at("ballast")];
  const exported = () => {
    const [list] = readdirSync(join(state, "export/ioc"));
    return readFileSync(join(state, "export/ioc", list as string), "utf8");
  };
  let good = "";

  /** Leaves room for so many bytes. */
  const fill = (bytes: number) => {
    rmSync(ballast, { force: true });
    writeFileSync(ballast, new Uint8Array(Math.max(0, freeBytes(at(".")) - bytes)));
  };
  async function expectFull(): Promise<void> {
    const failed = await client("update", state);
    expect(failed.exit).toBe(1);
    expect(JSON.parse(failed.stdout)).toMatchObject({ error: { code: "STORE_FULL" } });
  }

  it("says so while it applies, keeps its database, and loses nothing", async () => {
    expect(await client("init", state, "--url", tree.url, "--root", root())).toMatchObject({ exit: 0 });
    expect(await client("update", state)).toMatchObject({ exit: 0 });
    good = await digest(state);
    await release(2, 60_000);
    const { database, packs } = await publisher.show(2);
    // Room for metadata and packs, but not for the new database; then not a byte.
    const packBytes = packs.reduce((sum, { bytes }) => sum + bytes, 0);
    for (const room of [packBytes + (database?.bytes ?? 0) / 2, 0]) {
      fill(room);
      await expectFull();
      expect(await digest(state)).toBe(good);
      const status = JSON.parse((await client("status", state)).stdout);
      expect(status).toMatchObject({
        installed: { release: 1 },
        lastSuccess: { release: 1 },
        exported: true,
      });
    }
  });

  it("keeps the old export when there is room for the database alone, and finishes later", async () => {
    const { database } = await publisher.show(2);
    const before = exported();
    fill((database?.bytes ?? 0) * 2);
    await expectFull();
    expect(await digest(state)).toBe(database?.sha256);
    expect(exported()).toBe(before);
    rmSync(ballast);
    expect(JSON.parse((await client("update", state)).stdout)).toMatchObject({
      outcome: "current",
      release: 2,
    });
    expect(exported()).not.toBe(before);
    expect(JSON.parse((await client("status", state)).stdout)).toMatchObject({
      exported: true,
      previous: { release: 1 },
      lastFailure: null,
    });
  });
});

describe("two clients on one state folder", () => {
  it("take turns: the second is told STATE_LOCKED, the first is not disturbed", async () => {
    const state = join(folder.path, "shared");
    expect(await client("init", state, "--url", tree.url, "--root", root())).toMatchObject({ exit: 0 });
    let letGo: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    const asked = new Promise<void>((resolve) => {
      before = async (path) => {
        if (!path.startsWith("/targets/")) return;
        resolve();
        await held;
      };
    });
    const first = client("update", state);
    await asked;
    const second = await client("update", state);
    expect(second.exit).toBe(1);
    expect(JSON.parse(second.stdout)).toMatchObject({ error: { code: "STATE_LOCKED" } });
    // Looking takes no turn.
    expect(await client("status", state)).toMatchObject({ exit: 0 });
    letGo();
    expect(await first).toMatchObject({ exit: 0 });
    before = async () => undefined;
    expect(JSON.parse((await client("update", state)).stdout)).toMatchObject({ outcome: "current" });
  });
});
