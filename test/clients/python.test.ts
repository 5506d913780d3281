/** The second client, in Python with Debian's packages alone, against what our publisher makes: the formats can be read from SPEC. */
import { execFile } from "node:child_process";
import { mkdir, readFile, readdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { indicators, start } from "../client/endpoint.js";
import { SimulatedLog } from "../simulator/log.js";
import { TestLog } from "../support/log-world.js";
import { SimulatedPublisher } from "../simulator/publisher.js";
import { database as databaseOf, delta, numbers, rules } from "../core/format/samples.js";
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
async function writeTree(name: string, bent?: string, of = publisher): Promise<void> {
  for (const [path, bytes] of of.tree) {
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
  it("stays small enough to be read in an hour", async () => {
    const files = (await readdir(client)).filter((name) => name.endsWith(".py"));
    const texts = await Promise.all(files.map((name) => readFile(join(client, name), "utf8")));
    const lines = texts.flatMap((text) => text.trimEnd().split("\n"));
    expect(lines.length).toBeLessThan(740);
    expect(lines.filter((line) => line.length > 120)).toEqual([]);
  });

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

  it("judges every log vector as ours does, and finds the fork", async () => {
    const folder = here("../vectors/log");
    const { stdout } = await run(python, [here("log_vectors.py"), client, folder]);
    const proofs = (await readdir(join(folder, "proofs"))).filter((name) => name.endsWith(".expect"));
    const expected = await Promise.all(
      proofs.map(async (name) => {
        const text = await readFile(join(folder, "proofs", name), "utf8");
        return `${name.slice(0, -".expect".length)} ${text.split("\n")[0]}`;
      }),
    );
    expect(expected.length).toBeGreaterThan(12);
    const histories = ["checkpoint success", "checkpoint-100 success", "fork-100 LOG_FORK"];
    expect(stdout.trim().split("\n").sort()).toEqual([...expected, ...histories].sort());
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

  it("SPEC §8.2.8 follows no more than 256 roots at once", async () => {
    const other = await SimulatedPublisher.create(start);
    await writeFile(join(folder, "many-root.json"), other.root);
    for (let i = 0; i < 257; i++) await other.publishRoot();
    await writeTree("many", undefined, other);
    const root = ["--root", join(folder, "many-root.json")];
    expect(await update("many", "of-many", unsafe, ...root)).toBe("ROOT_CHAIN_BROKEN");
  });

  it("SPEC §4.2 reads a full pack of zstd frames as well as one of xz streams", async () => {
    const other = await SimulatedPublisher.create(start);
    other.method = "zstd";
    await writeFile(join(folder, "frames-root.json"), other.root);
    await other.release(indicators(3));
    await writeTree("frames", undefined, other);
    const installed = await update("frames", "of-frames", unsafe, "--root", join(folder, "frames-root.json"));
    expect(installed).toBe(`endpoint 1 ${other.databases.get(1)?.sha256}`);
    expect(await database("of-frames")).toEqual(other.databases.get(1)?.bytes);
  });

  it("SPEC §4.7.4 begins every text with what stands before it, in plain parts too", async () => {
    const random = numbers(7);
    const noise = (length: number) =>
      Array.from({ length }, () => String.fromCharCode(256 * random())).join("");
    const hashes = () => Array.from({ length: 60 }, () => `h${noise(20)}`);
    const base = rules(60);
    const [old, next] = await Promise.all([
      databaseOf({ clamav: hashes(), suricata: base }),
      databaseOf({ clamav: hashes(), suricata: [...base, ...rules(30, 500)] }),
    ]);
    const [from, pack, to] = ["base", "delta", "result"].map((name) => join(folder, `${name}.of-parts`)) as [
      string,
      string,
      string,
    ];
    await writeFile(from, old);
    await writeFile(pack, await delta(old, next));
    await run(python, [here("apply_delta.py"), client, from, pack, to]);
    expect(Buffer.compare(await readFile(to), next)).toBe(0);
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

describe("the client in Python, of a publisher with a log", () => {
  let logged: SimulatedPublisher;
  const take = (tree: string, state: string) =>
    update(tree, state, unsafe, "--root", join(folder, "logged-root.json"));

  beforeAll(async () => {
    logged = await SimulatedPublisher.create(start);
    logged.log = new SimulatedLog();
    await logged.publishRoot();
    await writeFile(join(folder, "logged-root.json"), logged.root);
    await logged.release(indicators(1));
    await writeTree("logged-1", undefined, logged);
    for (let i = 0; i < 300; i++) logged.log.log.append(Buffer.from(`between ${i}`));
    await logged.release(indicators(2));
    await writeTree("logged-2", undefined, logged);
  });

  it("installs what a quorum has seen, and holds the next checkpoint against it by tiles", async () => {
    expect(await take("logged-1", "of-log")).toBe(`endpoint 1 ${logged.databases.get(1)?.sha256}`);
    expect(await take("logged-2", "of-log")).toBe(`endpoint 2 ${logged.databases.get(2)?.sha256}`);
    const kept = await readFile(join(folder, "of-log", "checkpoint"), "utf8");
    expect(kept.split("\n")[1]).toBe("302");
  });

  it.each<[string, string, (log: SimulatedLog) => void]>([
    ["no evidence document", "LOG_PROOF_MISSING", (log) => (log.lie = () => undefined)],
    [
      "a proof of another form",
      "LOG_PROOF_MALFORMED",
      (log) => (log.lie = (one) => ({ ...one, proof: "x" })),
    ],
    [
      "an entry about another feed",
      "LOG_ENTRY_MISMATCH",
      (log) => (log.lie = ({ entry, proof }) => ({ entry: entry.replace('"endpoint"', '"another"'), proof })),
    ],
    [
      "an entry that the log does not have",
      "LOG_INCLUSION_FAILED",
      (log) => (log.lie = ({ entry, proof }) => ({ entry: entry.replace("12:", "11:"), proof })),
    ],
    ["one witness of three", "WITNESS_QUORUM", (log) => (log.witnesses = log.witnesses.slice(1))],
    ["another log", "LOG_KEY_UNKNOWN", (log) => (log.log = new TestLog("example.com/other"))],
  ])("refuses %s with %s, and keeps what it has", async (name, code, tell) => {
    const log = logged.log as SimulatedLog;
    const honest = { lie: log.lie, witnesses: log.witnesses, log: log.log };
    tell(log);
    await logged.release(indicators(3));
    Object.assign(log, honest);
    await writeTree(name, undefined, logged);
    await take("logged-1", name);
    expect(await take(name, `state of ${name}`)).toBe(code);
    expect(await take(name, name)).toBe(code);
    expect(await database(name)).toEqual(logged.databases.get(1)?.bytes);
  });

  it("keeps both checkpoints of a log that tells two histories, and believes it no more", async () => {
    await take("logged-1", "forked");
    const log = logged.log as SimulatedLog;
    const honest = log.log;
    log.log = new TestLog();
    for (let i = 0; i < 400; i++) log.log.append(Buffer.from(`other ${i}`));
    await logged.release(indicators(4));
    await writeTree("fork", undefined, logged);
    expect(await take("fork", "forked")).toBe("LOG_FORK");
    const kept = await readFile(join(folder, "forked", "forked-checkpoint"), "utf8");
    expect(kept).toContain("example.com/releases\n401\n");
    log.log = honest;
    expect(await take("logged-2", "forked")).toBe("LOG_FORK");
    expect(await database("forked")).toEqual(logged.databases.get(1)?.bytes);
  });
});
