/** Rings at the endpoint: who takes a candidate, who waits, and what a stolen online key can and cannot do. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { releaseNumber } from "../../src/core/brands.js";
import { metadataPath } from "../../src/core/release/tree-paths.js";
import { ringPosition } from "../../src/core/trust/rings.js";
import type { RingChoices } from "../../src/client/ring-choices.js";
import { type Scene, type TestEndpoint, indicators, openScene } from "./endpoint.js";

let scene: Scene;
beforeEach(async () => {
  scene = await openScene();
});
afterEach(() => scene.close());

const refused = (code: string) => expect.objectContaining({ code });
const update = (endpoint = scene.endpoint) => endpoint.updater.update();
const choose = (choices: RingChoices, endpoint = scene.endpoint) =>
  endpoint.updater.chooseRings(() => choices);

/** An endpoint whose draw for the newest release is known. */
async function drawn(name: string, isIn: (position: number) => boolean): Promise<TestEndpoint> {
  const { publisher, server } = scene;
  const endpoint = await scene.endpointOn(name);
  await endpoint.updater.init({ url: server.url, root: publisher.root });
  for (let i = 0; ; i++) {
    const id = i.toString(16).padStart(32, "0");
    if (!isIn(await ringPosition(id, publisher.feed, releaseNumber(publisher.newest)))) continue;
    await writeFile(join(endpoint.folder, "ring-id"), id);
    return endpoint;
  }
}

async function candidate(permille: number): Promise<void> {
  await scene.publisher.release(indicators(1));
  await scene.publisher.release(indicators(2));
  await scene.publisher.ring(permille);
}

describe("SPEC §16.1.6 an endpoint", () => {
  it.each([
    ["in the ring takes the candidate", (position: number) => position < 100, 2],
    ["outside of it takes what everybody has", (position: number) => position >= 100, 1],
  ])("%s", async (_, isIn, release) => {
    await candidate(100);
    const result = await update(await drawn("other", isIn));
    expect(result).toMatchObject({ outcome: "updated", release, newest: 2 });
    expect(result.why === undefined).toBe(release === 2);
  });

  it("SPEC §16.1.8 takes a release of this hour with a clock that is a little behind, unless its owner asked for a delay", async () => {
    await scene.publisher.release(indicators(1));
    scene.wait(-1 / 288);
    await choose({ turn: "drawn", delayHours: 1 });
    await expect(update()).rejects.toThrowError(refused("RELEASE_UNREACHABLE"));
    await choose({ turn: "drawn" });
    expect(await update()).toMatchObject({ outcome: "updated", release: 1 });
  });

  it("waits with what it has in one request, says why and since when, and goes on when its ring opens", async () => {
    await candidate(100);
    const endpoint = await drawn("other", (position) => position >= 100);
    await update(endpoint);
    scene.server.requests.splice(0);
    const waiting = await update(endpoint);
    expect(waiting).toMatchObject({ outcome: "waiting", release: 1, newest: 2 });
    expect(scene.server.requests).toHaveLength(1);
    expect((await endpoint.updater.status()).waiting).toMatchObject({
      newest: 2,
      since: "2026-11-22T12:00:00Z",
    });
    await scene.publisher.ring(1000);
    expect(await update(endpoint)).toMatchObject({ outcome: "updated", release: 2, from: 1 });
    expect((await endpoint.updater.status()).waiting).toBeNull();
  });

  it("that was away catches up to what everybody has by a delta of that release", async () => {
    await scene.publisher.release(indicators(1));
    const endpoint = await drawn("other", () => true);
    await update(endpoint);
    await scene.publisher.release(indicators(2));
    await scene.publisher.release(indicators(3));
    await scene.publisher.ring(0);
    const result = await update(endpoint);
    expect(result).toMatchObject({ outcome: "updated", release: 2, newest: 3, from: 1 });
    expect(result.path?.packs.map(({ path }) => path)).toEqual(["endpoint/1-2.delta.rmp"]);
    expect(await endpoint.databaseSha256()).toBe(scene.publisher.databases.get(2)?.sha256);
  });

  it("finds out what it has after its state was lost, while it waits", async () => {
    await candidate(0);
    await update();
    await writeFile(join(scene.endpoint.folder, "state.json"), "torn");
    expect(await update()).toMatchObject({ outcome: "waiting", release: 1, bytes: 0 });
  });

  it("repairs what everybody has, not the candidate", async () => {
    await candidate(0);
    await update();
    const database = await readFile(join(scene.endpoint.folder, "database"));
    database[database.length - 9] = (database.at(-9) ?? 0) ^ 1;
    await writeFile(join(scene.endpoint.folder, "database"), database);
    expect(await update()).toMatchObject({ outcome: "repaired", release: 1 });
  });

  it("goes over a release that was never for everybody, and a number that was never public", async () => {
    await candidate(0);
    await scene.publisher.release(indicators(3));
    await scene.publisher.ring(0, 1, 3);
    expect(await update()).toMatchObject({ outcome: "updated", release: 1, newest: 3 });
  });
});

