/** The second client, in Python with Debian's packages alone, against what our publisher makes: the formats can be read from SPEC. */
import { execFile } from "node:child_process";
import { mkdir, readFile, readdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { indicators, start } from "../client/endpoint.js";
import { SimulatedPublisher } from "../simulator/publisher.js";
import { temporaryFolder } from "../support/temporary.js";

const run = promisify(execFile);
const python = "/usr/bin/python3";
const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const client = here("../../clients/python");
const vectors = here("../vectors/tuf");

let folder: string;
let remove: () => Promise<void>;
let publisher: SimulatedPublisher;

beforeAll(async () => {
  await run(python, ["-c", "import cryptography, zstandard"]).catch(() => {
    throw new Error("Debian's python3-cryptography and python3-zstandard are absent: run scripts/setup");
  });
  ({ path: folder, remove } = await temporaryFolder());
  publisher = await SimulatedPublisher.create(start);
  await writeFile(join(folder, "root.json"), publisher.root);
  await publisher.release(indicators(1));
  await writeTree("one");
  await publisher.release(indicators(2));
  await writeTree("two");
});
afterAll(() => remove());

/** A copy of the public tree in a folder; `change` bends files by a part of their path. */
async function writeTree(name: string, bent?: string): Promise<void> {
  for (const [path, bytes] of publisher.tree) {
    const file = join(folder, name, path);
    await mkdir(dirname(file), { recursive: true });
    const copy = Uint8Array.from(bytes);
    const middle = copy.length >> 1;
    if (bent !== undefined && path.includes(bent)) copy[middle] = (copy[middle] as number) ^ 1;
    await writeFile(file, copy);
  }
}

async function update(tree: string, state: string, ...more: string[]): Promise<string> {
  const time = `${start.toISOString().slice(0, 19)}Z`;
  const options = ["--url", join(folder, tree), "--root", join(folder, "root.json"), "--at", time, ...more];
  const words = [join(client, "update.py"), ...options, "--state", join(folder, state)];
  return run(python, words).then(
    ({ stdout }) => stdout.trim(),
    ({ stderr }: { stderr: string }) => stderr.split(":")[0] as string,
  );
}
const unsafe = "--without-evidence-unsafe";
const database = async (state: string) => Uint8Array.from(await readFile(join(folder, state, "database")));
const release = (n: number) => `endpoint ${n} ${publisher.databases.get(n)?.sha256}`;

describe("the client in Python", () => {
  it("judges every metadata vector as ours does", async () => {
    const { stdout } = await run(python, [here("tuf_vectors.py"), client, vectors]);
    const names = (await readdir(vectors, { withFileTypes: true })).filter((entry) => entry.isDirectory());
    const expected = await Promise.all(
      names.map(async ({ name }) => {
        const text = await readFile(join(vectors, name, "expect.txt"), "utf8");
        return `${name} ${text.split("\n")[0]}`;
      }),
    );
    expect(expected.length).toBeGreaterThan(50);
    expect(stdout.trim().split("\n").sort()).toEqual(expected.sort());
  });

  it("installs by a full pack, goes on by a delta, and has our database byte for byte", async () => {
    expect(await update("one", "state", unsafe)).toBe(release(1));
    expect(await database("state")).toEqual(publisher.databases.get(1)?.bytes);
    // Without the full pack only the delta leads there.
    await writeTree("delta-alone", "2.full.rmp");
    expect(await update("delta-alone", "state", unsafe)).toBe(release(2));
    expect(await database("state")).toEqual(publisher.databases.get(2)?.bytes);
    expect(await update("two", "state", unsafe)).toBe(release(2));
    expect(await update("one", "state", unsafe)).toBe("METADATA_ROLLBACK");
  });

  it.each([
    [".rmp", "PACK_DIGEST_MISMATCH"],
    ["2.endpoint.json", "METADATA_MISMATCH"],
    ["targets.json", "METADATA_MISMATCH"],
    ["snapshot.json", "METADATA_MISMATCH"],
  ])("refuses a flipped byte in %s with %s and keeps its database", async (part, code) => {
    const state = `state${part}`;
    await update("one", state, unsafe);
    await writeTree(`bent${part}`, part);
    expect(await update(`bent${part}`, state, unsafe)).toBe(code);
    expect(await database(state)).toEqual(publisher.databases.get(1)?.bytes);
  });

  it("refuses to go without the evidence that it cannot verify, unless it is told to", async () => {
    expect(await update("one", "careful")).toBe("CLIENT_TOO_OLD");
  });
});
