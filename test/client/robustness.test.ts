/** Disks that fill up, files that rot, networks that break, and two endpoints at one folder. */
import { readFile, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest";
import { OperationError } from "../../src/core/errors.js";
import type { EndpointStore } from "../../src/ports/endpoint-store.js";
import { broken, cutAfter, flipped } from "../simulator/server.js";
import { fullDisk } from "../support/full-disk.js";
import { type Scene, TestEndpoint, indicators, openScene } from "./endpoint.js";

let scene: Scene;
beforeEach(async () => {
  scene = await openScene();
  await scene.publisher.release(indicators(1, 3000));
});
afterEach(() => scene.close());

const refused = (code: string) => expect.objectContaining({ code });
const update = () => scene.endpoint.updater.update();
const state = (name: string) => join(scene.endpoint.folder, name);
const sha256Of = (release: number) => scene.publisher.databases.get(release)?.sha256;

async function flipByte(path: string, at: number): Promise<void> {
  const bytes = await readFile(path);
  bytes[at % bytes.length] = (bytes[at % bytes.length] as number) ^ 1;
  await writeFile(path, bytes);
}

describe("files that rot", () => {
  it.each([0, 100, 5000, 20_000])(
    "a database with a changed byte at %i is repaired by a full pack",
    async (at) => {
      await update();
      await flipByte(state("database"), at);
      expect(await update()).toMatchObject({ outcome: "repaired", release: 1 });
      expect(scene.endpoint.events).toContainEqual(expect.objectContaining({ type: "database-damaged" }));
      expect(await scene.endpoint.databaseSha256()).toBe(sha256Of(1));
    },
  );

  it("a damaged database does not become the previous one", async () => {
    await update();
    await scene.publisher.release(indicators(2));
    await update();
    await flipByte(state("database"), 9);
    await scene.publisher.release(indicators(3));
    expect(await update()).toMatchObject({ outcome: "updated", release: 3, from: null });
    expect(await scene.endpoint.databaseSha256("previous")).toBe(sha256Of(1));
    expect(await scene.endpoint.updater.rollback()).toMatchObject({ release: 1 });
  });

  it("a damaged previous database is no place to go back to", async () => {
    await update();
    await scene.publisher.release(indicators(2));
    await update();
    await flipByte(state("previous"), 9);
    await expect(scene.endpoint.updater.rollback()).rejects.toThrowError(refused("STATE_CORRUPT"));
    expect(await scene.endpoint.databaseSha256()).toBe(sha256Of(2));
  });

  it("a database that is gone comes back", async () => {
    await update();
    await rm(state("database"));
    expect(await update()).toMatchObject({ outcome: "repaired" });
  });

  it.each([
    "timestamp.json",
    "snapshot.json",
    "targets.json",
    "manifest.json",
    "evidence.p7s",
    "root.json",
    "state.json",
  ])("%s, damaged in any of four ways, is fetched or found out again", async (name) => {
    await update();
    const good = await readFile(state(name));
    for (const bad of [
      Buffer.alloc(0),
      good.subarray(0, -5),
      Buffer.alloc(good.length),
      Buffer.from(good).fill("7", 60, 61),
    ]) {
      await writeFile(state(name), bad);
      expect(await update()).toMatchObject({ release: 1 });
      expect(await scene.endpoint.updater.status()).toMatchObject({
        installed: { release: 1 },
        lastFailure: null,
      });
      expect(await scene.endpoint.databaseSha256()).toBe(sha256Of(1));
    }
    await rm(state(name));
    expect(await update()).toMatchObject({ release: 1, bytes: 0 });
  });

  it("a lost state does not cost a full pack: the database says what it is", async () => {
    await update();
    await scene.publisher.release(indicators(2, 3000));
    await rm(state("state.json"));
    const result = await update();
    expect(result.path?.packs.map(({ kind }) => kind)).toEqual(["delta"]);
    expect(await scene.endpoint.databaseSha256()).toBe(sha256Of(2));
  });

  it.each(["config.json", "policy.json"])("a damaged %s is the owner's to mend", async (name) => {
    await update();
    await writeFile(state(name), "{");
    await expect(update()).rejects.toThrowError(refused("STATE_CORRUPT"));
    expect(await scene.endpoint.databaseSha256()).toBe(sha256Of(1));
  });
});

describe("networks that break", () => {
  const fullPack = () =>
    [...scene.publisher.tree].find(([path]) => path.endsWith("full.rmp"))?.[1] as Uint8Array;

  it("takes a broken transfer up where it ended, within one update", async () => {
    const step = Math.ceil(fullPack().length / 5);
    scene.server.behaviours = [[/full\.rmp$/, cutAfter(step)]];
    const result = await update();
    expect(result.bytes).toBe(fullPack().length);
    expect(scene.server.requests.filter((path) => path.endsWith("full.rmp"))).toHaveLength(5);
  });

  it("takes it up in a later update", async () => {
    const half = Math.ceil(fullPack().length / 2);
    let cuts = 0;
    scene.server.behaviours = [
      [/full\.rmp$/, (...args) => (cuts++ === 0 ? cutAfter(half)(...args) : broken(...args))],
    ];
    await expect(update()).rejects.toThrowError(refused("FETCH_FAILED"));
    expect(await readdir(state("work"))).toHaveLength(1);
    scene.server.behaviours = [];
    expect((await update()).bytes).toBe(fullPack().length - half);
    expect(scene.endpoint.events).toContainEqual(
      expect.objectContaining({ type: "download", resumed: true }),
    );
  });

  it.each([
    ["wrong bytes", (pack: Uint8Array) => new Uint8Array(pack.length - 10)],
    ["wrong bytes of the full length", (pack: Uint8Array) => new Uint8Array(pack.length)],
    ["too many bytes", (pack: Uint8Array) => new Uint8Array(pack.length + 10)],
    ["all of the right bytes", (pack: Uint8Array) => pack],
  ])("is not misled by a partial file of %s", async (_name, make) => {
    const pack = [...scene.publisher.tree.keys()].find((path) => path.endsWith("full.rmp")) as string;
    const sha256 = /([0-9a-f]{64})/.exec(pack)?.[1];
    await writeFile(state(`work/pack-${sha256}`), make(fullPack()));
    expect(await update()).toMatchObject({ outcome: "updated", release: 1 });
  });

  it("starts anew when the server cannot resume", async () => {
    const half = Math.ceil(fullPack().length / 2);
    let answers = 0;
    scene.server.behaviours = [
      [
        /full\.rmp$/,
        (request, response, bytes) => {
          if (answers++ === 0) return cutAfter(half)(request, response, bytes);
          if (request.headers.range !== undefined && answers === 2) return void response.writeHead(416).end();
          response.end(bytes);
        },
      ],
    ];
    expect(await update()).toMatchObject({ outcome: "updated" });
  });

  it("takes the whole file from a server that ignores Range", async () => {
    const half = Math.ceil(fullPack().length / 2);
    let answers = 0;
    scene.server.behaviours = [
      [/full\.rmp$/, (q, r, bytes) => (answers++ === 0 ? cutAfter(half)(q, r, bytes) : void r.end(bytes))],
    ];
    expect(await update()).toMatchObject({ outcome: "updated" });
  });

  it("throws away what it resumed when the end does not fit, and tries once more", async () => {
    const half = Math.ceil(fullPack().length / 2);
    let answers = 0;
    scene.server.behaviours = [
      [
        /full\.rmp$/,
        (q, r, bytes = new Uint8Array()) => {
          if (answers++ === 0)
            return cutAfter(half)(
              q,
              r,
              bytes.map((byte) => byte ^ 1),
            );
          if (q.headers.range === undefined) return void r.end(bytes);
          const range = { "content-range": `bytes ${half}-${bytes.length - 1}/${bytes.length}` };
          r.writeHead(206, range).end(bytes.subarray(half));
        },
      ],
    ];
    expect(await update()).toMatchObject({ outcome: "updated" });
  });

  it("SPEC §8.3.3 leaves no bad pack behind", async () => {
    scene.server.behaviours = [[/full\.rmp$/, flipped(3)]];
    await expect(update()).rejects.toThrowError(refused("PACK_DIGEST_MISMATCH"));
    expect(await readdir(state("work"))).toEqual([]);
  });
});

describe("two endpoints at one folder", () => {
  it("SPEC §8.1.4 one works, the other is told so, and nothing is lost", async () => {
    const other = await scene.endpointOn("state");
    const both = await Promise.allSettled([update(), other.updater.update()]);
    const failed = both.filter((one) => one.status === "rejected");
    expect(failed).toHaveLength(1);
    expect(failed[0]?.reason).toMatchObject({ code: "STATE_LOCKED" });
    expect(await scene.endpoint.databaseSha256()).toBe(sha256Of(1));
    expect(await other.updater.update()).toMatchObject({ outcome: "current" });
  });

  it("status needs no lock", async () => {
    await update();
    let seen: unknown;
    const busy = await scene.endpointOn("state", (store) => ({
      ...store,
      lock: async () => {
        const unlock = await store.lock();
        seen = await scene.endpoint.updater.status();
        return unlock;
      },
    }));
    await busy.updater.update();
    expect(seen).toMatchObject({ installed: { release: 1 } });
  });
});

describe("a disk that fills up", () => {
  /** Every write of the store from the given one on fails. */
  function filling(store: EndpointStore, from: number): EndpointStore {
    let writes = 0;
    const room = () => {
      if (++writes >= from) throw new OperationError("STORE_FULL", "expected room, got ENOSPC");
    };
    return {
      ...store,
      files: {
        read: (name) => store.files.read(name),
        remove: (name) => store.files.remove(name),
        write: async (name, bytes) => {
          room();
          await store.files.write(name, bytes);
        },
      },
      scratch: {
        open: (name) => store.scratch.open(name),
        prune: (keep) => store.scratch.prune(keep),
        append: async (name) => {
          const file = await store.scratch.append(name);
          return {
            close: () => file.close(),
            write: async (bytes) => {
              room();
              await file.write(bytes);
            },
          };
        },
      },
    };
  }

  it("at any write: STORE_FULL, the database stays, and the next update succeeds", async () => {
    await update();
    await scene.publisher.release(indicators(2, 3000));
    let failures = 0;
    for (let from = 1; ; from++) {
      const full = await scene.endpointOn("state", (store) => filling(store, from));
      const code = await full.updater.update().then(
        () => undefined,
        (error: { code: string }) => error.code,
      );
      if (code === undefined) break;
      failures++;
      expect(code).toBe("STORE_FULL");
      expect([sha256Of(1), sha256Of(2)]).toContain(await full.databaseSha256());
      expect(await readdir(state("work"))).toEqual([]);
    }
    expect(failures).toBeGreaterThan(0);
    expect(await update()).toMatchObject({ release: 2 });
    expect(await scene.endpoint.databaseSha256()).toBe(sha256Of(2));
  });

  const disk = fullDisk(320 * 1024);
  afterAll(() => disk?.remove());

  it.runIf(disk !== undefined)(
    "a real one: what does not fit changes nothing, what fits later is applied",
    async () => {
      const { publisher, server } = scene;
      const folder = join(disk?.path as string, "state");
      const small = await TestEndpoint.open(folder, { now: () => publisher.now });
      await small.updater.init({ url: server.url, root: publisher.root, exportKinds: [] });
      await small.updater.update();
      const before = await small.databaseSha256();
      await publisher.release(indicators(2, 20_000));
      await expect(small.updater.update()).rejects.toThrowError(refused("STORE_FULL"));
      expect(await small.databaseSha256()).toBe(before);
      expect(await small.updater.status()).toMatchObject({ lastFailure: { code: "STORE_FULL" } });
      expect(await readdir(join(folder, "work"))).toEqual([]);
      await publisher.release(indicators(3, 3000), { deltasFrom: [1] });
      expect(await small.updater.update()).toMatchObject({ outcome: "updated", release: 3 });
      await small.close();
    },
  );
});