describe("SPEC §16.1.8 the owner", () => {
  it.each<[string, RingChoices, number, number]>([
    ["takes it early", { turn: "early" }, 1, 2],
    ["does not take early what is halted", { turn: "early" }, 0, 1],
    ["takes it late", { turn: "late" }, 999, 1],
    ["takes it late, with the last ring", { turn: "late" }, 1000, 2],
    ["opts out of candidates", { turn: "stable" }, 1000, 1],
    ["pins a release", { turn: "early", pin: releaseNumber(1) }, 1000, 1],
    ["delays", { turn: "early", delayHours: 24 }, 1000, 1],
  ])("%s", async (_, choices, permille, release) => {
    await scene.publisher.release(indicators(1));
    scene.wait(2);
    await scene.publisher.release(indicators(2));
    await scene.publisher.ring(permille);
    await choose(choices);
    expect(await update()).toMatchObject({ release, newest: 2 });
  });

  it("holds everything, until a time or until it is taken back, and is told so", async () => {
    await scene.publisher.release(indicators(1));
    await update();
    await choose({ turn: "drawn", hold: "2026-11-23T00:00:00Z" });
    await scene.publisher.release(indicators(2));
    expect(await update()).toMatchObject({
      outcome: "waiting",
      release: 1,
      why: "on hold until 2026-11-23T00:00:00Z",
    });
    expect((await scene.endpoint.updater.status()).rings).toEqual({
      turn: "drawn",
      hold: "2026-11-23T00:00:00Z",
    });
    scene.wait(0.75);
    await scene.publisher.publishTimestamp();
    expect(await update()).toMatchObject({ outcome: "updated", release: 2 });
  });

  it("gets the first release whatever is chosen of age, and is refused what a pin rules out", async () => {
    await scene.publisher.release(indicators(1));
    await scene.publisher.release(indicators(2));
    await choose({ turn: "drawn", pin: releaseNumber(1) });
    expect(await update()).toMatchObject({ release: 1 });
    const other = await scene.endpointOn("other");
    await other.updater.init({ url: scene.server.url, root: scene.publisher.root });
    await choose({ turn: "drawn", delayHours: 1 }, other);
    await expect(update(other)).rejects.toThrowError(refused("RELEASE_UNREACHABLE"));
  });

  it.each([
    { turn: "soon" },
    { turn: "late", pin: 0 },
    { turn: "late", hold: "soon" },
    { turn: "late", delayHours: 0 },
  ])("cannot choose %j", async (choices) => {
    await expect(choose(choices as never)).rejects.toThrowError(refused("USAGE"));
  });
});

