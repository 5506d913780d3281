/** Strangers read our log: Go's checksum-database code every file and proof, torchwood a proof under a policy. Said plainly where absent. */
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { utf8Bytes } from "../../src/core/encoding/bytes.js";
import { formatLogProof } from "../../src/core/log/log-proof.js";
import { formatNote } from "../../src/core/log/note.js";
import { goPeer } from "../support/go-peers.js";
import { cosign, testLogPolicy, TestLog, testWitnesses } from "../support/log-world.js";
import { temporaryFolder } from "../support/temporary.js";

const readLog = goPeer("read-log", [["bookworm", "golang-golang-x-mod-dev"]]);
const checkProof = goPeer(
  "check-proof",
  [
    "golang-filippo-torchwood-dev",
    "golang-golang-x-mod-dev",
    "golang-golang-x-crypto-dev",
    "golang-golang-x-sync-dev",
  ].map((name) => ["sid", name] as const),
);

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
const at = (name: string) => join(folder.path, name);
beforeAll(async () => {
  folder = await temporaryFolder();
});
afterAll(() => folder.remove());

const ask = (program: string | undefined, ...words: string[]) => {
  const { status, stdout, stderr } = spawnSync(program as string, words, { encoding: "utf8" });
  return { ok: status === 0, said: stdout + stderr };
};
const keep = (name: string, bytes: Uint8Array | string) => {
  mkdirSync(dirname(at(name)), { recursive: true });
  writeFileSync(at(name), bytes);
  return at(name);
};
const flip = (bytes: Uint8Array, at: number) =>
  bytes.map((byte, i) => (i === (at + bytes.length) % bytes.length ? byte ^ 1 : byte));
const logOf = (size: number) => new TestLog().append(...Array.from({ length: size }, (_, i) => `entry ${i}`));

/** As a web server would have it. */
function written(log: TestLog, name: string): string {
  keep(`${name}/checkpoint`, formatNote(cosign(log.checkpoint(), 1_790_000_000, ...testWitnesses)));
  for (const [path, bytes] of log.files) keep(`${name}/${path}`, bytes);
  return at(name);
}

describe.runIf(readLog !== undefined)("Go's x/mod/sumdb", () => {
  it.each([1, 2, 255, 256, 257, 1000, 65_537])("reads a log of %i entries whole", (size) => {
    const log = logOf(size);
    const { ok, said } = ask(readLog, "log", written(log, `log-${size}`), log.log.vkey);
    expect(said).toBe(`${size} entries, root ${Buffer.from(log.root).toString("base64")}\n`);
    expect(ok).toBe(true);
  });

  it("refuses it with a byte of any file flipped, and under another key", () => {
    const log = logOf(600);
    const dir = written(log, "flipped");
    const names = readdirSync(dir, { recursive: true, withFileTypes: true })
      .filter((one) => one.isFile())
      .map((one) => join(one.parentPath, one.name));
    expect(names.length).toBeGreaterThan(7);
    for (const name of names) {
      const bytes = new Uint8Array(readFileSync(name));
      // Of a checkpoint, its text: the last lines are the witnesses', whom this reader does not know.
      for (const place of name.endsWith("checkpoint") ? [0, 25, 60] : [0, 7, bytes.length >> 1, -1]) {
        writeFileSync(name, flip(bytes, place));
        expect(ask(readLog, "log", dir, log.log.vkey).ok, `${name}, byte ${place}`).toBe(false);
      }
      writeFileSync(name, bytes);
    }
    expect(ask(readLog, "log", dir, log.log.vkey).ok).toBe(true);
    expect(ask(readLog, "log", dir, new TestLog("example.com/other").log.vkey).ok).toBe(false);
  });

  it("takes our inclusion and consistency proofs, and none that was changed", async () => {
    const [before, after] = [logOf(300), logOf(70_000)];
    for (const index of [0, 255, 256, 69_999]) {
      const proof = keep("proof", formatLogProof(await after.prove(index)));
      const [entry, other] = [keep("entry", `entry ${index}`), keep("other", `entry ${index + 1}`)];
      expect(ask(readLog, "proof", proof, entry, after.log.vkey)).toMatchObject({ ok: true });
      expect(ask(readLog, "proof", proof, other, after.log.vkey).ok).toBe(false);
      const text = formatLogProof(await after.prove(index));
      const bad = keep("bad", flip(utf8Bytes(text), text.indexOf("\n\n") - 9));
      expect(ask(readLog, "proof", bad, entry, after.log.vkey).ok).toBe(false);
    }
    const heads = [before, after].map((log, i) => keep(`head-${i}`, formatNote(log.checkpoint())));
    const hashes = (await after.continues(300)).map((hash) => Buffer.from(hash).toString("base64"));
    const growth = (lines: string[]) =>
      ask(readLog, "growth", ...heads, keep("hashes", lines.join("\n")), after.log.vkey).ok;
    expect([growth(hashes), growth(hashes.toReversed()), growth(hashes.slice(1))]).toEqual([
      true,
      false,
      false,
    ]);
  });
});

describe.runIf(checkProof !== undefined)("torchwood", () => {
  it("accepts our proof under our policy with two witnesses of three, and with none fewer", async () => {
    const log = logOf(1000);
    const policy = keep("policy", testLogPolicy(log.log));
    const entry = keep("entry", "entry 777");
    for (const [cosigners, ok] of [
      [0, false],
      [1, false],
      [2, true],
      [3, true],
    ] as const) {
      const note = cosign(log.checkpoint(), 1_790_000_000, ...testWitnesses.slice(0, cosigners));
      const proof = keep("proof", formatLogProof(await log.prove(777, note)));
      expect(ask(checkProof, policy, proof, entry), `${cosigners} cosignatures`).toMatchObject({ ok });
    }
    const note = cosign(log.checkpoint(), 1_790_000_000, ...testWitnesses);
    const text = formatLogProof(await log.prove(777, note));
    for (const place of [0, 30, 80, text.indexOf("\n\n") + 30]) {
      const bad = keep("bad", flip(utf8Bytes(text), place));
      expect(ask(checkProof, policy, bad, entry).ok, `byte ${place}`).toBe(false);
    }
    expect(ask(checkProof, policy, keep("proof", text), keep("other", "entry 778")).ok).toBe(false);
  });
});
