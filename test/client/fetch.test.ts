/** SPEC §8.9: rules of some kinds from a part of a full pack, without a database. */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readFile, readdir, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { FetchedKinds } from "../../src/client/fetch-kinds.js";
import { type Behaviour, SimulatedServer, askedOf, flipped } from "../simulator/server.js";
import { Dead, dyingStore, type Mortality } from "./dying-store.js";
import { type Scene, type TestEndpoint, freshEndpoint, openScene } from "./endpoint.js";

let scene: Scene;
let second: SimulatedServer;
let path: string;
let pack: Uint8Array;

const rule = (content: string) =>
  `alert tcp any any -> any 80 (msg:"one"; content:"${content}"; sid:1; rev:1;)`;
const hashes = (first: number): string[] =>
  Array.from({ length: 150_000 }, (_, i) =>
    createHash("sha256")
      .update(String(first + i))
      .digest("hex"),
  );
/** What the newest release has in its rule. */
let newest: string;
const release = async (first: number, content: string) => {
  newest = `"${content}"`;
  const sources = { "one.rules": rule(content), "one.yar": "rule one { condition: false }" };
  await scene.publisher.release(hashes(first), { sources, deltasFrom: [] });
  path = [...scene.publisher.tree.keys()].find((name) =>
    name.endsWith(`${scene.publisher.newest}.full.rmp`),
  ) as string;
  pack = scene.publisher.tree.get(path) as Uint8Array;
};

beforeAll(async () => {
  scene = await openScene();
  second = await SimulatedServer.start(scene.publisher.tree);
  scene.publisher.method = "zstd";
  await release(0, "abc");
});
afterEach(() => {
  for (const server of [scene.server, second]) {
    server.behaviours = [];
    server.requests.length = 0;
  }
});
afterAll(async () => {
  await second.close();
  await scene.close();
});

const endpoint = (network?: object) => freshEndpoint(scene, network);

const folderOf = ({ folder }: TestEndpoint) => `${folder}-rules`;
const fetching = (one: TestEndpoint, kinds = ["suricata"]): Promise<FetchedKinds> =>
  one.updater.fetch({ folder: folderOf(one), change: (now) => ({ ...now, kinds }) });
async function rulesIn(one: TestEndpoint): Promise<string> {
  const files = await readdir(join(folderOf(one), "suricata"));
  return (
    await Promise.all(files.map((file) => readFile(join(folderOf(one), "suricata", file), "utf8")))
  ).join("");
}
const askedForPacks = () => scene.server.requests.filter((name) => name.endsWith(".rmp")).length;
const refused = (code: unknown) => expect.objectContaining({ code });

describe("rules of one kind", () => {
  it("come without the rest of the pack, and are those that an update exports", async () => {
    const one = await endpoint();
    const fetched = await fetching(one);
    expect(fetched).toMatchObject({ outcome: "fetched", release: 1, newest: 1 });
    console.log(`fetch: ${fetched.bytes} of ${pack.length} bytes for one kind`);
    expect(fetched.bytes).toBeLessThan(pack.length / 2);
    expect(await rulesIn(one)).toContain(newest);
    expect(await readdir(folderOf(one))).toEqual(["suricata"]);
    expect(existsSync(join(one.folder, "database"))).toBe(false);
    const kept = { folder: folderOf(one), release: 1, kinds: ["suricata"], at: "2026-11-22T12:00:00Z" };
    expect(await one.updater.status()).toMatchObject({ installed: null, fetched: kept });
    expect(await readdir(join(one.folder, "work"))).toEqual([]);
    const other = await endpoint();
    expect(await other.updater.status()).toMatchObject({ fetched: null });
    await other.updater.update();
    await other.updater.export(folderOf(other), ["suricata"]);
    expect(await rulesIn(one)).toBe(await rulesIn(other));
    // SPEC §8.9.1: where all rules are, there is no reason to fetch some.
    await expect(fetching(other)).rejects.toEqual(refused("USAGE"));
  });

  it("SPEC §8.9.3: are not fetched again while their section stays what it is", async () => {
    const one = await endpoint();
    await fetching(one);
    scene.server.requests.length = 0;
    expect(await fetching(one)).toMatchObject({ outcome: "current", release: 1, bytes: 0 });
    expect(askedForPacks()).toBe(0);
    await rm(folderOf(one));
    expect(await fetching(one)).toMatchObject({ outcome: "fetched" });
    expect(await fetching(one, ["suricata", "yara"])).toMatchObject({ outcome: "fetched" });
    await fetching(one);
    await release(10, "abc");
    const end = await fetching(one);
    expect(end).toMatchObject({ outcome: "current", release: 2 });
    expect(end.bytes).toBeLessThan(pack.length / 2);
    await release(10, "abcd");
    expect(await fetching(one)).toMatchObject({ outcome: "fetched", release: 3 });
    expect(await rulesIn(one)).toContain(newest);
  });
});

