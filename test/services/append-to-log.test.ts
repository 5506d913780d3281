import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openFilesystemLog } from "../../src/adapters/log/filesystem.js";
import { openHTTPWitness } from "../../src/adapters/witness/http.js";
import { utf8Bytes } from "../../src/core/encoding/bytes.js";
import { OperationError } from "../../src/core/errors.js";
import { parseLogPolicy } from "../../src/core/log/log-policy.js";
import { formatLogProof, parseLogProof } from "../../src/core/log/log-proof.js";
import { parseNote } from "../../src/core/log/note.js";
import { verifyCheckpoint, verifyLogProof } from "../../src/core/log/verify-checkpoint.js";
import { createWitnessApp } from "../../src/http/witness-app.js";
import { nodeDigest, nodePairDigest } from "../../src/adapters/node-digest.js";
import type { Witness } from "../../src/ports/witness.js";
import { type OwnLog, appendToLog, checkpointOver, proveEntry } from "../../src/services/append-to-log.js";
import { cosignCheckpoint, cosignedCheckpoint } from "../../src/witness/cosign-checkpoint.js";
import { listen, stop } from "../support/listen.js";
import {
  type TestKey,
  TestLog,
  cosign,
  testKey,
  testLogPolicy,
  testWitnesses,
} from "../support/log-world.js";
import { temporaryFolder } from "../support/temporary.js";
import { askedDirectly, signerOf, witnessContext } from "../support/test-witness.js";

const origin = new TestLog().origin;
const key = testKey(origin, 1);
const clock = { now: () => new Date("2026-09-01T12:00:00Z") };
const policy = parseLogPolicy(testLogPolicy(key));
const [north, south, west] = testWitnesses as [TestKey, TestKey, TestKey];
const ours = (name: string, one: TestKey) => askedDirectly(name, witnessContext(one, [key], clock));
const dead = (name: string, { key }: TestKey): Witness => ({
  name,
  key,
  addCheckpoint: async () => {
    throw new OperationError("WITNESS_UNAVAILABLE", "expected an answer, got silence");
  },
});

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let log: OwnLog;
const open = async (witnesses: readonly Witness[]): Promise<OwnLog> => ({
  ...{
    origin,
    signer: signerOf(key),
    witnesses,
    policy: async () => policy,
    clock,
    pairDigest: nodePairDigest,
  },
  pause: async () => undefined,
  store: await openFilesystemLog({
    ...{ files: join(folder.path, "public"), state: join(folder.path, "state"), digest: nodeDigest },
  }),
});
const shown = async () => {
  const bytes = await log.store.readHead("checkpoint");
  return bytes && verifyCheckpoint(parseNote(bytes), { policy, now: clock.now() });
};

beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(async () => {
  await log.store.close();
  await folder.remove();
});

