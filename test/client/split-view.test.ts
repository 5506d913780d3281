/**
 * Publisher, overseer and witnesses in one hand, and two histories under one log key: as processes. An endpoint that has seen one of them
 * and is shown the other keeps both checkpoints, refuses, and says so, for as long as its root names that log.
 */
import { cpSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseCheckpoint } from "../../src/core/log/checkpoint.js";
import { parseLogPolicy } from "../../src/core/log/log-policy.js";
import { parseNote } from "../../src/core/log/note.js";
import { verifyLogSignature } from "../../src/core/log/verify-checkpoint.js";
import { PublisherProcess, rulemint } from "../faults/publisher-process.js";
import { serveFolder, type StaticTree } from "../faults/static-tree.js";
import { temporaryFolder } from "../support/temporary.js";
import { testKey } from "../support/log-world.js";

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let tree: StaticTree;
let honest: PublisherProcess;
const at = (name: string) => join(folder.path, name);

/** What the endpoints' address leads to. */
function show(publisher: PublisherProcess): void {
  rmSync(at("tree/public"), { force: true });
  symlinkSync(join(publisher.data, "public"), at("tree/public"));
}

async function released(publisher: PublisherProcess, ...releases: number[]): Promise<void> {
  await publisher.start();
  for (const n of releases) {
    await publisher.addRules("hosts", {
      "a.txt": `${publisher === honest ? "good" : "evil"}-${n}.example\n`,
    });
    await publisher.release(n);
  }
  expect(await publisher.stop()).toBe(0);
}

const client = async (verb: string, name: string, ...words: string[]) => {
  const { exit, stdout, stderr } = await rulemint(["client", verb, "--state", at(name), ...words]);
  return { exit, stdout, stderr };
};
const init = (name: string, ...words: string[]) =>
  client("init", name, "--url", `${tree.url}/public`, "--root", join(honest.data, "root.json"), ...words);

/** The same hands, another past. */
function copyOf(publisher: PublisherProcess): PublisherProcess {
  const copy = new PublisherProcess(at("b"));
  cpSync(at("a"), at("b"), { recursive: true });
  const settings = join(copy.data, "rulemint.yaml");
  writeFileSync(settings, readFileSync(settings, "utf8").replaceAll(publisher.overseer, copy.overseer));
  return copy;
}

beforeAll(async () => {
  folder = await temporaryFolder();
  honest = new PublisherProcess(at("a"));
  await honest.init();
  await released(honest, 1);
  cpSync(join(honest.data, "root.json"), at("tree/root.json"), { recursive: true });
  show(honest);
  tree = await serveFolder(at("tree"));
});
afterAll(async () => {
  await tree.close();
  await folder.remove();
});

describe("an endpoint that is shown two histories", () => {
  it("SPEC §11.10.3, §11.10.4 keeps both as evidence, refuses with exit 1, and goes on refusing", async () => {
    expect((await init("one")).exit).toBe(0);
    expect((await init("late")).exit).toBe(0);
    const other = copyOf(honest);
    await released(honest, 2);
    expect(await client("update", "one")).toMatchObject({ exit: 0 });
    await released(other, 2, 3);
    show(other);
    const refused = await client("update", "one");
    expect(refused).toMatchObject({ exit: 1, stderr: expect.stringMatching(/^error: LOG_FORK: /m) });

    const files = readdirSync(at("one"), { recursive: true }).filter((name) => /fork/.test(String(name)));
    expect(files).toHaveLength(2);
    const policy = JSON.parse(readFileSync(join(honest.data, "policy.json"), "utf8")).log.policy as string;
    const heads = await Promise.all(
      files.map(async (name) => {
        const note = parseNote(new Uint8Array(readFileSync(join(at("one"), String(name)))));
        // Anybody can convict the log by its own signatures.
        await verifyLogSignature(note, parseLogPolicy(policy));
        return parseCheckpoint(note.text);
      }),
    );
    expect(new Set(heads.map(({ root }) => Buffer.from(root).toString("hex"))).size).toBe(2);
    const status = await client("status", "one");
    for (const name of files) expect(status.stdout).toContain(String(name).split("/").at(-1));
    const json = JSON.parse((await client("status", "one", "--json")).stdout);
    expect(json).toMatchObject({ installed: { release: 2 }, lastFailure: { code: "LOG_FORK" } });

    const again = await client("update", "one");
    expect(again).toMatchObject({ exit: 1, stderr: expect.stringMatching(/LOG_FORK.*fork-seen/) });
    // Nobody who saw only one of them can know.
    expect(await client("update", "late")).toMatchObject({ exit: 0 });
  });

  it("SPEC §11.6.5 with a quorum of the owner's own, which these witnesses do not make, takes nothing", async () => {
    const policy = JSON.parse(readFileSync(join(honest.data, "policy.json"), "utf8"));
    const mine = testKey("witness.example/mine", 4).vkey;
    const text = (policy.log.policy as string).replace(
      /group witnesses all (.*)\n/,
      `witness mine ${mine}\ngroup witnesses all $1 mine\n`,
    );
    expect(text).toContain("mine\nquorum");
    writeFileSync(at("strict.json"), JSON.stringify({ ...policy, log: { ...policy.log, policy: text } }));
    expect((await init("strict", "--policy", at("strict.json"))).exit).toBe(0);
    expect(await client("update", "strict")).toMatchObject({
      ...{ exit: 1, stderr: expect.stringMatching(/^error: WITNESS_QUORUM: /m) },
    });
  });
});