const partOf =
  (change: (bytes: Uint8Array, start: number) => Uint8Array): Behaviour =>
  (request, response, bytes = new Uint8Array()) => {
    const { start, end, status, headers } = askedOf(request, bytes);
    response.writeHead(status, headers).end(change(bytes, start).subarray(start, end));
  };
const flip = (at: number) => (bytes: Uint8Array) => bytes.map((byte, i) => (i === at ? byte ^ 1 : byte));

describe("SPEC §8.9.2: nothing is written that the manifest does not prove", () => {
  const lies: [name: string, behaviour: () => Behaviour][] = [
    ["a byte of the header", () => partOf(flip(20))],
    ["a byte of the seek table", () => partOf(flip(pack.length - 60))],
    ["a byte of the last frame: tables and blocks", () => partOf(flip(pack.length - 400))],
    ["all bytes of the wrong place", () => partOf((bytes) => bytes.subarray(1))],
    ["a pack that is all zeros", () => partOf((bytes) => new Uint8Array(bytes.length))],
    ["the whole pack with a byte flipped, instead of parts", () => flipped(pack.length - 400)],
  ];
  it.each(lies)("%s", async (_name, behaviour) => {
    const one = await endpoint();
    scene.server.behaviours = [[/full\.rmp$/, behaviour()]];
    await expect(fetching(one)).rejects.toEqual(
      refused(
        expect.stringMatching(/^(PACK_MALFORMED|PACK_DIGEST_MISMATCH|CODEC_FAILED|DATABASE_|FETCH_FAILED)/),
      ),
    );
    expect(existsSync(folderOf(one))).toBe(false);
    expect(await one.updater.status()).toMatchObject({ installed: null });
    await one.updater.configure((now) => ({ ...now, mirrors: [second.url] }));
    expect(await fetching(one)).toMatchObject({ outcome: "fetched" });
    expect(await rulesIn(one)).toContain(newest);
  });

  it("a server that ignores Range costs the whole pack, and no more", async () => {
    const one = await endpoint();
    scene.server.behaviours = [[/full\.rmp$/, (_request, response, bytes) => void response.end(bytes)]];
    expect(await fetching(one)).toMatchObject({ outcome: "fetched", bytes: pack.length });
  });
});

it("a machine that stops at any point has the old rules or the new ones, and goes on", async () => {
  let points = 2;
  for (
    let diesAt = Number.POSITIVE_INFINITY;
    diesAt >= 2;
    diesAt = diesAt > points ? points : diesAt - Math.ceil(points / 8)
  ) {
    const set = await endpoint();
    const locks: (() => Promise<void>)[] = [];
    const mortal: Mortality = { operations: 0, diesAt };
    const dying = await scene.endpointOn(basename(set.folder), (store) => dyingStore(store, mortal, locks));
    const died = await fetching(dying).then(
      () => false,
      (error: unknown) => error instanceof Dead,
    );
    for (const unlock of locks) await unlock();
    if (diesAt === Number.POSITIVE_INFINITY) points = mortal.operations;
    else expect(died).toBe(true);
    expect((await fetching(set)).release).toBe(3);
    expect(await rulesIn(set)).toContain(newest);
    expect(await readdir(join(set.folder, "work"))).toEqual([]);
  }
  expect(points).toBeGreaterThan(10);
});
