/** A feed whose releases stand in a log, an endpoint that has the first, and another past under the log's own key. */
import { expect } from "vitest";
import { RulemintError } from "../../src/core/errors.js";
import { indicators, openScene, type Scene, type TestEndpoint } from "../client/endpoint.js";
import { SimulatedLog } from "../simulator/log.js";
import { TestLog } from "../support/log-world.js";

export async function openLoggedFeed(): Promise<{ scene: Scene; log: SimulatedLog }> {
  const scene = await openScene();
  const log = new SimulatedLog();
  scene.publisher.log = log;
  await scene.publisher.publishRoot();
  await scene.publisher.release(indicators(1));
  expect(await answerOf(scene.endpoint)).toBe(1);
  return { scene, log };
}

/** The release that an endpoint has after it looked, or the code of its refusal. */
export async function answerOf({ updater }: TestEndpoint): Promise<number | string> {
  try {
    return (await updater.update()).release;
  } catch (error) {
    if (error instanceof RulemintError) return error.code;
    throw error;
  }
}

export async function newcomerTo(scene: Scene, name: string): Promise<TestEndpoint> {
  const endpoint = await scene.endpointOn(name);
  await endpoint.updater.init({ url: scene.server.url, root: scene.publisher.root });
  return endpoint;
}

/** Witnesses cosign none that does not continue theirs. */
export const forkedLog = (): TestLog =>
  new TestLog().append("a release that was never published", "and another");
