/** `rulemint witness …` as its owner runs it: a folder, a process on a port, and logs that come and ask. */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openHTTPWitness } from "../../src/adapters/witness/http.js";
import { parseNote, parseSignatureLines, verifyLines } from "../../src/core/log/note.js";
import { formatVerifierKey, parseVerifierKey, type VerifierKey } from "../../src/core/log/verifier-key.js";
import { formatAddCheckpoint } from "../../src/core/log/witness-request.js";
import { utf8Bytes } from "../../src/core/encoding/bytes.js";
import { rulemint } from "../faults/publisher-process.js";
import { TestLog } from "../support/log-world.js";
import { Running } from "../support/running.js";
import { temporaryFolder } from "../support/temporary.js";

const grown = (size: number, word = "entry", origin?: string) =>
  new TestLog(origin).append(...Array.from({ length: size }, (_, i) => `${word} ${i}`));

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let running: Running | undefined;
let url: string;
let key: VerifierKey;

const witness = (verb: string, ...words: string[]) =>
  rulemint(["witness", verb, "--data", join(folder.path, "w"), ...words]);
async function serve(): Promise<void> {
  running = new Running(["witness", "serve", "--data", join(folder.path, "w"), "--listen", "127.0.0.1:0"]);
  [, url = ""] = await running.line(/listens on (http:\S+)/);
}

async function ask(log: TestLog, oldSize: number): Promise<{ status: number; body: string }> {
  const proof = await log.continues(oldSize);
  const body = formatAddCheckpoint({ oldSize, proof, checkpoint: log.checkpoint() });
  const answer = await fetch(`${url}/add-checkpoint`, { method: "POST", body });
  return { status: answer.status, body: await answer.text() };
}

async function expectCosigned(log: TestLog, oldSize: number): Promise<void> {
  const { status, body } = await ask(log, oldSize);
  expect(status).toBe(200);
  const note = { text: log.checkpoint().text, signatures: parseSignatureLines(body) };
  expect(await verifyLines(note, [key])).toHaveLength(1);
}

beforeEach(async () => {
  folder = await temporaryFolder();
  const words = ["--name", "witness.example/north", "--log", new TestLog().log.vkey, "--json"];
  const { exit, stdout } = await witness("init", ...words);
  expect(exit).toBe(0);
  key = parseVerifierKey(JSON.parse(stdout).vkey);
  await serve();
});
afterEach(async () => {
  await running?.stop("SIGKILL");
  await folder.remove();
});

describe("a witness as a process", () => {
  it("SPEC §11.9.4 refuses a split view, also after it was killed and started again", async () => {
    await expectCosigned(grown(5), 0);
    expect(await ask(grown(9, "lie"), 5)).toMatchObject({ status: 422 });
    expect(await running?.stop("SIGKILL")).toBeNull();
    await serve();
    for (const [log, old, status] of [
      [grown(5, "lie"), 5, 422],
      [grown(9, "lie"), 5, 422],
      [grown(5, "lie"), 0, 409],
      [grown(3), 3, 409],
    ] as const) {
      expect(await ask(log, old)).toMatchObject({ status });
    }
    await expectCosigned(grown(9), 5);
    const name = createHash("sha256").update(new TestLog().origin).digest("hex");
    const shown = await (await fetch(`${url}/${name}/checkpoint`)).text();
    expect(parseNote(utf8Bytes(shown)).text).toBe(grown(9).checkpoint().text);
    expect(await running?.stop()).toBe(0);
    const view = JSON.parse((await witness("show", "--json")).stdout);
    expect(view).toMatchObject({ logs: [{ cosigned: { size: 9 } }] });
  });

  it("cosigns one of many trees that come at the same moment, by two processes over one folder", async () => {
    const first = { running, url };
    await serve();
    const urls = [first.url, url];
    const answers = await Promise.all(
      Array.from({ length: 20 }, async (_, i) => {
        const body = formatAddCheckpoint({
          ...{ oldSize: 0, proof: [], checkpoint: grown(5, `rival ${i}`).checkpoint() },
        });
        return (await fetch(`${urls[i % 2]}/add-checkpoint`, { method: "POST", body })).status;
      }),
    );
    await first.running?.stop();
    expect(answers.toSorted()).toEqual([200, ...Array.from({ length: 19 }, () => 409)]);
  });

  it("follows another log while it runs, and lets go of one without forgetting what it cosigned", async () => {
    const other = grown(2, "entry", "example.com/other");
    expect(await ask(other, 0)).toMatchObject({ status: 404 });
    expect(await witness("follow", "--log", other.log.vkey)).toMatchObject({ exit: 0 });
    await expectCosigned(other, 0);
    expect(await witness("unfollow", "--log", other.log.vkey)).toMatchObject({ exit: 0 });
    expect(await ask(other, 2)).toMatchObject({ status: 404 });
    await witness("follow", "--log", other.log.vkey);
    expect(await ask(grown(2, "lie", "example.com/other"), 2)).toMatchObject({ status: 422 });
  });

  it("is what our own log's side expects of a witness", async () => {
    const client = openHTTPWitness({ name: "north", key, url });
    const checkpoint = grown(3).checkpoint();
    const request = (oldSize: number) => formatAddCheckpoint({ oldSize, proof: [], checkpoint });
    expect(await client.addCheckpoint(request(0))).toMatchObject({ kind: "cosigned" });
    expect(await client.addCheckpoint(request(0))).toEqual({ kind: "conflict", size: 3 });
  });

  it("refuses what is no request, and what its folder does not allow, and goes on", async () => {
    for (const [path, init, status] of [
      ["add-checkpoint", { method: "POST", body: "x".repeat(80_000) }, 413],
      ["add-checkpoint", { method: "POST", body: "" }, 400],
      ["add-checkpoint", { method: "GET" }, 405],
      ["metrics", { method: "GET" }, 404],
    ] as const) {
      expect((await fetch(`${url}/${path}`, init)).status).toBe(status);
    }
    for (const [verb, words, said] of [
      ["init", ["--name", "w"], /expected a folder without witness.yaml/],
      ["follow", ["--log", formatVerifierKey(key)], /key of type 1/],
      ["unfollow", ["--log", "x"], /that this witness follows/],
    ] as const) {
      const refused = { exit: 2, stderr: expect.stringMatching(said) };
      expect(await witness(verb, ...words)).toMatchObject(refused);
    }
    await expectCosigned(grown(1), 0);
  });
});
