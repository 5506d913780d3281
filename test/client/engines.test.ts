/** Old engines get what they can load: by the version that their owner says, or that they say themselves. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { utf8Bytes } from "../../src/core/encoding/bytes.js";
import type { Sha256Hex } from "../../src/core/brands.js";
import type { VersionRange } from "../../src/core/rules/engine-version.js";
import { readEngine } from "../../src/client/engine-choices.js";
import { type Scene, openScene } from "./endpoint.js";

const rule = (sid: number, options: string) =>
  `alert tcp any any -> any any (msg:"m"; ${options} sid:${sid}; rev:1;)`;
const lines = [rule(1, 'content:"a";'), rule(2, "requires: version >= 8;"), rule(3, "entropy: value > 4;")];
const suricata = { path: "set/a.rules", bytes: utf8Bytes(`${lines.join("\n")}\n`) };

let scene: Scene;
beforeEach(async () => {
  scene = await openScene();
  await scene.publisher.release(["bad.example"], { rules: { suricata } });
});
afterEach(() => scene.close());

const refused = (code: string) => expect.objectContaining({ code });
const update = () => scene.endpoint.updater.update();
const status = () => scene.endpoint.updater.status();
const choose = (...engines: string[]) =>
  scene.endpoint.updater.chooseExports((now) => ({ ...now, engines: engines.map(readEngine) }));
async function sids(): Promise<string[]> {
  const text = await readFile(join(scene.endpoint.folder, "export/suricata/rulemint.rules"), "utf8");
  return [...text.matchAll(/sid:(\d+)/g)].map(([, sid = ""]) => sid);
}
const needs8 = { suricata: { "Suricata 8 or newer": 2 } };

describe("SPEC §8.7.9 rules that an engine cannot load are left out of its files", () => {
  it("all are there where nobody says what reads them", async () => {
    await update();
    expect(await sids()).toEqual(["1", "2", "3"]);
    expect(await status()).toMatchObject({ engines: [], leftOut: {} });
  });

  it("by the version that its owner says, counted by what they ask for", async () => {
    await choose("suricata@7.0.10");
    await update();
    expect(await sids()).toEqual(["1"]);
    expect(await status()).toMatchObject({ leftOut: needs8, exported: true });
    await choose("suricata@8.0.1");
    await update();
    expect(await sids()).toEqual(["1", "2", "3"]);
    expect(await status()).toMatchObject({ leftOut: {} });
  });

  it("by what the engine says, and anew when it is another one", async () => {
    const says = join(scene.folder, "says");
    await writeFile(says, "This is Suricata version 7.0.10 RELEASE\n");
    await choose(`suricata@cat ${says}`);
    await update();
    expect(await sids()).toEqual(["1"]);
    await writeFile(says, "This is Suricata version 8.0.1 RELEASE\n");
    scene.endpoint.types();
    expect(await update()).toMatchObject({ outcome: "current" });
    expect(scene.endpoint.types()).toContain("exported");
    expect(await sids()).toEqual(["1", "2", "3"]);
    await update();
    expect(scene.endpoint.types()).not.toContain("exported");
  });

  it("by what it said the last time, when it says nothing", async () => {
    const says = join(scene.folder, "says");
    await writeFile(says, "Suricata 7.0.10\n");
    await choose(`suricata@cat ${says}`);
    await update();
    await writeFile(says, "segmentation fault\n");
    await scene.publisher.release(["worse.example"], { rules: { suricata } });
    expect(await update()).toMatchObject({ outcome: "updated", release: 2 });
    expect(await sids()).toEqual(["1"]);
  });

  it("before its first answer the files stay as they are, and the database is the new one", async () => {
    await update();
    await choose("suricata@exit 3");
    await scene.publisher.release(["worse.example"], { rules: { suricata } });
    await expect(update()).rejects.toThrowError(refused("ENGINE_UNAVAILABLE"));
    expect(await sids()).toEqual(["1", "2", "3"]);
    expect(await status()).toMatchObject({ installed: { release: 2 }, exported: false });
    await expect(scene.endpoint.updater.export(join(scene.folder, "out"))).rejects.toThrowError(
      refused("ENGINE_UNAVAILABLE"),
    );
  });

  it("after a rollback too", async () => {
    await choose("suricata@7.0.10");
    await update();
    await scene.publisher.release(["worse.example"], { rules: { suricata } });
    await update();
    await scene.endpoint.updater.rollback();
    expect(await sids()).toEqual(["1"]);
    expect(await status()).toMatchObject({ leftOut: needs8 });
  });
});

/** Release 2 of the scene asks for what `range` says. */
async function asks(range: VersionRange, engine = "suricata"): Promise<void> {
  await scene.publisher.release(["worse.example"], {
    manifest: (one) => ({ ...one, block: { ...one.block, engines: { [engine]: range } } }),
  });
}

