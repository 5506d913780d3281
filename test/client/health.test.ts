/** The engine is asked before it gets a release. The engine is real here: the system's shell, and grep over the files that were exported. */
import { existsSync } from "node:fs";
import { cp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { shellEngine } from "../../src/adapters/endpoint-engine/shell.js";
import { type HealthChoices, loadedRules } from "../../src/client/health.js";
import { Dead, dyingStore } from "./dying-store.js";
import { type Scene, type TestEndpoint, indicators, openScene } from "./endpoint.js";

let scene: Scene;
beforeEach(async () => {
  scene = await openScene();
});
afterEach(() => scene.close());

const refused = (code: string) => expect.objectContaining({ code });
const update = (endpoint = scene.endpoint) => endpoint.updater.update();
const ask = (health: Partial<HealthChoices>) =>
  scene.endpoint.updater.chooseHealth(() => ({ kind: "ioc", ...health }));
const exported = async (endpoint = scene.endpoint) =>
  (await readFile(join(endpoint.folder, "export/ioc/domains.txt"), "utf8")).split("\n");
/** Of the five that release `n` has and none after it. */
const marker = (n: number) => indicators(n)[0] as string;
const sha256 = (n: number) => scene.publisher.databases.get(n)?.sha256;
/** An engine that cannot live with what only release 2 has. */
const newIn2 = () => indicators(2).at(-1) as string;
const breaksOn2 = () =>
  `grep -c . "$RULEMINT_RULES/domains.txt" | sed "s/^/rules: /"; ! grep -q ${newIn2()} "$RULEMINT_RULES/domains.txt"`;

async function haveOneOfferTwo(): Promise<void> {
  await scene.publisher.release(indicators(1));
  await update();
  await scene.publisher.release(indicators(2));
}

/** On release 1 in every way. */
async function expectBack(endpoint = scene.endpoint): Promise<void> {
  expect(await endpoint.databaseSha256()).toBe(sha256(1));
  expect(await exported(endpoint)).toContain(marker(1));
  expect(await exported(endpoint)).not.toContain(newIn2());
  const status = await endpoint.updater.status();
  expect(status).toMatchObject({ installed: { release: 1 }, exported: true, bad: { release: 2 } });
}

describe("SPEC §16.6.4 a release that does not live here is left, and the engines keep what they had", () => {
  it.each<[string, string, () => Partial<HealthChoices>]>([
    ["SPEC §16.6.2 the command fails", "ENGINE_REFUSED", () => ({ check: breaksOn2() })],
    ["SPEC §16.6.2 no rule was loaded", "ENGINE_REFUSED", () => ({ check: "echo 'Known viruses: 0'" })],
    ["SPEC §16.6.2 the engine dies", "ENGINE_REFUSED", () => ({ check: "kill -9 $$" })],
    ["SPEC §16.6.2 it hangs", "ENGINE_LATE", () => ({ check: "sleep 300 & wait", seconds: 1 })],
    ["SPEC §16.6.3 a listed sample must not match", "CANARY_FAILED", () => ({ mustNotMatch: [newIn2()] })],
    ["SPEC §16.6.3 a sample must match", "CANARY_FAILED", () => ({ mustMatch: ["not.example"] })],
    [
      "SPEC §16.6.3 the engine's scanner must find it",
      "CANARY_FAILED",
      () => ({
        scan: 'grep -x "$RULEMINT_SAMPLE" "$RULEMINT_RULES/domains.txt" || true',
        mustMatch: [marker(1)],
      }),
    ],
    ["SPEC §16.6.3 the scanner fails", "ENGINE_REFUSED", () => ({ scan: "exit 3", mustNotMatch: ["x"] })],
  ])("%s: %s", async (_, code, health) => {
    await haveOneOfferTwo();
    await ask(health());
    const before = await readdir(scene.endpoint.folder);
    await expect(update()).rejects.toThrowError(refused(code));
    await expectBack();
    expect(scene.endpoint.types()).toContain("rolled-back");
    expect((await scene.endpoint.updater.status()).lastFailure).toMatchObject({ code });
    const left = (await readdir(scene.endpoint.folder)).filter((name) => name.startsWith(".export"));
    expect(left).toEqual(before.filter((name) => name.startsWith(".export")));
  });
});

describe("SPEC §16.6.1 the engine", () => {
  it("is asked about the very files, and before it is given them", async () => {
    await haveOneOfferTwo();
    const seen = join(scene.folder, "seen");
    const state = scene.endpoint.folder;
    await ask({
      check: `grep -q ${newIn2()} "$RULEMINT_RULES/domains.txt" && ! grep -q ${newIn2()} "${state}/export/ioc/domains.txt" && echo "$RULEMINT_KIND $RULEMINT_RELEASE" > ${seen}; echo "rules: 400"`,
    });
    expect(await update()).toMatchObject({ outcome: "updated", release: 2 });
    expect(await readFile(seen, "utf8")).toBe("ioc 2\n");
    expect(await exported()).toContain(newIn2());
    expect(await scene.endpoint.updater.status()).toMatchObject({ loadedRules: 400, bad: null });
    // It was not asked about the files that a rollback by hand gives it.
    await scene.endpoint.updater.rollback();
    expect(await scene.endpoint.updater.status()).toMatchObject({ loadedRules: null });
  });

  it("leaves nothing running that hangs", async () => {
    await haveOneOfferTwo();
    const pid = join(scene.folder, "pid");
    await ask({ check: `sleep 300 & echo $! > ${pid}; wait`, seconds: 1 });
    await expect(update()).rejects.toThrowError(refused("ENGINE_LATE"));
    const stat = `/proc/${(await readFile(pid, "utf8")).trim()}/stat`;
    const alive = existsSync(stat) && !/\) Z /.test(await readFile(stat, "utf8"));
    expect(alive).toBe(false);
  });

  it("SPEC §16.6.6 that is not there says nothing of the release", async () => {
    await haveOneOfferTwo();
    await ask({ check: "no-such-engine-anywhere" });
    await expect(update()).rejects.toThrowError(refused("ENGINE_UNAVAILABLE"));
    expect(await exported()).not.toContain(newIn2());
    await ask({ check: "true" });
    expect(await update()).toMatchObject({ release: 2 });
    expect(await exported()).toContain(newIn2());
  });

  it.each(["kill -TERM $$", "kill -INT $$", "sh -c 'kill -HUP $$'; exit 129", "exit 143"])(
    "SPEC §16.6.6 that somebody stopped says nothing of the release: %s",
    async (check) => {
      await haveOneOfferTwo();
      await ask({ check });
      await expect(update()).rejects.toThrowError(refused("INTERRUPTED"));
      expect(await scene.endpoint.updater.status()).toMatchObject({ installed: { release: 2 }, bad: null });
      expect(await exported()).not.toContain(newIn2());
      await ask({ check: "true" });
      await update();
      expect(await exported()).toContain(newIn2());
    },
  );

  it("SPEC §16.6.2 is not late by time in which the endpoint itself did not run", async () => {
    const running = shellEngine.run({ command: "sleep 0.6", folder: "/", variables: {}, timeoutMs: 1000 });
    // As a machine that is frozen, or a process that is stopped and goes on.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1500);
    expect(await running).toMatchObject({ exit: 0 });
  });

  it("that refuses the first release of all is not given it, and is asked again", async () => {
    await scene.publisher.release(indicators(1));
    await ask({ check: "false" });
    await expect(update()).rejects.toThrowError(refused("ENGINE_REFUSED"));
    expect(existsSync(join(scene.endpoint.folder, "export"))).toBe(false);
    await ask({ check: "true" });
    expect(await update()).toMatchObject({ release: 1 });
    expect(await exported()).toContain(marker(1));
  });

  it.each([
    ["Known viruses: 8712345", 8_712_345],
    ["1 rule files processed. 5 rules successfully loaded, 0 rules failed", 5],
    ["rules: 12", 12],
    ["all is well", null],
  ])("says in %j how many rules it loaded", (output, count) => {
    expect(loadedRules(output)).toBe(count);
  });

  it.each<Partial<HealthChoices>>([
    { kind: "none" as never },
    { check: "" },
    { seconds: 0 },
    { kind: "yara", mustMatch: ["sample.bin"] },
    { mustMatch: Array.from({ length: 65 }, String) },
  ])("cannot be asked by %j", async (health) => {
    await expect(ask(health)).rejects.toThrowError(refused("USAGE"));
  });
});

