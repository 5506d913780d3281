/** A tree in a folder instead of behind a server: endpoint, auditor and TUF client need no network, and are held to the same rules. */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openFilesystemEndpointStore } from "../../../src/adapters/endpoint-store/filesystem.js";
import { fileFetcher } from "../../../src/adapters/fetcher/files.js";
import type { FetchOptions } from "../../../src/ports/fetcher.js";
import { Updater } from "../../../src/client/updater.js";
import { concatBytes } from "../../../src/core/encoding/bytes.js";
import { nodeDigest } from "../../../src/adapters/node-digest.js";
import { indicators } from "../../client/endpoint.js";
import { codec } from "../../simulator/packs.js";
import { SimulatedPublisher } from "../../simulator/publisher.js";
import { temporaryFolder } from "../../support/temporary.js";

let folder: string;
let remove: () => Promise<void>;
let publisher: SimulatedPublisher;
const tree = () => join(folder, "tree");
const url = (path = "") => pathToFileURL(join(tree(), path)).href;
beforeAll(async () => {
  ({ path: folder, remove } = await temporaryFolder());
  publisher = await SimulatedPublisher.create(new Date(Math.floor(Date.now() / 1000) * 1000));
  await publisher.release(indicators(1));
  await carry();
});
afterAll(() => remove());

/** What somebody copies onto a disk. */
async function carry(): Promise<void> {
  await rm(tree(), { recursive: true, force: true });
  for (const [path, bytes] of publisher.tree) {
    await mkdir(dirname(join(tree(), path)), { recursive: true });
    await writeFile(join(tree(), path), bytes);
  }
}

async function endpoint(name: string): Promise<Updater> {
  const store = await openFilesystemEndpointStore(join(folder, name));
  const clock = { now: () => publisher.now };
  const updater = new Updater({
    ...{ store, fetcher: fileFetcher, codec, clock, digest: nodeDigest, onEvent: () => undefined },
  });
  await updater.init({ url: url(), root: publisher.root });
  return updater;
}

async function get(path: string, options: FetchOptions): Promise<string> {
  const parts: Uint8Array[] = [];
  const answer = await fileFetcher.get(url(path), options);
  for await (const part of answer.body) parts.push(part);
  return `${answer.status} ${new TextDecoder().decode(concatBytes(...parts))}`;
}

describe("a tree in a folder", () => {
  it("SPEC §9.1.3 gives an endpoint every release that is carried to it, and nothing older", async () => {
    const updater = await endpoint("state");
    expect(await updater.update()).toMatchObject({ outcome: "updated", release: 1 });
    const old = new Map(publisher.tree);
    await publisher.release(indicators(2));
    await carry();
    expect(await updater.update()).toMatchObject({ outcome: "updated", release: 2 });
    const newest = new Map(publisher.tree);
    publisher.tree.clear();
    for (const [path, bytes] of old) publisher.tree.set(path, bytes);
    await carry();
    await expect(updater.update()).rejects.toMatchObject({ code: "METADATA_ROLLBACK" });
    for (const [path, bytes] of newest) publisher.tree.set(path, bytes);
    await carry();
  });

  it("is a repository for the TUF client", () => {
    const client = fileURLToPath(new URL("../../../scripts/tuf-conformance-client", import.meta.url));
    const metadata = ["--metadata-url", url("metadata"), "--metadata-dir", join(folder, "tuf")];
    const root = join(tree(), "metadata/1.root.json");
    execFileSync(client, [...metadata, "init", root]);
    execFileSync(client, [...metadata, "refresh"]);
    const name = "endpoint/2.full.rmp";
    const targets = ["--target-base-url", url("targets"), "--target-dir", join(folder, "targets")];
    const run = spawnSync(client, [...metadata, "--target-name", name, ...targets, "download"]);
    expect([run.status, run.stderr.toString()]).toEqual([0, ""]);
  });

  it("is read in parts, and never more of it than is asked for", async () => {
    await writeFile(join(tree(), "file"), "content");
    expect(await get("file", { bytesMax: 7 })).toBe("200 content");
    expect(await get("file", { bytesMax: 4, rangeStart: 3 })).toBe("206 tent");
    expect(await get("file", { bytesMax: 9, rangeStart: 0, rangeEnd: 3 })).toBe("206 con");
    await expect(get("file", { bytesMax: 6 })).rejects.toMatchObject({ code: "FETCH_TOO_LARGE" });
  });

  it("has no file where there is a folder, a pipe, a device or nothing", async () => {
    execFileSync("mkfifo", [join(tree(), "pipe")]);
    for (const path of [
      "metadata",
      "pipe",
      "../../../../../../../../dev/zero",
      "none",
      "none/none",
      "file/x",
    ]) {
      await expect(get(path, { bytesMax: 100 })).rejects.toMatchObject({ code: "FETCH_NOT_FOUND" });
    }
    expect((await readFile(join(tree(), "file"))).toString()).toBe("content");
  });
});
