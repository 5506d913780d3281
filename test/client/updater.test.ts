/** The endpoint and an honest publisher. */
import { existsSync } from "node:fs";
import { readFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { clientVersion } from "../../src/client/index.js";
import { metadataPath } from "../../src/core/release/tree-paths.js";
import { testSigner } from "../simulator/test-signer.js";
import { type Scene, indicators, openScene } from "./endpoint.js";

let scene: Scene;
beforeEach(async () => {
  scene = await openScene();
});
afterEach(() => scene.close());

const refused = (code: string) => expect.objectContaining({ code });
const update = () => scene.endpoint.updater.update();

describe("Updater", () => {
  it("goes from nothing to the newest release, and exports it", async () => {
    await scene.publisher.release(indicators(1));
    const result = await update();
    expect(result).toMatchObject({ outcome: "updated", release: 1, newest: 1, from: null });
    expect(result.path?.packs.map(({ kind }) => kind)).toEqual(["full"]);
    expect(await scene.endpoint.databaseSha256()).toBe(scene.publisher.databases.get(1)?.sha256);
    const lists = await readdir(join(scene.endpoint.folder, "export", "ioc"), { recursive: true });
    expect(lists.length).toBeGreaterThan(0);
    expect(await scene.endpoint.updater.status()).toMatchObject({
      installed: { release: 1 },
      exported: true,
      held: null,
      staleSeconds: 0,
      lastFailure: null,
    });
  });

  it("leaves nothing but its state behind", async () => {
    await scene.publisher.release(indicators(1));
    await update();
    expect(
      (await readdir(scene.endpoint.folder)).filter((name) => !name.startsWith(".export-")).sort(),
    ).toEqual([
      "config.json",
      "database",
      "evidence.p7s",
      "export",
      "manifest.json",
      "pinned-root.json",
      "revocation.lists",
      "root.json",
      "snapshot.json",
      "state.json",
      "targets.json",
      "timestamp.json",
      "work",
    ]);
    expect(await readdir(join(scene.endpoint.folder, "work"))).toEqual([]);
  });

  it("keeps metadata exactly as served", async () => {
    await scene.publisher.release(indicators(1));
    await update();
    expect(new Uint8Array(await scene.endpoint.read("manifest.json"))).toEqual(
      scene.publisher.tree.get(metadataPath("endpoint", 1)),
    );
  });

  it("follows by deltas, and keeps the database before", async () => {
    await scene.publisher.release(indicators(1));
    await update();
    await scene.publisher.release(indicators(2));
    const result = await update();
    expect(result.path?.packs.map(({ path }) => path)).toEqual(["endpoint/1-2.delta.rmp"]);
    expect(result.bytes).toBe(result.path?.bytes);
    expect(await scene.endpoint.databaseSha256()).toBe(scene.publisher.databases.get(2)?.sha256);
    expect(await scene.endpoint.databaseSha256("previous")).toBe(scene.publisher.databases.get(1)?.sha256);
  });

  it("takes several deltas where there is no direct one", async () => {
    await scene.publisher.release(indicators(1));
    await update();
    await scene.publisher.release(indicators(2));
    await scene.publisher.release(indicators(3), { deltasFrom: [2] });
    const result = await update();
    expect(result.path?.packs.map(({ path }) => path)).toEqual([
      "endpoint/1-2.delta.rmp",
      "endpoint/2-3.delta.rmp",
    ]);
    expect(await scene.endpoint.databaseSha256()).toBe(scene.publisher.databases.get(3)?.sha256);
  });

  it("SPEC §8.2.2 makes one request when it is current, and verifies everything again", async () => {
    await scene.publisher.release(indicators(1));
    await update();
    scene.server.requests.length = 0;
    expect(await update()).toMatchObject({ outcome: "current", release: 1, bytes: 0 });
    expect(scene.server.requests).toEqual(["metadata/timestamp.json"]);
  });

  it("SPEC §8.2.3 asks for the next root when a day has passed", async () => {
    await scene.publisher.release(indicators(1), { expires: { timestamp: scene.publisher.in(3) } });
    await update();
    scene.wait(2);
    scene.server.requests.length = 0;
    await update();
    const [head, root, ...lists] = scene.server.requests;
    expect([head, root]).toEqual(["metadata/timestamp.json", "metadata/2.root.json"]);
    // SPEC §6.8.9: and for the four revocation lists.
    expect(lists).toHaveLength(4);
    for (const path of lists) expect(path).toMatch(/^crl\/[a-z0-9-]+\.crl$/);
  });

  it("takes a renewal, the same database under a new number, without a pack", async () => {
    await scene.publisher.release(indicators(1));
    await update();
    await scene.publisher.release(indicators(1));
    expect(await update()).toMatchObject({ outcome: "updated", release: 2, path: null, bytes: 0 });
    expect(await scene.endpoint.updater.status()).toMatchObject({ installed: { release: 2 } });
  });

  it("follows a rotation of every key", async () => {
    const { publisher } = scene;
    await publisher.release(indicators(1));
    await update();
    const oldRoot = publisher.keys.root;
    const fresh = async () => [await testSigner(), await testSigner(), await testSigner()];
    publisher.keys = {
      root: await fresh(),
      targets: await fresh(),
      snapshot: await fresh(),
      timestamp: await fresh(),
    };
    await publisher.publishRoot([...oldRoot, ...publisher.keys.root]);
    await publisher.publishTargets();
    await publisher.release(indicators(2));
    expect(await update()).toMatchObject({ outcome: "updated", release: 2 });
    expect(await scene.endpoint.updater.status()).toMatchObject({ rootVersion: 2 });
  });

  it("SPEC §8.2.4 recovers from a stolen timestamp key that ran the version up", async () => {
    const { publisher } = scene;
    await publisher.release(indicators(1));
    publisher.versions.timestamp = 2 ** 50;
    await publisher.publishTimestamp();
    await update();
    publisher.versions.timestamp = 3;
    publisher.keys = { ...publisher.keys, timestamp: [await testSigner()] };
    await publisher.publishRoot();
    await publisher.release(indicators(2));
    expect(await update()).toMatchObject({ outcome: "updated", release: 2 });
  });

  it("SPEC §8.6.1 rolls back without network, holds the release, and goes on with the next", async () => {
    const { publisher, endpoint, server } = scene;
    await publisher.release(indicators(1));
    await update();
    await publisher.release(indicators(2));
    await update();
    server.requests.length = 0;
    expect(await endpoint.updater.rollback()).toMatchObject({ release: 1 });
    expect(server.requests).toEqual([]);
    expect(await endpoint.databaseSha256()).toBe(publisher.databases.get(1)?.sha256);
    expect(await update()).toMatchObject({ outcome: "held", release: 1, newest: 2 });
    expect(await endpoint.updater.status()).toMatchObject({ held: 2, previous: null, exported: true });
    await expect(endpoint.updater.rollback()).rejects.toThrowError(refused("USAGE"));
    await publisher.release(indicators(3));
    expect(await update()).toMatchObject({ outcome: "updated", release: 3, from: 1 });
    expect(await endpoint.updater.status()).toMatchObject({ held: null, previous: { release: 1 } });
  });

  it("exports to a folder of the caller's choice", async () => {
    await scene.publisher.release(["bad.example", "10.0.0.1"]);
    const out = join(scene.folder, "out");
    await expect(scene.endpoint.updater.export(out)).rejects.toThrowError(refused("USAGE"));
    await update();
    const written = await scene.endpoint.updater.export(out, ["ioc"]);
    expect(written).toMatchObject({ release: { release: 1 } });
    expect(written.bytes).toBeGreaterThan(0);
    expect(await scene.endpoint.updater.export(join(scene.folder, "none"), ["yara"])).toMatchObject({
      files: 0,
    });
    expect(existsSync(join(out, "ioc"))).toBe(true);
  });

  it("says what it did, step by step", async () => {
    await scene.publisher.release(indicators(1));
    await update();
    expect(scene.endpoint.types()).toEqual([
      ...["metadata", "metadata", "metadata", "metadata", "verified"],
      ...["path", "download", "installed", "exported"],
    ]);
    await update();
    expect(scene.endpoint.types()).toEqual([]);
  });

  it("stops when it is told to, and records no failure", async () => {
    await scene.publisher.release(indicators(1));
    const reason = new Error("shutting down");
    await expect(scene.endpoint.updater.update({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect(await scene.endpoint.updater.status()).toMatchObject({ lastFailure: null });
  });

  it("has the version that package.json has", async () => {
    const { version } = JSON.parse(await readFile(new URL("../../package.json", import.meta.url), "utf8"));
    expect(clientVersion).toBe(version);
  });
});

describe("Updater.init", () => {
  it("is asked once", async () => {
    const { updater } = scene.endpoint;
    await expect(updater.init({ url: scene.server.url, root: scene.publisher.root })).rejects.toThrowError(
      refused("USAGE"),
    );
  });

  it("comes before everything else", async () => {
    const { updater } = await scene.endpointOn("other");
    for (const call of [() => updater.update(), () => updater.status(), () => updater.rollback()]) {
      await expect(call()).rejects.toThrowError(refused("USAGE"));
    }
  });

  const text = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
  it.each([
    ["an address that is none", "USAGE", { url: "ftp://example.com/tree" }],
    ["a root that is none", "METADATA_MALFORMED", { root: text({}) }],
    ["a feed that is a top-level role", "ENCODING_MALFORMED", { feed: "root" }],
    ["a policy without anchors", "METADATA_MALFORMED", { policy: text({ schema: 1, country: "CH" }) }],
  ])("refuses %s and leaves nothing", async (_rule, code, change) => {
    const { updater } = await scene.endpointOn("other");
    const input = { url: scene.server.url, root: scene.publisher.root, ...change };
    await expect(updater.init(input)).rejects.toThrowError(refused(code));
    expect(await readdir(join(scene.folder, "other"))).toEqual(["work"]);
  });

  it("SPEC §5.5.3 lets the customer's own policy win, and never falls back", async () => {
    const { publisher, server } = scene;
    await publisher.release(indicators(1));
    const { updater } = await scene.endpointOn("other");
    const policy = text({ ...publisher.policy, organization: "Another AG" });
    await updater.init({ url: server.url, root: publisher.root, policy });
    expect(await updater.status()).toMatchObject({ policySource: "policy.json" });
    await expect(updater.update()).rejects.toThrowError(refused("SWISS_POLICY"));
    await writeFile(join(scene.folder, "other", "policy.json"), "{");
    await expect(updater.update()).rejects.toThrowError(refused("STATE_CORRUPT"));
  });
});
