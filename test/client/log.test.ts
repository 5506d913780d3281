/** The log through an endpoint's eyes: what it asks for, what it refuses, what it remembers, and who it accuses. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ErrorCode } from "../../src/core/errors.js";
import { parseCheckpoint } from "../../src/core/log/checkpoint.js";
import { parseNote } from "../../src/core/log/note.js";
import { evidencePath } from "../../src/core/release/tree-paths.js";
import { SimulatedLog } from "../simulator/log.js";
import { flipped, instead, missing } from "../simulator/server.js";
import { TestLog, testKey } from "../support/log-world.js";
import { type Scene, indicators, openScene } from "./endpoint.js";

let scene: Scene;
let log: SimulatedLog;
const update = () => scene.endpoint.updater.update();
const release = (n: number) => scene.publisher.release(indicators(n));
/** The root that asks for a log, as a rotation of the one that was pinned. */
beforeEach(async () => {
  scene = await openScene();
  log = new SimulatedLog();
  scene.publisher.log = log;
  await scene.publisher.publishRoot();
  await release(1);
  await update();
});
afterEach(() => scene.close());

async function refused(code: ErrorCode): Promise<void> {
  const before = await scene.endpoint.databaseSha256();
  await expect(update()).rejects.toMatchObject({ code });
  expect(await scene.endpoint.databaseSha256()).toBe(before);
  expect((await scene.endpoint.updater.status()).lastFailure?.code).toBe(code);
}

describe("an endpoint whose root asks for the log", () => {
  it("proves each release by it, asks for one file more, and for nothing at all when there is nothing new", async () => {
    const { server } = scene;
    await release(2);
    server.requests.length = 0;
    const { proof } = await update();
    expect(proof.log).toMatchObject({ index: 1, checkpoint: { size: 2 } });
    expect(server.requests.filter((path) => /^(log|evidence)\//.test(path))).toEqual([
      "evidence/endpoint/2.p7s",
      "evidence/endpoint/2.json",
    ]);
    server.requests.length = 0;
    await update();
    expect(server.requests).toEqual(["metadata/timestamp.json"]);
  });

  it("reads tiles when it missed releases, as few as it takes", async () => {
    await release(2);
    await release(3);
    scene.server.requests.length = 0;
    await update();
    expect(scene.server.requests.filter((path) => path.startsWith("log/"))).toEqual(["log/tile/0/000.p/3"]);
  });

  it.each<[string, ErrorCode, (evidence: SimulatedLog) => void]>([
    [
      "no proof",
      "LOG_PROOF_MISSING",
      (one) => {
        one.lie = () => undefined;
      },
    ],
    [
      "a proof that cannot be read",
      "LOG_PROOF_MALFORMED",
      (one) => {
        one.lie = ({ entry }) => ({ entry, proof: "x" });
      },
    ],
    [
      "the proof of the release before",
      "LOG_ENTRY_MISMATCH",
      (one) => {
        one.lie = replayed(scene);
      },
    ],
    [
      "one witness of three",
      "WITNESS_QUORUM",
      (one) => {
        one.witnesses = one.witnesses.slice(1);
      },
    ],
    [
      "witnesses that nobody pinned",
      "WITNESS_QUORUM",
      (one) => {
        one.witnesses = ["a", "b"].map((name) => testKey(name, 4));
      },
    ],
    [
      "another log",
      "LOG_KEY_UNKNOWN",
      (one) => {
        one.log = new TestLog("example.com/other");
      },
    ],
  ])(
    "SPEC §7.9 to §7.13 refuses a release with %s, and goes on after the next honest one",
    async (_lie, code, tell) => {
      const honest = { ...log, lie: log.lie, witnesses: log.witnesses, log: log.log };
      tell(log);
      await release(2);
      await refused(code);
      Object.assign(log, { lie: honest.lie, witnesses: honest.witnesses, log: honest.log });
      await release(3);
      expect(await update()).toMatchObject({ release: 3 });
    },
  );

  it("refuses evidence that a mirror changed or lost, and takes it when it is back", async () => {
    await release(2);
    const path = new RegExp(evidencePath(scene.publisher.feed, 2 as never));
    scene.server.behaviours = [[path, missing]];
    await refused("LOG_PROOF_MISSING");
    const document = new TextDecoder().decode(scene.publisher.tree.get("evidence/endpoint/2.json"));
    for (const place of [
      "schema",
      '"endpoint\\"',
      "manifestSha256",
      "index ",
      "example.com",
      "witness.example",
      "=\\n",
    ]) {
      scene.server.behaviours = [[path, flipped(document.indexOf(place, document.indexOf("logEntry")))]];
      await expect(update()).rejects.toMatchObject({
        code: expect.stringMatching(/^(LOG|NOTE|TEXT|WITNESS)_/),
      });
    }
    scene.server.behaviours = [];
    expect(await update()).toMatchObject({ release: 2 });
  });

  it("SPEC §8.2.7 proves the same entry again, under the newest checkpoint, when its proof has grown too old", async () => {
    log.cosignatureHoursMax = 24;
    await scene.publisher.publishRoot();
    await release(2);
    await update();
    scene.wait(2);
    await scene.publisher.publishSnapshot();
    await scene.publisher.publishTimestamp();
    log.log.append("heartbeat", "heartbeat");
    await refused("CHECKPOINT_STALE");
    log.show(scene.publisher.tree, scene.publisher.now);
    const { proof } = await update();
    expect(proof.log).toMatchObject({ index: 1, checkpoint: { size: 4 } });
    scene.server.requests.length = 0;
    await update();
    expect(scene.server.requests).toEqual(["metadata/timestamp.json"]);
  });
});

describe("SPEC §11.10.3 a log that shows this endpoint another history", () => {
  /** The same key, another past. */
  async function fork(): Promise<void> {
    log.log = new TestLog().append("a past that nobody else has seen", "and more of it");
    await release(2);
  }

  it("is convicted: both checkpoints are kept, and nothing of it counts any more, honest or not", async () => {
    const honest = log.log;
    await fork();
    await refused("LOG_FORK");
    const { logFork } = await scene.endpoint.updater.status();
    expect(logFork).toMatchObject({ origin: honest.origin, vkey: honest.log.vkey });
    const files = await Promise.all((logFork?.files ?? []).map((name) => scene.endpoint.read(name)));
    const heads = files.map((bytes) => parseCheckpoint(parseNote(new Uint8Array(bytes)).text));
    expect(heads.map(({ size }) => size)).toEqual([1, 3]);
    log.log = honest;
    await release(3);
    await refused("LOG_FORK");
  });

  it("is trusted again only by another key, which the root must pin", async () => {
    await fork();
    await refused("LOG_FORK");
    log.log = new TestLog("example.com/releases-2");
    await scene.publisher.publishRoot();
    await release(3);
    expect(await update()).toMatchObject({ release: 3 });
  });

  it("is not what a mirror with wrong tiles makes of it", async () => {
    await release(2);
    await release(3);
    scene.server.behaviours = [[/^log\/tile/, instead((bytes) => bytes.map((byte) => byte ^ 1))]];
    await refused("LOG_CONSISTENCY_FAILED");
    expect((await scene.endpoint.updater.status()).logFork).toBeNull();
    scene.server.behaviours = [];
    expect(await update()).toMatchObject({ release: 3 });
  });
});

/** The evidence of release 1 once more. */
function replayed({ publisher }: Scene): SimulatedLog["lie"] {
  const old = JSON.parse(
    new TextDecoder().decode(publisher.tree.get(evidencePath(publisher.feed, 1 as never))),
  );
  return () => ({ entry: old.logEntry, proof: old.logProof });
}
