/** Updates across an air gap: one file, proven on both sides, and nothing is touched by one that is not whole. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { indicators, PublisherProcess, rulemint } from "../faults/publisher-process.js";
import { temporaryFolder } from "../support/temporary.js";

let folder: { readonly path: string; remove(): Promise<void> };
let publisher: PublisherProcess;
let delta: Awaited<ReturnType<typeof exported>>;
const at = (name: string) => join(folder.path, name);
const root = () => ["--root", join(publisher.data, "root.json")];

beforeAll(async () => {
  folder = await temporaryFolder();
  publisher = new PublisherProcess(folder.path);
  await publisher.init();
  await publisher.start();
  for (const release of [1, 2]) {
    await publisher.addRules("hosts", { "a.txt": indicators(release, 60) });
    await publisher.release(release);
    await exported(`full-${release}`);
  }
  delta = await exported("delta", "--from", "1");
  // From here on nobody can be asked.
  await publisher.stop();
});
afterAll(async () => {
  await publisher.stop();
  await folder.remove();
});

async function exported(name: string, ...more: string[]) {
  const words = [
    "client",
    "export-bundle",
    "--url",
    publisher.origin,
    ...root(),
    "--out",
    at(name),
    ...more,
    "--json",
  ];
  const { exit, stdout, stderr } = await rulemint(words);
  expect({ exit, stderr: exit === 0 ? "" : stderr }).toEqual({ exit: 0, stderr: "" });
  return JSON.parse(stdout) as { release: number; packs: { path: string }[]; bytes: number };
}

async function endpoint(name: string): Promise<string> {
  const url = ["--url", "https://updates.invalid/rules"];
  const { exit } = await rulemint(["client", "init", "--state", at(name), ...url, ...root()]);
  expect(exit).toBe(0);
  return at(name);
}

async function imported(state: string, bundle: string) {
  const { exit, stdout, stderr } = await rulemint([
    "client",
    "import-bundle",
    at(bundle),
    "--state",
    state,
    "--json",
  ]);
  return { exit, said: exit === 0 ? (JSON.parse(stdout) as { release: number }) : {}, stderr };
}

const status = async (state: string) =>
  JSON.parse((await rulemint(["client", "status", "--state", state, "--json"])).stdout) as {
    installed: { release: number };
    previous: { release: number } | null;
  };

describe("an update bundle", () => {
  it("brings a new endpoint and one that has the release before to the newest, by what is in it", async () => {
    const state = await endpoint("one");
    expect(await imported(state, "full-1")).toMatchObject({ exit: 0, said: { release: 1 } });
    expect(await imported(state, "delta")).toMatchObject({ exit: 0, said: { release: 2 } });
    expect(await status(state)).toMatchObject({ installed: { release: 2 }, previous: { release: 1 } });
    expect(delta.packs.map(({ path }) => path)).toEqual(["endpoint/1-2.delta.rmp"]);
  });

  it("serves an endpoint that is behind by the full pack, when that is what it has", async () => {
    const state = await endpoint("behind");
    await imported(state, "full-1");
    expect(await imported(state, "full-2")).toMatchObject({ exit: 0, said: { release: 2 } });
  });

  it("SPEC §9.4.2 never takes an endpoint back", async () => {
    const state = await endpoint("back");
    await imported(state, "full-2");
    const { exit, stderr } = await imported(state, "full-1");
    expect({ exit, stderr }).toMatchObject({ exit: 1, stderr: expect.stringContaining("METADATA_ROLLBACK") });
    expect(await status(state)).toMatchObject({ installed: { release: 2 } });
  });

  it("says plainly that it does not have what an endpoint needs", async () => {
    const { exit, stderr } = await imported(await endpoint("empty"), "delta");
    expect({ exit, stderr }).toMatchObject({ exit: 1, stderr: expect.stringContaining("FETCH_NOT_FOUND") });
  });

  it.each([
    ["a bit of a header", (bytes: Buffer) => flip(bytes, 100)],
    ["its last block cut off", (bytes: Buffer) => bytes.subarray(0, -512)],
    ["something behind it", (bytes: Buffer) => Buffer.concat([bytes, Buffer.alloc(512)])],
    ["a bit of the timestamp", (bytes: Buffer) => flip(bytes, bytes.indexOf('"_type":"timestamp"') + 10)],
    ["a bit of the pack", (bytes: Buffer) => flip(bytes, bytes.lastIndexOf(".full.rmp") + 1200)],
  ])("SPEC §9.4.1, §9.4.2 with %s changes nothing", async (name, spoil) => {
    const state = await endpoint(`spoiled ${name}`);
    await imported(state, "full-1");
    writeFileSync(at("spoiled"), spoil(readFileSync(at("full-2"))));
    const { exit, stderr } = await imported(state, "spoiled");
    expect({ exit, stderr }).toMatchObject({
      exit: 1,
      stderr: expect.stringMatching(/BUNDLE|METADATA|JSON|PACK/),
    });
    expect(await status(state)).toMatchObject({ installed: { release: 1 } });
  });
});

function flip(bytes: Buffer, at: number): Buffer {
  expect(at).toBeGreaterThan(99);
  const bent = Buffer.from(bytes);
  bent[at] = (bent[at] as number) ^ 1;
  return bent;
}
