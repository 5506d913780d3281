/**
 * A signal stops an update at every step that tells of itself, at once and with the signal's own reason; the state is good at that instant,
 * and the next update goes on. And two updaters of one process share nothing.
 */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { shellEngine } from "../../src/adapters/endpoint-engine/shell.js";
import type { UpdateEvent } from "../../src/client/model.js";
import { Updater } from "../../src/main/compose-library.js";
import { type Scene, indicators, openScene } from "./endpoint.js";
import { join } from "node:path";

let scene: Scene;
const opened: Updater[] = [];
beforeEach(async () => {
  scene = await openScene();
  await scene.publisher.release(indicators(1));
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map((one) => one.close()));
  await scene.close();
});

async function open(name: string, onEvent: (event: UpdateEvent) => void = () => {}): Promise<Updater> {
  const clock = { now: () => scene.publisher.now };
  const updater = await Updater.open(join(scene.folder, name), { clock, onEvent });
  opened.push(updater);
  return updater;
}

async function openedAt1(name: string, onEvent?: (event: UpdateEvent) => void): Promise<Updater> {
  const updater = await open(name, onEvent);
  await updater.init({ url: scene.server.url, root: scene.publisher.root });
  await updater.update();
  return updater;
}

describe("a signal", () => {
  it("that was given before is answered before anything is touched", async () => {
    const updater = await openedAt1("a");
    const reason = new Error("not now");
    const asked = scene.server.requests.length;
    await expect(updater.update({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect(scene.server.requests).toHaveLength(asked);
    expect((await updater.status()).lastFailure).toBeNull();
  });

  it("stops an update after any of its events, and the next update ends it", async () => {
    await scene.publisher.release(indicators(2, 3000));
    const seen: string[] = [];
    for (let at = 1; at < 40; at++) {
      let count = 0;
      const controller = new AbortController();
      const reason = new Error(`stopped at event ${at}`);
      let last = "";
      const updater = await open(`n${at}`, ({ type }) => {
        count++;
        if (count !== at) return;
        last = type;
        controller.abort(reason);
      });
      await updater.init({ url: scene.server.url, root: scene.publisher.root });
      const outcome = await updater.update({ signal: controller.signal }).then(
        () => "done",
        (error: unknown) => error,
      );
      if (count < at) break;
      seen.push(`${last}: ${outcome === "done" ? "done" : "stopped"}`);
      // The last event may come when there is nothing left to stop.
      if (outcome !== "done") expect(outcome).toBe(reason);
      const { installed } = await updater.status();
      expect([undefined, 2]).toContain(installed?.release);
      expect(await updater.update()).toMatchObject({ release: 2 });
      expect(await updater.status()).toMatchObject({ exported: true, lastFailure: null });
    }
    expect(seen).toEqual(
      expect.arrayContaining([
        "verified: stopped",
        "path: stopped",
        "download: stopped",
        "installed: stopped",
      ]),
    );
  });

  it("kills the engine that is being asked, which does not condemn the release", async () => {
    const updater = await openedAt1("engine");
    await updater.chooseHealth(() => ({
      kind: "ioc",
      check: "echo asked >&2; exec sleep 600",
      seconds: 600,
    }));
    await scene.publisher.release(indicators(2));
    const controller = new AbortController();
    const stop = new Error("enough");
    const asked = shellEngine;
    const watching = await Updater.open(join(scene.folder, "engine"), {
      clock: { now: () => scene.publisher.now },
      engine: {
        ...asked,
        run: (command) => {
          const answer = asked.run(command);
          controller.abort(stop);
          return answer;
        },
      },
    });
    opened.push(watching);
    await expect(watching.update({ signal: controller.signal })).rejects.toBe(stop);
    expect(await watching.status()).toMatchObject({ installed: { release: 2 }, bad: null, exported: false });
    await updater.chooseHealth(() => ({ kind: "ioc", check: "true" }));
    expect(await updater.update()).toMatchObject({ outcome: "current", release: 2 });
    expect(await updater.status()).toMatchObject({ exported: true });
  });
});

describe("two updaters of one process", () => {
  it("on two folders hear and do nothing of each other", async () => {
    const heard: string[][] = [[], []];
    const [a, b] = await Promise.all(
      heard.map((own, i) => openedAt1(`both-${i}`, ({ type }) => void own.push(type))),
    );
    expect(heard[0]).toEqual(heard[1]);
    await scene.publisher.release(indicators(2));
    await a?.close();
    expect(await b?.update()).toMatchObject({ outcome: "updated", release: 2 });
    expect((await a?.status())?.installed?.release).toBe(1);
    expect(heard[0]).not.toEqual(heard[1]);
  });

  it("on one folder take turns like two processes", async () => {
    const first = await openedAt1("one");
    const second = await open("one");
    const both = await Promise.allSettled([first.update(), second.update()]);
    expect(both.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
    expect(both.find(({ status }) => status === "rejected")).toMatchObject({
      reason: { code: "STATE_LOCKED" },
    });
    expect(await second.update()).toMatchObject({ outcome: "current" });
  });
});

it("a way to the network that was chosen counts from the next call on", async () => {
  const updater = await openedAt1("way");
  await updater.configure(() => ({ mirrors: [], proxy: "http://127.0.0.1:1/" }));
  await expect(updater.update()).rejects.toMatchObject({ code: "FETCH_FAILED" });
  await updater.configure(() => ({ mirrors: [] }));
  expect(await updater.update()).toMatchObject({ outcome: "current" });
});

it("what a listener throws ends the update, and the next one ends it well", async () => {
  let isBad = true;
  const updater = await open("listener", ({ type }) => {
    if (isBad && type === "installed") throw new Error("a listener's own fault");
  });
  await updater.init({ url: scene.server.url, root: scene.publisher.root });
  await expect(updater.update()).rejects.toThrow("a listener's own fault");
  isBad = false;
  expect(await updater.update()).toMatchObject({ release: 1 });
  expect(await updater.status()).toMatchObject({ exported: true });
});
