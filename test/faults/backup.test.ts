/**
 * A backup made while analysts submit, restored into an empty folder and served: nothing that was
 * acknowledged before it is lost, endpoints go on, and the next release is published. And what the log says, which is no secret.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { indicators, PublisherProcess, rulemint } from "./publisher-process.js";

let folder: string;
let publisher: PublisherProcess;
let archive: string;
const acknowledged: string[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "rulemint-backup-"));
  archive = join(folder, "saved.tar");
  publisher = new PublisherProcess(folder, { RULEMINT_LOG: "debug" });
  await publisher.init();
  await publisher.start();
  await publisher.addRules("hosts", { "hosts.txt": indicators(0) });
  await publisher.release(1);
  // The backup is made with submissions coming in. What is logged after it is not in it, and witnesses would remember that.
  let over = false;
  const submitting = (async () => {
    for (let n = 0; !over; n++) {
      const { id } = await publisher.submit(`more-${n}`, { "more.txt": `backup-${n}.example.com\n` });
      acknowledged.push(id);
    }
  })();
  acknowledged.length = 0;
  acknowledged.push((await publisher.submit("before", { "b.txt": "before.example.com\n" })).id);
  const before = [...acknowledged];
  const made = await rulemint(["backup", "--data", publisher.data, "--out", archive, "--json"]);
  over = true;
  await submitting;
  expect(made, made.stderr).toMatchObject({ exit: 0 });
  acknowledged.splice(0, acknowledged.length, ...before);
});
afterAll(async () => {
  await publisher.stop();
  rmSync(folder, { recursive: true, force: true });
});

describe("a backup of a running service", () => {
  it("is for its owner alone, and holds no token", () => {
    expect(statSync(archive).mode & 0o777).toBe(0o600);
    const bytes = readFileSync(archive, "latin1");
    expect(bytes).toContain("keys/publisher.key");
    expect(bytes).not.toContain(publisher.token("analyst"));
    expect(bytes).not.toContain("tokens/");
  });

  it("is served again from an empty folder, with everything that was acknowledged before it", async () => {
    const again = new PublisherProcess(join(folder, "elsewhere"));
    const words = ["--from", archive, "--data", again.data];
    expect(await rulemint(["restore", ...words])).toMatchObject({ exit: 0 });
    expect(readdirSync(again.data)).toContain("rulemint.yaml");
    await publisher.stop();
    await again.start();
    const as = (role: "auditor" | "analyst" | "release-manager" | "reviewer") => publisher.token(role);
    try {
      for (const id of acknowledged) {
        const found = await fetch(`${again.origin}/v1/submissions/${id}`, bearer(as("auditor")));
        expect(found.status).toBe(200);
      }
      await expectPublished(again, 1);
      // SPEC §13.2.8: every leaf of the access log came with its opening.
      const audit = ["access", "check", "--key", join(again.data, "access-log-key.txt"), "--why", "restored"];
      const checked = await rulemint([...audit, "--json"], {
        RULEMINT_SERVER: again.origin,
        RULEMINT_TOKEN: as("auditor"),
      });
      expect(checked, checked.stdout).toMatchObject({ exit: 0 });
      const state = join(folder, "endpoint");
      const root = join(again.data, "root.json");
      const init = ["client", "init", "--state", state, "--url", again.origin, "--root", root];
      expect(await rulemint(init)).toMatchObject({ exit: 0 });
      expect(await rulemint(["client", "update", "--state", state])).toMatchObject({ exit: 0 });
      const id = acknowledged[0] as string;
      const service = { RULEMINT_SERVER: again.origin };
      const run = (role: "reviewer" | "release-manager", ...words: string[]) =>
        rulemint(words, { ...service, RULEMINT_TOKEN: as(role) });
      expect(await run("reviewer", "submission", "approve", id)).toMatchObject({ exit: 0 });
      expect(await run("release-manager", "release", "build", "--feed", "endpoint")).toMatchObject({
        exit: 0,
      });
      const overseer = ["assay", "run", "--feed", "endpoint", "--data", publisher.overseer];
      const assayed = await rulemint(overseer, { ...service, RULEMINT_TOKEN: publisher.token("overseer") });
      expect(assayed, assayed.stderr).toMatchObject({ exit: 0 });
      const published = await run("release-manager", "release", "publish", "--feed", "endpoint");
      expect(published, published.stderr).toMatchObject({ exit: 0 });
      await expectPublished(again, 2);
      expect(await rulemint(["client", "update", "--state", state])).toMatchObject({ exit: 0 });
    } finally {
      await again.stop();
    }
  });

  it.each([
    ["cut", (bytes: Buffer) => bytes.subarray(0, bytes.length - 4096), "ARCHIVE_MALFORMED"],
    ["with a flipped bit", flipped, "ARCHIVE_MALFORMED"],
    ["that climbs out of its folder", climbing, "PATH_UNSAFE"],
  ])("%s restores nothing", async (_, change, code) => {
    const bad = join(folder, "bad.tar");
    writeFileSync(bad, change(readFileSync(archive)));
    const data = join(folder, "nothing");
    const { exit, stderr } = await rulemint(["restore", "--from", bad, "--data", data]);
    expect(exit).toBe(1);
    expect(stderr).toContain(code);
    expect(readdirSync(folder).filter((name) => name.includes("nothing"))).toEqual([]);
  });

  it("is not restored over anything", async () => {
    const { exit } = await rulemint(["restore", "--from", archive, "--data", publisher.data]);
    expect(exit).toBe(2);
  });
});

describe("the service's log", () => {
  it("holds requests, and no token, passphrase or query", async () => {
    const said = publisher.said.join("\n");
    expect(said).toContain('"path":"/v1/submissions"');
    const roles = ["analyst", "reviewer", "release-manager", "overseer", "auditor", "monitor"] as const;
    const secrets = [
      ...roles.map((role) => publisher.token(role)),
      readFileSync(join(publisher.data, "keys/passphrase"), "utf8").trim(),
      "ruleset=",
    ];
    expect(secrets.filter((secret) => said.includes(secret))).toEqual([]);
    for (const line of publisher.said.filter((one) => one.startsWith("{")))
      expect(() => JSON.parse(line)).not.toThrow();
  });
});

function bearer(token: string): RequestInit {
  return { headers: { Authorization: `Bearer ${token}`, "Rulemint-Reason": "a%20test" } };
}

async function expectPublished(again: PublisherProcess, release: number): Promise<void> {
  const url = `${again.origin}/v1/feeds/endpoint/releases/${release}`;
  await expect
    .poll(
      async () =>
        ((await (await fetch(url, bearer(publisher.token("auditor")))).json()) as { state: string }).state,
      {
        timeout: 60_000,
      },
    )
    .toBe("published");
}

function flipped(bytes: Buffer): Buffer {
  const at = bytes.indexOf("rulemint.yaml", 0, "latin1") + 600;
  bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
  return bytes;
}

/** The first header's name, with its checksum made right again. */
function climbing(bytes: Buffer): Buffer {
  bytes.fill(0, 0, 100);
  bytes.write("../climbed", 0, "latin1");
  bytes.write("        ", 148, "latin1");
  const sum = bytes.subarray(0, 512).reduce((total, byte) => total + byte, 0);
  bytes.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
  return bytes;
}
