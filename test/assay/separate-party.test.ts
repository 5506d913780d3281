/**
 * The overseer as somebody else: a folder of its own that began empty, a key in a token, and nothing of the publisher's but its address,
 * the pinned root and a token for the desk.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTokens, haveSoftHSM, softHSMModule } from "../adapters/signer/softhsm.js";
import { cliPath, inState, PublisherProcess, rulemint, until } from "../faults/publisher-process.js";
import { temporaryFolder } from "../support/temporary.js";

let publisher: PublisherProcess;
let theirs: { readonly path: string; remove(): Promise<void> };
let own: { readonly path: string; remove(): Promise<void> };
let data: string;
let watching: ChildProcess | undefined;

beforeAll(async () => {
  [theirs, own] = [await temporaryFolder(), await temporaryFolder()];
  data = join(own.path, "overseer");
  publisher = new PublisherProcess(theirs.path);
  await publisher.init();
});
afterAll(async () => {
  watching?.kill("SIGKILL");
  await publisher.stop("SIGKILL");
  await theirs.remove();
  await own.remove();
});

async function sure(...words: string[]): Promise<string> {
  const { exit, stdout, stderr } = await rulemint(words);
  if (exit !== 0) throw new Error(`${words.join(" ")}: exit ${exit}\n${stdout}${stderr}`);
  return stdout;
}

/** The keyholders of `targets` put the key of the overseer's token in the place of the one that `init` made. */
async function takeIntoFeed(): Promise<void> {
  const proposal = join(theirs.path, "proposal");
  const passphrase = join(publisher.data, "keys/passphrase");
  const change = [
    "--add",
    `endpoint/overseer:token=${join(data, "key.pem")}`,
    "--remove",
    "endpoint:overseer",
  ];
  await sure("targets", "propose", "--data", publisher.data, "--out", proposal, ...change);
  for (const name of ["targets-1", "targets-2"]) {
    const key = ["--key-file", join(publisher.data, `offline/${name}.key`), "--passphrase-file", passphrase];
    await sure("targets", "sign", "--proposal", proposal, ...key);
  }
  await sure("targets", "publish", "--data", publisher.data, "--proposal", proposal);
}

const assay = (verb: string, ...words: string[]) =>
  publisher.cli("overseer", "assay", verb, "--data", data, "--json", ...words);
const status = async () => JSON.parse((await assay("status")).stdout);

describe.runIf(haveSoftHSM)("an overseer on another machine", () => {
  it("SPEC §10.3.1 makes its folder around a key that never leaves its token", async () => {
    createTokens(own.path, "2468", "overseer");
    writeFileSync(join(own.path, "pin"), "2468\n", { mode: 0o600 });
    copyFileSync(join(publisher.data, "root.json"), join(own.path, "root.json"));
    const place = ["--pkcs11-module", softHSMModule, "--token-label", "overseer", "--key-label", "assay"];
    const key = [...place, "--pin-file", join(own.path, "pin")];
    await sure("key", "generate", ...key);
    await sure("assay", "init", "--data", data, "--root", join(own.path, "root.json"), ...key);
    expect(readdirSync(data, { recursive: true }).filter((name) => String(name).endsWith(".key"))).toEqual(
      [],
    );
    await takeIntoFeed();
    // The key that `init` made for a demonstration on one machine is nowhere any more.
    rmSync(join(publisher.overseer, "keys/assay.key"));
    await publisher.start();
  });

  it("SPEC §10.3.6 is one process at a time, follows the feed, and says how it stands", async () => {
    await publisher.addRules("hosts", { "a.txt": "evil.example.com\n", "b.txt": "bad.example.com\n" });
    const words = ["assay", "watch", "--data", data, "--server", publisher.origin, "--every", "1"];
    watching = spawn(process.execPath, [cliPath, ...words, "--token", publisher.token("overseer")], {
      stdio: "ignore",
    });
    const ended = once(watching, "close");
    await until("the first round", status, ({ running, lastAnswerAt }) => running && Boolean(lastAnswerAt));
    const second = await assay("watch", "--once");
    expect(second).toMatchObject({ exit: 1 });
    expect(second.stdout + second.stderr).toContain("STATE_LOCKED");
    const { release } = await publisher.build();
    await publisher.reaches(release, inState("assayed"));
    await until("the status", status, ({ passed }) => passed === 1);
    watching.kill("SIGTERM");
    await ended;
    expect(await status()).toMatchObject({
      ...{ running: false, party: "overseer", signed: 1, failures: [], server: publisher.origin },
      verdicts: [{ feed: "endpoint", release: 1, result: "PASSED" }],
    });
  });

  it("SPEC §10.3.8 says nothing about a release whose files its own sources do not have", async () => {
    await publisher.publish(1);
    await publisher.reaches(1, inState("published"));
    await publisher.addRules("hosts", { "a.txt": "evil.example.com\n", "c.txt": "worse.example.com\n" });
    const { release } = await publisher.build();
    await publisher.reaches(release, inState("signed"));
    const repository = join(own.path, "repository");
    mkdirSync(repository);
    const missing = await assay("watch", "--once", "--sources", repository);
    expect(missing).toMatchObject({ exit: 1, stdout: expect.stringContaining("FETCH_NOT_FOUND") });
    expect((await publisher.show(release)).state).toBe("signed");
    expect(await assay("status")).toMatchObject({
      exit: 1,
      stdout: expect.stringContaining("FETCH_NOT_FOUND"),
    });
    writeFileSync(join(repository, "pulled"), "worse.example.com\n");
    expect(await assay("watch", "--once", "--sources", repository)).toMatchObject({ exit: 0 });
    await publisher.publish(release);
    await publisher.reaches(release, inState("published"));
  });

  it("what it co-signed is what an endpoint accepts", async () => {
    const state = join(own.path, "endpoint");
    await sure(
      "client",
      "init",
      "--state",
      state,
      "--url",
      publisher.origin,
      "--root",
      join(own.path, "root.json"),
    );
    expect(JSON.parse(await sure("client", "update", "--state", state, "--json"))).toMatchObject({
      release: 2,
    });
    expect(existsSync(join(state, "database"))).toBe(true);
    expect(readFileSync(join(data, "status.json"), "utf8")).toContain('"signed": 2');
  });
});