describe("SPEC §16.6.5 a database that failed here", () => {
  beforeEach(async () => {
    await haveOneOfferTwo();
    await ask({ check: breaksOn2() });
    await expect(update()).rejects.toThrowError(refused("ENGINE_REFUSED"));
  });

  it("is not taken again, and the reason is told", async () => {
    const why = "release 2 failed its check here: ENGINE_REFUSED";
    expect(await update()).toMatchObject({ outcome: "waiting", release: 1, newest: 2, bytes: 0, why });
  });

  it("is not taken under a higher number either", async () => {
    await scene.publisher.release(indicators(2));
    expect(await update()).toMatchObject({ outcome: "waiting", release: 1, newest: 3, bytes: 0 });
  });

  it("is forgotten with a higher release that lives", async () => {
    await scene.publisher.release(indicators(200));
    expect(await update()).toMatchObject({ outcome: "updated", release: 3 });
    expect((await scene.endpoint.updater.status()).bad).toBeNull();
  });

  it("is taken again by its owner's order, and checked again", async () => {
    const again = () => scene.endpoint.updater.update({ again: true });
    await expect(again()).rejects.toThrowError(refused("ENGINE_REFUSED"));
    await expectBack();
    await ask({ check: "true" });
    expect(await again()).toMatchObject({ outcome: "updated", release: 2 });
  });
});

