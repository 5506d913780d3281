/**
 * From the publisher's setting to the files of an old engine, all of it as people run it: `serve` with `engines`, and `client` commands whose
 * engine says its version.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { temporaryFolder } from "../support/temporary.js";
import { PublisherProcess, rulemint } from "./publisher-process.js";

const alert = (sid: number, options: string) =>
  `alert tcp any any -> any any (msg:"m"; ${options} sid:${sid}; rev:1;)\n`;
const suricata =
  alert(1, 'content:"a";') + alert(2, "requires: version >= 8;") + alert(3, "entropy: value > 4;");
const rule = (name: string, meta: string) => `rule ${name} { ${meta} condition: filesize == 7777777 }\n`;
const yara =
  rule("plain", "") +
  rule("newer", 'meta: minimum_yara = "4.5"') +
  rule("older", 'meta: maximum_yara = "4.0"');

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let publisher: PublisherProcess;

beforeAll(async () => {
  folder = await temporaryFolder();
  publisher = new PublisherProcess(folder.path);
  await publisher.init();
  await publisher.start();
  await publisher.addRules("flows", { "a.rules": suricata }, "suricata");
  await publisher.addRules("files", { "a.yar": yara }, "yara");
  await publisher.release(1);
});
afterAll(async () => {
  await publisher.stop("SIGKILL");
  await folder.remove();
});

async function client(state: string, verb: string, ...words: string[]) {
  const ran = await rulemint(["client", verb, "--state", join(folder.path, state), "--json", ...words]);
  return { ...ran, answer: ran.exit === 0 ? (JSON.parse(ran.stdout) as unknown) : ran.stderr };
}

/** An endpoint whose Suricata is what `<state>.says` says. */
async function endpoint(state: string, version: string): Promise<void> {
  const says = join(folder.path, `${state}.says`);
  writeFileSync(says, `This is Suricata version ${version} RELEASE\n`);
  const root = join(publisher.data, "root.json");
  expect(await client(state, "init", "--url", publisher.origin, "--root", root)).toMatchObject({ exit: 0 });
  const engines = ["--engine-version", `suricata@cat ${says}`, "yara@4.2.3"];
  expect(await client(state, "configure", ...engines)).toMatchObject({ exit: 0 });
}

const exported = (state: string, path: string) =>
  readFileSync(join(folder.path, state, "export", path), "utf8");
const sids = (state: string) =>
  [...exported(state, "suricata/rulemint.rules").matchAll(/sid:(\d+)/g)].map(([, sid]) => sid);
const names = (state: string) =>
  [...exported(state, "yara/files/a.yar").matchAll(/^rule (\w+)/gm)].map(([, name]) => name);
const leftOut = {
  suricata: { "Suricata 8 or newer": 2 },
  yara: { "YARA 4.5 or newer": 1, "YARA 4.0 or older": 1 },
};

describe("engines of many versions, of a publisher that knows of them", () => {
  it("SPEC §8.7.9 gives an old engine the rules that it can load, and says what is left out and why", async () => {
    await endpoint("old", "7.0.10");
    expect((await client("old", "update")).answer).toMatchObject({ outcome: "updated", release: 1 });
    expect(sids("old")).toEqual(["1"]);
    expect(names("old")).toEqual(["plain"]);
    expect((await client("old", "status")).answer).toMatchObject({ leftOut });
    const { stdout } = await rulemint(["client", "status", "--state", join(folder.path, "old")]);
    expect(stdout).toContain("2 rules need Suricata 8 or newer");
  });

  it("refuses to start with a setting that no manifest could carry", async () => {
    await publisher.stop();
    publisher.configure({ engines: { suricata: { least: "eight" } } });
    await expect(publisher.start()).rejects.toThrowError(/engines/);
  });

  it("SPEC §16.9.1 leaves an old engine on the newest release that it can load, and says why", async () => {
    publisher.configure({ engines: { suricata: { least: "8", below: "9" } } });
    await publisher.start();
    await publisher.addRules("flows", { "a.rules": suricata + alert(4, 'content:"b";') }, "suricata");
    await publisher.release(2);
    const manifest = await fetch(`${publisher.origin}/metadata/2.endpoint.json`);
    const asked = { signed: { "x-rulemint": { engines: { suricata: { below: "9", least: "8" } } } } };
    expect(await manifest.json()).toMatchObject(asked);
    const shown = await publisher.cli(
      "release-manager",
      "release",
      "show",
      "--feed",
      "endpoint",
      "--release",
      "2",
    );
    expect(shown.stdout).toMatch(/^engines +Suricata 8 or newer, below 9$/m);
    const why = "release 2 needs Suricata 8 or newer, and this endpoint has 7.0.10";
    expect((await client("old", "configure", "--mirror", publisher.origin)).exit).toBe(0);
    expect((await client("old", "update")).answer).toMatchObject({ outcome: "waiting", release: 1, why });
    expect(sids("old")).toEqual(["1"]);
    expect((await client("old", "status")).answer).toMatchObject({
      installed: { release: 1 },
      waiting: { newest: 2, why },
      leftOut,
    });
  });

  it("gives one that is set up now the same release, and a newer engine the newest", async () => {
    await endpoint("late", "7.0.10");
    expect((await client("late", "update")).answer).toMatchObject({
      outcome: "updated",
      release: 1,
      newest: 2,
    });
    expect(sids("late")).toEqual(["1"]);
    await endpoint("new", "8.0.1");
    expect((await client("new", "update")).answer).toMatchObject({ outcome: "updated", release: 2 });
    expect(sids("new")).toEqual(["1", "2", "3", "4"]);
    await endpoint("newer", "9.0.0");
    const why = "release 2 needs Suricata below 9, and this endpoint has 9.0.0";
    expect((await client("newer", "update")).answer).toMatchObject({ release: 1, newest: 2, why });
    expect(sids("newer")).toEqual(["1", "2", "3"]);
  });

  it("goes on to it by a delta once the engine is upgraded", async () => {
    writeFileSync(join(folder.path, "late.says"), "This is Suricata version 8.0.0 RELEASE\n");
    expect((await client("late", "update")).answer).toMatchObject({
      outcome: "updated",
      release: 2,
      path: { packs: [{ from: 1, to: 2 }] },
    });
    expect(sids("late")).toEqual(["1", "2", "3", "4"]);
    expect((await client("late", "status")).answer).toMatchObject({ leftOut: { yara: leftOut.yara } });
  });
});
