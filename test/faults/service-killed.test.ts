/**
 * `kill -9` of the service wherever it is in a release. What was acknowledged is there afterwards, the work goes on by itself,
 * and customers find an acceptable tree at every instant.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Submission } from "../../src/cli/api-client.js";
import { RulemintError } from "../../src/core/errors.js";
import { TestEndpoint } from "../client/endpoint.js";
import { temporaryFolder } from "../support/temporary.js";
import { feed, inState, indicators, PublisherProcess, order } from "./publisher-process.js";
import { serveFolder, type StaticTree } from "./static-tree.js";

const clock = { now: () => new Date() };
const over = inState("published");
let publisher: PublisherProcess;
let tree: StaticTree;
let folder: { readonly path: string; remove(): Promise<void> };
/** One that was there from the first release on, and keeps its state. */
let endpoint: TestEndpoint;
let kills = 0;
let fresh = 0;

beforeAll(async () => {
  folder = await temporaryFolder();
  publisher = new PublisherProcess(folder.path);
  await publisher.init();
  await publisher.start();
  tree = await serveFolder(join(publisher.data, "public"));
  endpoint = await newEndpoint("endpoint");
});
afterAll(async () => {
  await publisher.stop("SIGKILL");
  await endpoint.close();
  await tree.close();
  await folder.remove();
});

async function newEndpoint(name: string): Promise<TestEndpoint> {
  const one = await TestEndpoint.open(join(folder.path, name), clock);
  await one.updater.init({ url: tree.url, root: readFileSync(join(publisher.data, "root.json")) });
  return one;
}

/** While the service is dead, somebody who has followed from the start and somebody who is new accept what lies there. */
async function expectAcceptableTree(published: number, underWay: number): Promise<void> {
  if (published === 0) return;
  const newcomer = await newEndpoint(`fresh-${++fresh}`);
  for (const { updater } of [endpoint, newcomer]) {
    const { release } = await updater.update();
    expect([published, underWay]).toContain(release);
  }
  await newcomer.close();
}

/**
 * Does the work and kills the service so many milliseconds after it began. The work's answer, if it had one before
 * the kill; everything that was said in it is then in force.
 */
async function killedDuring<T>(work: () => Promise<T>, afterMs: number): Promise<{ acknowledged?: T }> {
  const answer = work().then(
    (value) => ({ acknowledged: value }),
    (error: unknown) => {
      // Cut off, or not there any more.
      if (error instanceof RulemintError && /^(FETCH_FAILED|SERVER_REFUSED)$/.test(error.code)) return {};
      throw error;
    },
  );
  await pause(afterMs);
  await publisher.stop("SIGKILL");
  kills++;
  return answer;
}

async function afterRestart(published: number): Promise<void> {
  await expectAcceptableTree(published, published + 1);
  await publisher.start();
}

/** One release, with a kill in each of its five acts. */
async function releaseUnderFire(number: number, delayMs: number): Promise<void> {
  const before = number - 1;
  const files = { "a.txt": indicators(number), [`b-${number}.txt`]: indicators(number + 1000, 500) };

  const sent = await killedDuring(() => publisher.submit("hosts", files), delayMs);
  await afterRestart(before);
  const submission = await standing(sent.acknowledged, () => publisher.submit("hosts", files));

  const { id, digest } = submission;
  const review = () => publisher.as("reviewer").approveSubmission(id, digest);
  const reviewed = await killedDuring(review, delayMs / 4);
  await afterRestart(before);
  if (reviewed.acknowledged !== undefined) await expectState(id, "approved");
  else if ((await publisher.as("auditor").getSubmission(id)).state === "open") await review();

  const built = await killedDuring(() => publisher.build(), delayMs);
  await afterRestart(before);
  if (built.acknowledged === undefined && (await newest()) === before) await publisher.build();
  await publisher.reaches(number, inState("signed"));

  await killedDuring(() => publisher.assay(), 600 + 2 * delayMs);
  await afterRestart(before);
  if (inState("signed")(await publisher.show(number))) {
    expect(await publisher.assay()).toMatchObject({ exit: 0 });
  }
  await publisher.reaches(number, inState("assayed"));

  const asked = await killedDuring(() => publisher.publish(number), delayMs);
  await afterRestart(before);
  if (asked.acknowledged === undefined && (await publisher.show(number)).publication === null) {
    await publisher.publish(number);
  }
  expect(await publisher.reaches(number, over)).toMatchObject({ state: "published", waitingFor: null });
}

/** The acknowledged submission, still there as it was acknowledged; sent again when the answer was lost. */
async function standing(acknowledged: Submission | undefined, again: () => Promise<Submission>) {
  if (acknowledged === undefined) return again();
  expect(await publisher.as("auditor").getSubmission(acknowledged.id)).toEqual(acknowledged);
  return acknowledged;
}

async function expectState(id: string, state: Submission["state"]): Promise<void> {
  expect((await publisher.as("auditor").getSubmission(id)).state).toBe(state);
}

async function newest(): Promise<number> {
  return (await publisher.as("auditor").getFeed(feed)).newest;
}

describe("a service that is killed with SIGKILL", () => {
  /** `RULEMINT_SERVICE_KILLS` asks for more releases, and so for five more kills each. */
  const releases = Math.max(2, Math.ceil((Number(process.env.RULEMINT_SERVICE_KILLS ?? 17) - 7) / 5));
  const delaysMs = Array.from({ length: releases }, (_, i) => [60, 5, 240, 140][i % 4] as number);

  // Each release starts the service five times.
  const limitMs = releases * 300_000;

  it("loses nothing that it acknowledged, and ends every release that it began", {
    timeout: limitMs,
  }, async () => {
    for (const [i, delayMs] of delaysMs.entries()) await releaseUnderFire(i + 1, delayMs);
    expect(await endpoint.updater.update()).toMatchObject({ release: delaysMs.length });
    const { items } = await publisher.as("auditor").listReleases(feed, {});
    expect(items.map(({ state }) => state)).toEqual(delaysMs.map(() => "published"));
  });

  it.each([
    ["queued", "build"],
    ["built", "build"],
    ["signed", "build"],
    ["assayed", "assay"],
    ["sealed", "publish"],
    ["logged", "publish"],
    ["published", "publish"],
  ] as const)("goes on after a kill at the first sight of %s", async (state, act) => {
    const published = await newest();
    await publisher.addRules("hosts", { "a.txt": indicators(published + 50, 12_000) });
    const { release } = await publisher.build();
    const killAtSight = async () => {
      await publisher.reaches(release, (one) => order.indexOf(one.state) >= order.indexOf(state));
      await publisher.stop("SIGKILL");
      kills++;
      await expectAcceptableTree(published, release);
      await publisher.start();
    };
    if (act === "build") await killAtSight();
    await publisher.reaches(release, inState("signed"));
    await publisher.assay();
    if (act === "assay") await killAtSight();
    await publisher.publish(release);
    if (act === "publish") await killAtSight();
    await publisher.reaches(release, over);
    expect(await endpoint.updater.update()).toMatchObject({ release });
  });

  it("was killed often enough for that to mean something", () => {
    console.log(`faults: ${kills} kills of the service, every release came out`);
    expect(kills).toBe(5 * delaysMs.length + 7);
  });
});