describe("a log of ours", () => {
  it("gives proofs that a stranger accepts, for each of its entries", async () => {
    log = await open([ours("north", north), ours("south", south), ours("west", west)]);
    const entries = Array.from({ length: 300 }, (_, i) => utf8Bytes(`entry ${i}`));
    expect(await appendToLog(log, entries.slice(0, 10))).toBe(0);
    await checkpointOver(log, 9);
    expect(await appendToLog(log, entries.slice(10))).toBe(10);
    const checkpoint = await checkpointOver(log, 299);
    for (const index of [0, 9, 10, 255, 256, 299]) {
      const text = formatLogProof(await proveEntry(log, index, checkpoint));
      const proven = await verifyLogProof(parseLogProof(text), entries[index] as Uint8Array, {
        ...{ policy, now: clock.now(), cosignatureSecondsMax: 60 },
      });
      expect(proven.checkpoint).toMatchObject({ origin, size: 300 });
    }
  });

  it("shares one checkpoint among those who wait for it", async () => {
    let asked = 0;
    const counting = ours("north", north);
    const addCheckpoint: Witness["addCheckpoint"] = async (request) => {
      asked++;
      return counting.addCheckpoint(request);
    };
    log = await open([{ ...counting, addCheckpoint }, ours("south", south)]);
    const indices = await Promise.all(
      Array.from({ length: 20 }, (_, i) => appendToLog(log, [utf8Bytes(`${i}`)])),
    );
    const checkpoints = await Promise.all(indices.map((index) => checkpointOver(log, index)));
    expect(new Set(checkpoints.map(({ size }) => size))).toEqual(new Set([20]));
    expect(asked).toBe(1);
  });

  it("SPEC §11.8.4 shows nothing without a quorum, and goes on when there is one", async () => {
    log = await open([ours("north", north), dead("south", south), dead("west", west)]);
    const index = await appendToLog(log, [utf8Bytes("entry")]);
    await expect(checkpointOver(log, index)).rejects.toMatchObject({
      code: "WITNESS_UNAVAILABLE",
      message: expect.stringMatching(/1 of 3.*south: .*silence.*west: .*silence/),
    });
    expect(await shown()).toBeUndefined();
    log = { ...log, witnesses: [...log.witnesses.slice(0, 2), ours("west", west)] };
    expect(await checkpointOver(log, index)).toMatchObject({ size: 1 });
    expect((await shown())?.cosignatures.map(({ witness }) => witness)).toEqual(["w1", "w3"]);
  });

  it("SPEC §11.9.7 takes up a witness where it stands, even one that others have moved on", async () => {
    const context = witnessContext(north, [key], clock);
    log = await open([askedDirectly("north", context), ours("south", south)]);
    for (let size = 1; size <= 5; size++) {
      await checkpointOver(log, await appendToLog(log, [utf8Bytes(`entry ${size}`)]));
    }
    // Another process of the same log, which knows nothing of what the witnesses have seen.
    log = { ...log, witnesses: [askedDirectly("north", context), log.witnesses[1] as Witness] };
    expect(await checkpointOver(log, await appendToLog(log, [utf8Bytes("entry 6")]))).toMatchObject({
      size: 6,
    });
  });

  it.each<[string, (text: string) => string]>([
    ["cosigns something else", (text) => lines(text.replace(/\n\d+\n/, "\n99\n"), south)],
    ["cosigns with another key", (text) => lines(text, west)],
    ["answers no signature line", () => "thank you\n"],
    ["answers nothing", () => ""],
  ])("SPEC §11.9.7 does without a witness that %s", async (_rule, answer) => {
    const liar: Witness = {
      ...{ name: "south", key: south.key },
      addCheckpoint: async (request) => {
        const text = new TextDecoder().decode(request);
        const checkpoint = text.slice(text.indexOf("\n\n") + 2, text.lastIndexOf("\n\n") + 1);
        return { kind: "cosigned", lines: answer(checkpoint) };
      },
    };
    log = await open([ours("north", north), liar]);
    const index = await appendToLog(log, [utf8Bytes("entry")]);
    await expect(checkpointOver(log, index)).rejects.toMatchObject({ code: "WITNESS_UNAVAILABLE" });
    log = { ...log, witnesses: [...log.witnesses, ours("west", west)] };
    expect((await checkpointOver(log, index)).cosignatures).toHaveLength(2);
  });

  it("does without a witness that has seen a larger tree than ours, or never says the same size twice", async () => {
    let size = 0;
    const ahead: Witness = {
      name: "s",
      key: south.key,
      addCheckpoint: async () => ({ kind: "conflict", size: 7 }),
    };
    const fickle: Witness = {
      name: "w",
      key: west.key,
      addCheckpoint: async () => ({ kind: "conflict", size: size++ % 2 }),
    };
    log = await open([ours("north", north), ahead, fickle]);
    const index = await appendToLog(log, [utf8Bytes("one"), utf8Bytes("two")]);
    await expect(checkpointOver(log, index)).rejects.toThrow(/has seen 7 entries.*another size 4 times/);
  });

  it("SPEC §11.8.3 signs no tree that is not there any more", async () => {
    log = await open([ours("north", north), ours("south", south)]);
    await checkpointOver(log, await appendToLog(log, [utf8Bytes("one")]));
    const other = new TestLog().append("another").checkpoint();
    await log.store.writeHead("signed", utf8Bytes(noteText(other)));
    await expect(checkpointOver(log, -1)).rejects.toMatchObject({ code: "LOG_CORRUPT" });
    const larger = new TestLog().append("one", "two").checkpoint();
    await log.store.writeHead("signed", utf8Bytes(noteText(larger)));
    await appendToLog(log, []).catch(() => undefined);
    await expect(checkpointOver(log, -1)).rejects.toMatchObject({ code: "LOG_CORRUPT" });
  });

  it("speaks to a witness over HTTP, and passes over one that is not there", async () => {
    const context = witnessContext(north, [key], clock);
    const failures: unknown[] = [];
    const door = {
      add: (body: Uint8Array) => cosignCheckpoint(context, body),
      shown: (name: string) => cosignedCheckpoint(context, name),
    };
    const server = await listen(createWitnessApp(door, (error) => failures.push(error)));
    const gone = await listen(() => undefined);
    await stop(gone.server);
    log = await open([
      openHTTPWitness({ name: "north", key: north.key, url: `${server.origin}/` }),
      openHTTPWitness({ name: "west", key: west.key, url: gone.origin }),
      ours("south", south),
    ]);
    await checkpointOver(log, await appendToLog(log, [utf8Bytes("one")]));
    await checkpointOver(log, await appendToLog(log, [utf8Bytes("two")]));
    expect((await shown())?.cosignatures.map(({ witness }) => witness)).toEqual(["w1", "w2"]);
    expect(failures).toEqual([]);
    await stop(server.server);
  });
});

function lines(text: string, witness: TestKey): string {
  return noteText(cosign({ text, signatures: [] }, 1_700_000_000, witness)).slice(text.length + 1);
}

function noteText({
  text,
  signatures,
}: {
  text: string;
  signatures: readonly { name: string; keyID: Uint8Array; signature: Uint8Array }[];
}): string {
  const line = (one: (typeof signatures)[number]) =>
    `— ${one.name} ${Buffer.from([...one.keyID, ...one.signature]).toString("base64")}\n`;
  return `${text}\n${signatures.map(line).join("")}`;
}
