/** Old engines get what they can load: by the version that their owner says, or that they say themselves. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { utf8Bytes } from "../../src/core/encoding/bytes.js";
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
