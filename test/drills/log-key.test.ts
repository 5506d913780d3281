/**
 * The log's key is stolen. The thief signs checkpoints and has the network; he has no witness and no key of TUF. He makes no release and
 * hides none, but two histories under one key convict the log, and endpoints stand still until a root names another.
 */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { indicators, type Scene } from "../client/endpoint.js";
import { SimulatedLog } from "../simulator/log.js";
import { testSigner } from "../simulator/test-signer.js";
import { TestLog } from "../support/log-world.js";
import { answerOf, forkedLog, newcomerTo, openLoggedFeed } from "./logged-feed.js";

let scene: Scene;
let log: SimulatedLog;
beforeEach(async () => {
  ({ scene, log } = await openLoggedFeed());
});
afterEach(() => scene.close());

const release = (n: number) => scene.publisher.release(indicators(n));

const update = (endpoint = scene.endpoint) => answerOf(endpoint);
const newcomer = (name: string) => newcomerTo(scene, name);

/** The publisher's next root, which pins another log. */
async function rotate(): Promise<void> {
  log.log = new TestLog("example.com/releases-2");
  await scene.publisher.publishRoot();
}

describe("the log's key is stolen", () => {
  it("makes no release that an endpoint takes: who may speak is none of the log's business", async () => {
    const { publisher } = scene;
    await publisher.release(indicators(2), { signers: [await testSigner(), await testSigner()] });
    expect(await update()).toBe("METADATA_THRESHOLD");
    await publisher.release(indicators(3), { signers: [publisher.publisherKey] });
    expect(await update()).toBe("METADATA_THRESHOLD");
  });

  it("shows nobody another history without the witnesses, who cosign one that continues theirs alone", async () => {
    const honest = { witnesses: log.witnesses, log: log.log };
    Object.assign(log, { log: forkedLog(), witnesses: [] });
    await release(2);
    const late = await newcomer("late");
    expect(await update(late)).toBe("WITNESS_QUORUM");
    Object.assign(log, honest);
    await release(3);
    expect(await update(late)).toBe(3);
  });

  it("convicts the log at whoever has seen the honest one: nothing new is taken, and the database stays", async () => {
    const honest = { witnesses: log.witnesses, log: log.log };
    const before = await scene.endpoint.databaseSha256();
    Object.assign(log, { log: forkedLog(), witnesses: [] });
    await release(2);
    expect(await update()).toBe("LOG_FORK");
    Object.assign(log, honest);
    await release(3);
    expect(await update()).toBe("LOG_FORK");
    expect(await scene.endpoint.databaseSha256()).toBe(before);
    const { installed, logFork } = await scene.endpoint.updater.status();
    expect([installed?.release, logFork?.files.length]).toEqual([1, 2]);
  });

  it("ends with a root that names another log, and a release in it: convicted endpoints and newcomers go on", async () => {
    Object.assign(log, { log: forkedLog(), witnesses: [] });
    await release(2);
    expect(await update()).toBe("LOG_FORK");
    log.witnesses = new SimulatedLog().witnesses;
    await rotate();
    await release(3);
    expect(await update()).toBe(3);
    expect(await update(await newcomer("next"))).toBe(3);
    // The old key counts for nothing any more, with its own past and with the witnesses' signatures.
    log.log = new TestLog();
    await release(4);
    expect(await update()).toBe("LOG_KEY_UNKNOWN");
  });

  it("until that release is there, a root alone proves nothing under the new log, and nothing gets lost", async () => {
    const before = await scene.endpoint.databaseSha256();
    await rotate();
    await scene.publisher.publishSnapshot();
    expect(await update()).toBe("LOG_KEY_UNKNOWN");
    expect(await scene.endpoint.databaseSha256()).toBe(before);
    await release(2);
    expect(await update()).toBe(2);
  });
});