describe("SPEC §16.1.7 who has stolen the timestamp key", () => {
  it("cannot move an endpoint below what it has", async () => {
    await scene.publisher.release(indicators(1));
    await scene.publisher.release(indicators(2));
    await update();
    await scene.publisher.release(indicators(3));
    await scene.publisher.ring(0, 1);
    expect(await update()).toMatchObject({ outcome: "waiting", release: 2 });
    expect(await scene.endpoint.databaseSha256()).toBe(scene.publisher.databases.get(2)?.sha256);
  });

  it("cannot name a release that was not co-signed", async () => {
    await candidate(0);
    const file = metadataPath("endpoint", 1);
    const text = new TextDecoder().decode(scene.publisher.tree.get(file));
    scene.publisher.tree.set(file, new TextEncoder().encode(text.replace('"ioc":400', '"ioc":401')));
    await expect(update()).rejects.toThrowError(refused("MANIFEST_CHAIN_BROKEN"));
  });

  it("SPEC §16.1.5 cannot ring a release that is not the newest", async () => {
    await scene.publisher.release(indicators(1));
    await scene.publisher.release(indicators(2));
    await scene.publisher.release(indicators(3));
    await scene.publisher.ring(0, 1, 2);
    await expect(update()).rejects.toThrowError(refused("METADATA_MISMATCH"));
  });

  it("SPEC §16.1.9 cannot make a new endpoint begin with a release that has expired", async () => {
    await scene.publisher.release(indicators(1));
    scene.wait(31);
    await scene.publisher.publishTargets();
    await scene.publisher.release(indicators(2));
    await scene.publisher.ring(0);
    await expect(update()).rejects.toThrowError(refused("METADATA_EXPIRED"));
  });

  it("cannot widen or end a ring without being able to do no more than that: the candidate is co-signed", async () => {
    await candidate(0);
    await update();
    await scene.publisher.ring(1000);
    expect(await update()).toMatchObject({ release: 2 });
    expect((await update()).proof.signedBy).toHaveLength(2);
  });
});

describe("SPEC §16.2 a recall", () => {
  /** Release 2 is bad; release 3 has the content of 1 and blocks 2. */
  async function recall(): Promise<void> {
    const bad = scene.publisher.databases.get(2)?.sha256;
    await scene.publisher.release(indicators(1), {
      manifest: (manifest) => ({
        ...manifest,
        block: { ...manifest.block, restores: releaseNumber(1), blocked: [bad as never] },
      }),
    });
  }

  it("SPEC §16.2.4 takes an endpoint off a recalled release, whatever it chose", async () => {
    await scene.publisher.release(indicators(1));
    await update();
    await scene.publisher.release(indicators(2));
    await update();
    await choose({ turn: "stable", hold: true, pin: releaseNumber(2), delayHours: 100 });
    await recall();
    expect(await update()).toMatchObject({ outcome: "updated", release: 3, from: 2 });
    expect(await scene.endpoint.databaseSha256()).toBe(scene.publisher.databases.get(1)?.sha256);
  });

  it("SPEC §16.2.3 keeps no recalled database to go back to", async () => {
    await scene.publisher.release(indicators(1));
    await update();
    await scene.publisher.release(indicators(2));
    await update();
    await recall();
    await update();
    expect((await scene.endpoint.updater.status()).previous).toMatchObject({ release: 1 });
  });

  it("SPEC §16.2.3 refuses to roll back to it", async () => {
    for (const n of [1, 2]) {
      await scene.publisher.release(indicators(n));
      await update();
    }
    await scene.publisher.release(indicators(3));
    await update();
    const bad = scene.publisher.databases.get(2)?.sha256;
    await scene.publisher.release(indicators(3), {
      manifest: (manifest) => ({ ...manifest, block: { ...manifest.block, blocked: [bad as never] } }),
    });
    await update();
    await expect(scene.endpoint.updater.rollback()).rejects.toThrowError(refused("RELEASE_BLOCKED"));
  });

  it("SPEC §16.2.3 is obeyed when rings lead to a recalled release", async () => {
    await scene.publisher.release(indicators(1));
    await scene.publisher.release(indicators(2));
    await recall();
    await scene.publisher.ring(0, 2);
    expect(await update()).toMatchObject({ release: 1, newest: 3 });
  });
});
