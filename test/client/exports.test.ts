/** What engines are given is their owner's choice: kinds and forms, and made again when the choice changes. */
import { readFile, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Scene, openScene } from "./endpoint.js";

let scene: Scene;
beforeEach(async () => {
  scene = await openScene();
  await scene.publisher.release(["bad.example", "10.0.0.1"]);
});
afterEach(() => scene.close());

const refused = (code: string) => expect.objectContaining({ code });
const update = () => scene.endpoint.updater.update();
const folder = (name = "state/export/ioc") => join(scene.folder, name);
const listOf = async (name?: string) => (await readdir(folder(name))).sort();
const choose = (ioc: readonly string[]) =>
  scene.endpoint.updater.chooseExports((now) => ({ ...now, forms: { ...now.forms, ioc } }));

describe("SPEC §8.7.5 exports are made again when they were made by another choice", () => {
  it("and not otherwise", async () => {
    await update();
    expect(await listOf()).toEqual(["domains.txt", "ipv4.txt"]);
    expect(await choose(["stix", "csv"])).toMatchObject({ forms: { ioc: ["csv", "stix"] } });
    scene.endpoint.types();
    expect(await update()).toMatchObject({ outcome: "current" });
    expect(scene.endpoint.types()).toContain("exported");
    expect(await listOf()).toEqual(["indicators.csv", "stix-bundle.json"]);
    await update();
    expect(scene.endpoint.types()).not.toContain("exported");
  });

  it.each([
    ["the link", ["export"]],
    ["what it leads to", "folders"],
    ["both", "all"],
  ])("and when somebody deleted %s, though nothing else is new", async (_, which) => {
    await update();
    const state = join(scene.folder, "state");
    const folders = (await readdir(state)).filter((name) => name.startsWith(".export-"));
    const gone = which === "folders" ? folders : which === "all" ? ["export", ...folders] : which;
    for (const name of gone) await rm(join(state, name), { recursive: true });
    expect(await scene.endpoint.updater.status()).toMatchObject({ exported: false });
    scene.endpoint.types();
    expect(await update()).toMatchObject({ outcome: "current", bytes: 0 });
    expect(scene.endpoint.types()).toContain("exported");
    expect(await listOf()).toEqual(["domains.txt", "ipv4.txt"]);
    expect(await scene.endpoint.updater.status()).toMatchObject({ exported: true });
  });

  it("to another folder in forms of its own, which change nothing here", async () => {
    await update();
    const misp = (now: object) => ({ ...now, forms: { ioc: ["misp"] } });
    await scene.endpoint.updater.export(folder("feed"), misp);
    const manifest = JSON.parse(await readFile(folder("feed/ioc/misp/manifest.json"), "utf8")) as object;
    expect(await listOf("feed/ioc/misp")).toEqual(
      [...Object.keys(manifest).map((uuid) => `${uuid}.json`), "hashes.csv", "manifest.json"].sort(),
    );
    expect(await listOf()).toEqual(["domains.txt", "ipv4.txt"]);
  });

  it("what the engine refuses of a new choice leaves the old files, and does not blame the release", async () => {
    const check = 'test -e "$RULEMINT_RULES/domains.txt"';
    await scene.endpoint.updater.chooseHealth(() => ({ kind: "ioc", check }));
    await update();
    await choose(["csv"]);
    await expect(update()).rejects.toThrowError(refused("ENGINE_REFUSED"));
    expect(await listOf()).toEqual(["domains.txt", "ipv4.txt"]);
    expect(await scene.endpoint.updater.status()).toMatchObject({ installed: { release: 1 }, bad: null });
    await choose(["plain", "csv"]);
    expect(await update()).toMatchObject({ outcome: "current" });
    expect(await listOf()).toEqual(["domains.txt", "indicators.csv", "ipv4.txt"]);
  });

  it.each<[string, object]>([
    ["a form that is none", { kinds: ["ioc"], forms: { ioc: ["xml"] } }],
    ["no form", { kinds: ["ioc"], forms: { ioc: [] } }],
    ["a kind that is none", { kinds: ["snort"], forms: {} }],
    ["Sigma in another way", { kinds: ["sigma"], forms: { sigma: "tree" } }],
  ])("refuses %s", async (_, choice) => {
    await expect(scene.endpoint.updater.chooseExports(() => choice)).rejects.toThrowError(refused("USAGE"));
  });

  it("SPEC §16.6.3 keeps the lists that samples are looked up in", async () => {
    await choose(["csv"]);
    const samples = { kind: "ioc", mustMatch: ["bad.example"] } as const;
    await expect(scene.endpoint.updater.chooseHealth(() => samples)).rejects.toThrowError(refused("USAGE"));
    await choose(["plain", "misp"]);
    await scene.endpoint.updater.chooseHealth(() => samples);
    await expect(choose(["stix"])).rejects.toThrowError(refused("USAGE"));
    expect(await update()).toMatchObject({ outcome: "updated" });
  });
});