describe("a machine that stops between swap, check and rollback", () => {
  it("SPEC §16.6.4 ends on the good release from a stop before every single operation", async () => {
    await haveOneOfferTwo();
    await ask({ check: breaksOn2() });
    let points = 0;
    for (let isOver = false; !isOver; points++) {
      const name = `dying-${points}`;
      await cp(scene.endpoint.folder, join(scene.folder, name), { recursive: true, verbatimSymlinks: true });
      const locks: (() => Promise<void>)[] = [];
      const life = { operations: 0, diesAt: points + 1 };
      const mortal: TestEndpoint = await scene.endpointOn(name, (store) => dyingStore(store, life, locks));
      const error = await update(mortal).catch((thrown: unknown) => thrown);
      // The record of the failure is the last thing written; a stop there is told as the failure itself or as the stop.
      isOver = !(error instanceof Dead) && life.operations < life.diesAt;
      for (const unlock of locks) await unlock();
      const after = await scene.endpointOn(name);
      expect(await exported(after)).not.toContain(newIn2());
      expect([sha256(1), sha256(2)]).toContain(await after.databaseSha256());
      await update(after).catch((thrown: unknown) => expect(thrown).toEqual(refused("ENGINE_REFUSED")));
      await expectBack(after);
      await rm(join(scene.folder, name), { recursive: true });
    }
    console.log(`health: ${points - 1} points between store operations, all on the good release`);
    expect(points).toBeGreaterThan(15);
  });

  it("checks again when even the state was lost", async () => {
    await haveOneOfferTwo();
    await ask({ check: breaksOn2() });
    await expect(update()).rejects.toThrowError(refused("ENGINE_REFUSED"));
    await writeFile(join(scene.endpoint.folder, "state.json"), "torn");
    await expect(update()).rejects.toThrowError(refused("ENGINE_REFUSED"));
    expect(await exported()).not.toContain(newIn2());
  });
});