describe("SPEC §16.9.1 a release that the engine here cannot load is not taken", () => {
  it.each<[string, VersionRange, string]>([
    [
      "an engine that is too old",
      { least: "8" },
      "release 2 needs Suricata 8 or newer, and this endpoint has 7.0.10",
    ],
    [
      "an engine that is too new",
      { below: "7" },
      "release 2 needs Suricata below 7, and this endpoint has 7.0.10",
    ],
  ])("by %s: the newest before it is, and why is said", async (_, range, why) => {
    await asks(range);
    await choose("suricata@7.0.10");
    expect(await update()).toMatchObject({ outcome: "updated", release: 1, newest: 2, why });
    expect(await status()).toMatchObject({ waiting: { newest: 2, why } });
    await choose("suricata@8.0.0", "yara@4.2.3");
    const outcome = range.below === undefined ? "updated" : "waiting";
    expect(await update()).toMatchObject({ outcome, newest: 2 });
  });

  it.each<[string, VersionRange, string, string[]]>([
    ["in the range", { least: "7", below: "8" }, "suricata", ["suricata@7.0.10"]],
    ["nobody knows", { least: "99" }, "suricata", []],
    ["this endpoint does not have", { least: "99" }, "snort", ["suricata@7.0.10"]],
  ])("but it is by one that %s", async (_, range, engine, engines) => {
    await asks(range, engine);
    await choose(...engines);
    expect(await update()).toMatchObject({ outcome: "updated", release: 2 });
  });

  it("nor by one whose kind is not exported", async () => {
    await asks({ least: "99" });
    await scene.endpoint.updater.chooseExports((now) => ({
      ...now,
      kinds: ["ioc"],
      engines: [readEngine("suricata@7")],
    }));
    expect(await update()).toMatchObject({ outcome: "updated", release: 2 });
  });

  it("where nothing is left, an endpoint without a database says so, and one with a database keeps it", async () => {
    await update();
    await asks({ least: "8" });
    await choose("suricata@7");
    expect(await update()).toMatchObject({ outcome: "waiting", release: 1 });
    await scene.wait(1 / 24);
    for (let i = 0; i < 64; i++) await asks({ least: "8" });
    const fresh = await scene.endpointOn("fresh");
    await fresh.updater.init({ url: scene.server.url, root: scene.publisher.root });
    await fresh.updater.chooseExports((now) => ({ ...now, engines: [readEngine("suricata@7")] }));
    await expect(fresh.updater.update()).rejects.toThrowError(refused("RELEASE_UNREACHABLE"));
  });

  it("SPEC §16.2.4 a recalled database is left all the same", async () => {
    await update();
    const digest = scene.publisher.databases.get(1)?.sha256 as Sha256Hex;
    await scene.publisher.release(["worse.example"], {
      manifest: (one) => ({
        ...one,
        block: { ...one.block, engines: { suricata: { least: "8" } }, blocked: [digest] },
      }),
    });
    await choose("suricata@7");
    expect(await update()).toMatchObject({ outcome: "updated", release: 2 });
  });
});

describe("an engine as its owner writes it", () => {
  it.each([
    ["suricata@7.0.10", { name: "suricata", version: "7.0.10", lacks: [] }],
    ["clamav@ask", { name: "clamav", ask: "clamscan --version", lacks: [] }],
    ["yara@4.2.3 without cuckoo magic", { name: "yara", version: "4.2.3", lacks: ["cuckoo", "magic"] }],
    ["suricata@/opt/s/bin/suricata -V", { name: "suricata", ask: "/opt/s/bin/suricata -V", lacks: [] }],
  ])("%s", (text, choice) => {
    expect(readEngine(text)).toEqual(choice);
  });

  it.each(["snort@3", "suricata", "suricata@", "sigma@ask"])("not %s", (text) => {
    expect(() => readEngine(text)).toThrowError(refused("USAGE"));
  });

  it("and one a kind", async () => {
    await expect(choose("yara@4.5", "yara-x@1.2")).rejects.toThrowError(refused("USAGE"));
    expect((await choose("yara@4.5", "clamav@1.4.6")).engines.map(({ name }) => name)).toEqual([
      "clamav",
      "yara",
    ]);
  });
});
