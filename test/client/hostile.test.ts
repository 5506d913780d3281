/**
 * A hostile publisher, mirror or network, every scenario by name: docs/HOSTILE.md lists the same. An endpoint that has release 1 meets each
 * lie once: it answers with the lie's code, keeps its database, says so in its status, and goes on as soon as the lie is over.
 */
import { readFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { flipped } from "../simulator/server.js";
import { testSigner } from "../simulator/test-signer.js";
import { type Scene, indicators, openScene } from "./endpoint.js";
import { contentLies } from "./hostile/content-lies.js";
import { encodingLies } from "./hostile/encoding-lies.js";
import { honest2 } from "./hostile/lie.js";
import { metadataLies } from "./hostile/metadata-lies.js";
import { transferLies } from "./hostile/transfer-lies.js";
import { tufLies } from "./hostile/tuf-lies.js";

const lies = [...metadataLies, ...tufLies, ...contentLies, ...transferLies, ...encodingLies];
const refusal = (code: string) => expect.objectContaining({ code });

let scene: Scene;
beforeEach(async () => {
  scene = await openScene();
  await scene.publisher.release(indicators(1));
  await scene.endpoint.updater.update();
});
afterEach(() => scene.close());

describe("an endpoint with release 1", () => {
  // SPEC §8.2.5: whatever is refused leaves nothing behind.
  it.each(lies)("meets %s: %s", async (_name, wanted, lie) => {
    const { endpoint, publisher, server } = scene;
    await lie(scene);
    const before = await endpoint.updater.status();
    endpoint.types();
    await expect(endpoint.updater.update()).rejects.toThrowError(refusal(wanted));
    const status = await endpoint.updater.status();
    expect(status.installed).toEqual(before.installed);
    expect(status.lastFailure).toMatchObject({ code: wanted });
    expect(status.lastSuccess).toEqual(before.lastSuccess);
    expect(await endpoint.databaseSha256()).toBe(status.installed?.databaseSha256);
    expect(endpoint.types().at(-1)).toBe("failed");
    expect(server.requests.length).toBeGreaterThan(0);
    expect(publisher.databases.has(1)).toBe(true);
  });

  it.each(
    lies.filter(([name]) => /evidence|packs|snapshot that the mirror|timestamp that|no timestamp/.test(name)),
  )("goes on once %s (%s) is over", async (_name, wanted, lie) => {
    await lie(scene);
    await expect(scene.endpoint.updater.update()).rejects.toThrowError(refusal(wanted));
    scene.server.behaviours = [];
    await scene.publisher.release(indicators(3));
    expect(await scene.endpoint.updater.update()).toMatchObject({ outcome: "updated" });
    expect(await scene.endpoint.updater.status()).toMatchObject({ lastFailure: null, staleSeconds: 0 });
  });

  it("SPEC §8.2.8 follows 256 roots in one update, and the ones behind them in the next", async () => {
    const { endpoint, publisher, server } = scene;
    for (let i = 0; i < 300; i++) await publisher.publishRoot();
    await honest2(scene);
    await expect(endpoint.updater.update()).rejects.toThrowError(refusal("ROOT_CHAIN_BROKEN"));
    expect(server.requests.filter((path) => path.includes(".root.json")).length).toBeLessThanOrEqual(260);
    expect(await endpoint.updater.update()).toMatchObject({ outcome: "updated", release: 2 });
  });

  it("says how stale its database is when nothing new can be trusted", async () => {
    scene.wait(3);
    await expect(scene.endpoint.updater.update()).rejects.toThrowError(refusal("METADATA_EXPIRED"));
    expect(scene.endpoint.events.at(-1)).toMatchObject({
      type: "failed",
      installed: 1,
      staleSeconds: 3 * 86_400,
    });
    expect(await scene.endpoint.updater.status()).toMatchObject({ staleSeconds: 3 * 86_400 });
  });

  it("takes another way when a delta is spoiled", async () => {
    await honest2(scene);
    scene.server.behaviours = [[/1-2\.delta/, flipped(20)]];
    const result = await scene.endpoint.updater.update();
    expect(result.path?.packs.map(({ path }) => path)).toEqual(["endpoint/2.full.rmp"]);
    expect(scene.endpoint.events).toContainEqual(
      expect.objectContaining({ type: "pack-refused", code: "PACK_DIGEST_MISMATCH" }),
    );
  });

  it.each(["timestamp", "snapshot", "targets"] as const)(
    "fast-forward of %s ends with new online keys in the root",
    async (role) => {
      const { publisher, endpoint } = scene;
      publisher.versions[role] += 1_000_000;
      if (role === "targets") {
        publisher.versions.targets--;
        await publisher.publishTargets();
      }
      await publisher.publishSnapshot();
      await endpoint.updater.update();
      publisher.versions[role] = 1;
      if (role === "targets") await publisher.publishTargets();
      await publisher.release(indicators(2));
      await expect(endpoint.updater.update()).rejects.toThrowError(refusal("METADATA_ROLLBACK"));
      publisher.keys = { ...publisher.keys, timestamp: [await testSigner()], snapshot: [await testSigner()] };
      await publisher.publishRoot();
      await publisher.publishSnapshot();
      expect(await endpoint.updater.update()).toMatchObject({ outcome: "updated", release: 2 });
    },
  );
});

describe("docs/HOSTILE.md", () => {
  const page = readFileSync(new URL("../../docs/HOSTILE.md", import.meta.url), "utf8");
  const [held = ""] = page.split("## Held elsewhere");
  const rows = [...held.matchAll(/^\| (.+) \| `([A-Z_0-9]+)` \|$/gm)].map(([, name, code]) => [name, code]);

  it("lists every scenario by name with its answer, at least 60 of them, each once", () => {
    expect(rows).toEqual(lies.map(([name, code]) => [name, code]));
    expect(new Set(rows.map(([name]) => name)).size).toBe(rows.length);
    expect(rows.length).toBeGreaterThanOrEqual(60);
  });
});
