/** The engine is told that its files are others. The command is real: the system's shell. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { HealthChoices } from "../../src/client/health.js";
import { type Scene, indicators, openScene } from "./endpoint.js";

let scene: Scene;
let told: string;
beforeEach(async () => {
  scene = await openScene();
  told = join(scene.folder, "told");
});
afterEach(() => scene.close());

const update = () => scene.endpoint.updater.update();
const ask = (health: Partial<HealthChoices>) =>
  scene.endpoint.updater.chooseHealth(() => ({ kind: "ioc", ...health }));
/** What is in place when the engine is told. */
const tell = () =>
  `echo "$RULEMINT_KIND $RULEMINT_RELEASE $(wc -l < "$RULEMINT_RULES/domains.txt") $RULEMINT_EXPORT" >> ${told}`;
const said = async () => (await readFile(told, "utf8")).trim().split("\n");
const status = () => scene.endpoint.updater.status();

describe("SPEC §16.6.7 the engine is told", () => {
  it("once, after the files are in place, by the name that stays", async () => {
    await ask({ reload: tell() });
    await scene.publisher.release(indicators(1));
    await update();
    await update();
    const folder = join(scene.endpoint.folder, "export");
    const lines = (await readFile(join(folder, "ioc/domains.txt"), "utf8")).split("\n").length - 1;
    expect(await said()).toEqual([`ioc 1 ${lines} ${folder}`]);
    await scene.publisher.release(indicators(2));
    await update();
    expect((await said()).map((line) => line.slice(0, 5))).toEqual(["ioc 1", "ioc 2"]);
  });

  it("after a rollback by hand too", async () => {
    await ask({ reload: tell() });
    for (const n of [1, 2]) {
      await scene.publisher.release(indicators(n));
      await update();
    }
    await scene.endpoint.updater.rollback();
    expect((await said()).map((line) => line.slice(0, 5))).toEqual(["ioc 1", "ioc 2", "ioc 1"]);
  });

  it.each([
    ["fails", "exit 3"],
    ["is not there", "no-such-engine-anywhere"],
    ["hangs", "sleep 300"],
  ])("again and again while the command %s; nothing is rolled back", async (_, reload) => {
    await scene.publisher.release(indicators(1));
    await update();
    await scene.publisher.release(indicators(2));
    await ask({ reload, seconds: 1 });
    for (let i = 0; i < 2; i++)
      await expect(update()).rejects.toMatchObject({ code: "ENGINE_RELOAD_FAILED" });
    expect(await status()).toMatchObject({
      ...{ installed: { release: 2 }, exported: true, bad: null },
      lastFailure: { code: "ENGINE_RELOAD_FAILED" },
    });
    await ask({ reload: tell() });
    expect(await update()).toMatchObject({ outcome: "current" });
    expect((await said()).length).toBe(1);
    expect((await status()).lastFailure).toBeNull();
  });

  it("nothing of files that it was refused", async () => {
    await scene.publisher.release(indicators(1));
    await update();
    await ask({ check: "false", reload: tell() });
    await scene.publisher.release(indicators(2));
    await expect(update()).rejects.toMatchObject({ code: "ENGINE_REFUSED" });
    await expect(said()).rejects.toThrow("ENOENT");
  });
});
