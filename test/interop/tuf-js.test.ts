/** A stranger's TUF client (tuf-js 5) on the tree that we publish: it refreshes, downloads a pack, and obeys the overseer's threshold. */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Updater } from "tuf-js";
import { metadataPath } from "../../src/core/release/tree-paths.js";
import { indicators } from "../client/endpoint.js";
import { SimulatedPublisher, digestOf } from "../simulator/publisher.js";
import { SimulatedServer } from "../simulator/server.js";
import { testSigner } from "../simulator/test-signer.js";
import { temporaryFolder } from "../support/temporary.js";

let publisher: SimulatedPublisher;
let server: SimulatedServer;
let folder: { path: string; remove(): Promise<void> };

beforeEach(async () => {
  // The stranger reads the machine's clock.
  publisher = await SimulatedPublisher.create(new Date());
  server = await SimulatedServer.start(publisher.tree);
  folder = await temporaryFolder();
  for (const name of ["metadata", "targets"]) await mkdir(join(folder.path, name));
  await writeFile(join(folder.path, "metadata", "root.json"), publisher.root);
});
afterEach(async () => {
  await server.close();
  await folder.remove();
});

function stranger(): Updater {
  return new Updater({
    metadataDir: join(folder.path, "metadata"),
    targetDir: join(folder.path, "targets"),
    metadataBaseUrl: `${server.url}/metadata`,
    targetBaseUrl: `${server.url}/targets`,
  });
}

describe("tuf-js", () => {
  it("refreshes and downloads a full pack and a delta", async () => {
    await publisher.release(indicators(1));
    const { packs } = await publisher.release(indicators(2));
    const updater = stranger();
    await updater.refresh();
    for (const pack of packs) {
      const target = await updater.getTargetInfo(pack.path);
      expect(target?.custom).toMatchObject({ kind: pack.kind, to: pack.to });
      const path = await updater.downloadTarget(target as NonNullable<typeof target>);
      expect(digestOf(await readFile(path))).toBe(pack.sha256);
    }
    expect(await updater.getTargetInfo("endpoint/9.full.rmp")).toBeUndefined();
  });

  it("follows a rotation of the root and the online keys", async () => {
    await publisher.release(indicators(1));
    await stranger().refresh();
    publisher.keys = { ...publisher.keys, timestamp: [await testSigner()], snapshot: [await testSigner()] };
    await publisher.publishRoot();
    await publisher.release(indicators(2));
    const updater = stranger();
    await updater.refresh();
    expect(await updater.getTargetInfo("endpoint/2.full.rmp")).toBeDefined();
  });

  it("refuses a release that the overseer did not sign", async () => {
    await publisher.release(indicators(1), { signers: [publisher.publisherKey] });
    await expect(stranger().getTargetInfo("endpoint/1.full.rmp")).rejects.toThrowError(/1\/2/);
  });

  it("has our metadata on its disk as we served it", async () => {
    await publisher.release(indicators(1));
    const updater = stranger();
    await updater.getTargetInfo("endpoint/1.full.rmp");
    const stored = await readFile(join(folder.path, "metadata", "endpoint.json"));
    expect(new Uint8Array(stored)).toEqual(publisher.tree.get(metadataPath("endpoint", 1)));
  });
});
