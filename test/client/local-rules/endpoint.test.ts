/** The owner's word about rules on a real endpoint: kept through updates, repairs, rollbacks and crashes, and never in the way of one. */
import { existsSync } from "node:fs";
import { cp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { nodeDigest } from "../../../src/adapters/node-digest.js";
import { openFilesystemEndpointStore } from "../../../src/adapters/endpoint-store/filesystem.js";
import type { HealthChoices } from "../../../src/client/health.js";
import { Lookup } from "../../../src/client/lookup.js";
import { reportStatus } from "../../../src/client/choose-reports.js";
import { readConfig } from "../../../src/client/state.js";
import { Dead, dyingStore } from "../dying-store.js";
import { broken } from "../../simulator/server.js";
import { type Scene, type TestEndpoint, indicators, openScene } from "../endpoint.js";

/** One publisher and one server for all tests; each has a folder of its own, and finds the publisher before its first release. */
let world: Scene;
let scene: Scene;
let backToNothing: () => void;
let backToLocal: () => void;
let tests = 0;
beforeAll(async () => {
  world = await openScene();
  backToNothing = world.publisher.checkpoint();
  scene = world;
  await makeLocal();
  backToLocal = world.publisher.checkpoint();
});
beforeEach(async () => {
  backToNothing();
  const name = `test-${tests++}`;
  const endpointOn: Scene["endpointOn"] = (one, change) => world.endpointOn(join(name, one), change);
  const endpoint = await endpointOn("state");
  await endpoint.updater.init({ url: world.server.url, root: world.publisher.root });
  scene = { ...world, folder: join(world.folder, name), endpoint, endpointOn };
});
afterAll(() => world.close());

const refused = (code: string) => expect.objectContaining({ code });
const text = (words: string) => new TextEncoder().encode(words);
const own = (words = "own.example\n", name = "mine.txt") => [{ name, bytes: text(words) }];
const first = indicators(1)[0] as string;
const rules = (endpoint = scene.endpoint) => endpoint.updater.rules;
const update = (endpoint = scene.endpoint) => endpoint.updater.update();
const sources = {
  "feed/a.yar": "rule base { condition: true }\nrule user { condition: base }\n",
  "feed/b.rules": 'alert tcp any any -> any any (msg:"one"; sid:1; rev:1;)\n',
};
const lines = async (endpoint: TestEndpoint = scene.endpoint) =>
  (await readFile(join(endpoint.folder, "export/ioc/domains.txt"), "utf8")).trim().split("\n");
const ask = (health: Partial<HealthChoices>) =>
  scene.endpoint.updater.chooseHealth(() => ({ kind: "ioc", ...health }));

/** Release 1 in use, with one indicator off and one of the owner's own. */
async function haveLocal(): Promise<void> {
  backToLocal();
  await copyState(world.endpoint, scene.endpoint.folder);
}

const copyState = (from: TestEndpoint, to: string) =>
  cp(from.folder, to, { recursive: true, verbatimSymlinks: true });

async function makeLocal(): Promise<void> {
  await scene.publisher.release(indicators(1), { sources });
  await update();
  await rules().disable([first], { reason: "ours" });
  await rules().add(own());
}

async function expectInForce(endpoint = scene.endpoint): Promise<void> {
  expect(await lines(endpoint)).toContain("own.example");
  expect(await lines(endpoint)).not.toContain(first);
  expect(await rules(endpoint).status()).toMatchObject({ inForce: true, problem: null, setAside: null });
}

describe("SPEC §16.8.1 the owner's word stays", () => {
  it("is exported at once, without a network, and the engine is told", async () => {
    await scene.publisher.release(indicators(1));
    await update();
    const told = join(scene.folder, "told");
    await ask({ reload: `cp "$RULEMINT_RULES/domains.txt" ${told}` });
    const asked = scene.server.requests.length;
    scene.server.behaviours = [[/./, broken]];
    const { status, isExported } = await rules().disable([first], { reason: "ours" });
    expect(isExported).toBe(true);
    expect(status.effect?.counts.ioc).toMatchObject({ published: 400, disabled: 1 });
    expect(await readFile(told, "utf8")).not.toContain(first);
    await rules().enable([first]);
    expect(await readFile(told, "utf8")).toContain(first);
    expect(await rules().status()).toMatchObject({ choices: [], inForce: true, effect: null });
    expect(scene.server.requests).toHaveLength(asked);
    scene.server.behaviours = [];
  });

  it("through an update, a rollback, a repair and a lost state", async () => {
    await haveLocal();
    const shared = indicators(2)[0] as string;
    await rules().disable([shared]);
    await scene.publisher.release(indicators(2), { sources });
    await update();
    expect(await lines()).not.toContain(shared);
    expect(await lines()).toContain("own.example");
    // SPEC §16.8.1: what was verified is what was signed.
    expect(await scene.endpoint.databaseSha256()).toBe(scene.publisher.databases.get(2)?.sha256);
    expect((await rules().status()).effect?.conflicts).toMatchObject([
      { type: "not-published", what: first },
    ]);
    await scene.endpoint.updater.rollback();
    await expectInForce();
    await scene.publisher.release(indicators(3), { sources });
    await writeFile(join(scene.endpoint.folder, "database"), "damaged");
    await rm(join(scene.endpoint.folder, "state.json"));
    expect(await update()).toMatchObject({ release: 3 });
    expect(await lines()).toContain("own.example");
    expect(await rules().status()).toMatchObject({ inForce: true, choices: [{ reason: "ours" }, {}] });
  });

  it("before the first update, and over a damaged database, it waits for the next update", async () => {
    expect(await rules().disable([first], { kind: "ioc" })).toMatchObject({ isExported: false });
    await scene.publisher.release(indicators(1));
    await update();
    expect(await lines()).not.toContain(first);
    await writeFile(join(scene.endpoint.folder, "database"), "damaged");
    expect(await rules().add(own())).toMatchObject({ isExported: false, status: { inForce: false } });
    await update();
    await expectInForce();
  });

  it("`export` has it too, unless it is asked for what was published", async () => {
    await haveLocal();
    const [mine, theirs] = [join(scene.folder, "mine"), join(scene.folder, "theirs")];
    await scene.endpoint.updater.export(mine);
    await scene.endpoint.updater.export(theirs, ["ioc"], { asPublished: true });
    expect(await readFile(join(mine, "ioc/domains.txt"), "utf8")).toContain("own.example");
    expect((await readFile(join(theirs, "ioc/domains.txt"), "utf8")).trim().split("\n")).toEqual(
      indicators(1).toSorted((a, b) => (a < b ? -1 : 1)),
    );
  });
});

describe("what cannot be meant is refused, and changes nothing", () => {
  const hostile = `rule a { condition: ${"(".repeat(5000)}true${")".repeat(5000)} }`;
  it.each<[string, string, () => Promise<unknown>]>([
    ["an id that nobody publishes", "USAGE", () => rules().disable(["no-such.example"])],
    ["a word of no kind", "USAGE", () => rules().disable(["!"], { kind: "yara" })],
    ["a pattern of a megabyte", "USAGE", () => rules().disable(["*".repeat(2 ** 20)], { kind: "ioc" })],
    ["an id of a megabyte", "USAGE", () => rules().disable(["a".repeat(2 ** 20)], { kind: "yara" })],
    ["a pattern of no kind", "USAGE", () => rules().disable(["*.rar"], { pattern: true })],
    ["a digest of nothing", "USAGE", () => rules().disable([`sha256:${"0".repeat(64)}`])],
    ["to allow a rule", "USAGE", () => rules().allow(["not an indicator"])],
    ["to remove what is not there", "USAGE", () => rules().remove(["never.example"])],
    ["a path for a name", "USAGE", () => rules().add(own("x.example", "../../mine.txt"))],
    ["a name with a separator", "USAGE", () => rules().add(own("x.example", "a/b.txt"))],
    ["a hidden name", "USAGE", () => rules().add(own("x.example", ".txt"))],
    ["a file of no kind", "USAGE", () => rules().add(own("x.example", "mine.exe"))],
    ["no rule in it", "RULES_INVALID", () => rules().add(own("# nothing\n"))],
    ["an indicator that is none", "RULES_INVALID", () => rules().add(own("what is this\n"))],
    [
      "bytes that are no text",
      "RULES_INVALID",
      () => rules().add([{ name: "a.yar", bytes: new Uint8Array([0xff]) }]),
    ],
    ["a rule that reads files", "RULES_INVALID", () => rules().add(own('include "/etc/passwd"\n', "a.yar"))],
    ["nested without end", "RULES_INVALID", () => rules().add(own(hostile, "a.yar"))],
    [
      "a published id",
      "RULE_CONFLICT",
      () => rules().add(own(sources["feed/b.rules"].replace("one", "two"), "a.rules")),
    ],
    ["a published name", "RULE_CONFLICT", () => rules().add(own("rule user { condition: false }", "a.yar"))],
    [
      "own ids that clash",
      "RULE_CONFLICT",
      () =>
        rules().add([
          ...own('alert tcp any any -> any any (msg:"x"; sid:9; rev:1;)\n', "a.rules"),
          ...own('alert tcp any any -> any any (msg:"y"; sid:9; rev:1;)\n', "b.rules"),
        ]),
    ],
    [
      "more bytes than there may be",
      "USAGE",
      () => rules().add([{ name: "a.txt", bytes: new Uint8Array(2 ** 24 + 1) }]),
    ],
  ])("%s: %s", async (_, code, change) => {
    await haveLocal();
    const before = await readdir(scene.endpoint.folder);
    const kept = await scene.endpoint.read("local-rules.json");
    await expect(change()).rejects.toThrowError(refused(code));
    expect(await scene.endpoint.read("local-rules.json")).toEqual(kept);
    expect(await readdir(scene.endpoint.folder)).toEqual(before);
    await expectInForce();
  });

  it("own rules take the place of published ones when they are told to", async () => {
    await haveLocal();
    await rules().add(own("rule user { condition: false }", "a.yar"), { replace: true });
    const { effect } = await rules().status();
    expect(effect?.conflicts).toMatchObject([{ type: "replaces-published", what: "user" }]);
    expect(existsSync(join(scene.endpoint.folder, "export/yara/own/a.yar"))).toBe(true);
    await rules().remove(["a.yar"]);
    expect((await readdir(scene.endpoint.folder)).filter((name) => name.startsWith("own-"))).toHaveLength(1);
  });
});

describe("damage", () => {
  const spoil = async (name: string) => {
    const bytes = await scene.endpoint.read(name);
    bytes[Math.floor(bytes.length / 2)] = (bytes[Math.floor(bytes.length / 2)] as number) ^ 1;
    await writeFile(join(scene.endpoint.folder, name), bytes);
  };

  it.each(["spoiled", "gone"])("one file %s: its copy is in force, and mends it", async (how) => {
    await haveLocal();
    if (how === "gone") await rm(join(scene.endpoint.folder, "local-rules.json"));
    else await spoil("local-rules.json");
    expect(await rules().status()).toMatchObject({ problem: { damage: "copy" }, inForce: true });
    await scene.publisher.release(indicators(1).slice(1), { sources });
    await update();
    expect(scene.endpoint.types()).toContain("local-rules-damaged");
    expect(await rules().status()).toMatchObject({ problem: null, inForce: true });
    expect(await lines()).toContain("own.example");
  });

  it("SPEC §16.8.2 both: all that is published is exported, every change is refused, and a reset begins anew", async () => {
    await haveLocal();
    await spoil("local-rules.json");
    await spoil("local-rules.copy.json");
    await update();
    expect(await lines()).toEqual(indicators(1).toSorted((a, b) => (a < b ? -1 : 1)));
    const status = await scene.endpoint.updater.status();
    expect(status.localRules).toMatchObject({ problem: { code: "LOCAL_RULES_CORRUPT", damage: "lost" } });
    await expect(rules().disable([first])).rejects.toThrowError(refused("LOCAL_RULES_CORRUPT"));
    await rules().reset();
    await rules().disable([first]);
    expect(await lines()).not.toContain(first);
  });

  it("an own file: the rest stays in force, and says so", async () => {
    await haveLocal();
    const [name = ""] = (await readdir(scene.endpoint.folder)).filter((one) => one.startsWith("own-"));
    await writeFile(join(scene.endpoint.folder, name), "other.example\n");
    await scene.publisher.release(indicators(1).slice(1), { sources });
    await update();
    expect(await lines()).not.toContain("other.example");
    const conflicts = (await rules().status()).effect?.conflicts;
    expect(conflicts).toContainEqual(expect.objectContaining({ type: "own-damaged", what: "mine.txt" }));
    expect(await rules().check()).toMatchObject({ ok: false });
  });

  it.each([
    ["a future form", { schema: 2, choices: [], own: [] }],
    [
      "a name that leads elsewhere",
      {
        schema: 1,
        choices: [],
        own: [
          { kind: "ioc", name: "../x.txt", sha256: "0".repeat(64), bytes: 1, since: "2026-11-22T12:00:00Z" },
        ],
      },
    ],
    [
      "a verb of nobody",
      {
        schema: 1,
        choices: [{ verb: "trust", kind: "ioc", by: "id", what: "a.example", since: "2026-11-22T12:00:00Z" }],
        own: [],
      },
    ],
  ])("%s, sealed by somebody who can: not a word of it is believed", async (_, value) => {
    await haveLocal();
    const { seal } = await import("../../../src/client/sealed-json.js");
    for (const name of ["local-rules.json", "local-rules.copy.json"])
      await writeFile(join(scene.endpoint.folder, name), await seal(value));
    await update();
    expect(await lines()).toContain(first);
    expect((await rules().status()).problem).toMatchObject({ damage: "lost" });
  });
});

describe("SPEC §16.8.7 the engine", () => {
  it.each<[string, Partial<HealthChoices>, string, () => Promise<unknown>]>([
    [
      "refuses an own rule",
      { check: '! grep -q poison "$RULEMINT_RULES/domains.txt"' },
      "ENGINE_REFUSED",
      () => rules().add(own("poison.example\n", "bad.txt")),
    ],
    [
      "misses a canary that would be off",
      { mustMatch: [indicators(1)[1] as string] },
      "CANARY_FAILED",
      () => rules().disable([indicators(1)[1] as string]),
    ],
    [
      "misses a canary that would be allowed",
      { mustMatch: [indicators(1)[1] as string] },
      "CANARY_FAILED",
      () => rules().allow([indicators(1)[1] as string]),
    ],
  ])("%s: the change is refused up front, and all stays as it was", async (_, health, code, change) => {
    await haveLocal();
    await ask(health);
    const before = await readdir(scene.endpoint.folder);
    await expect(change()).rejects.toThrowError(refused(code));
    expect((await readdir(scene.endpoint.folder)).length).toBe(before.length);
    await expectInForce();
    expect(await rules().check()).toMatchObject({ ok: true, isAsked: true });
  });

  it("SPEC §16.8.8 refuses own rules after an update: they are set aside, and the release stays", async () => {
    await haveLocal();
    await ask({
      check: `grep -c . "$RULEMINT_RULES/domains.txt" | sed "s/^/rules: /"; ! { grep -q own.example "$RULEMINT_RULES/domains.txt" && grep -q ${indicators(2).at(-1)} "$RULEMINT_RULES/domains.txt"; }`,
    });
    await scene.publisher.release(indicators(2), { sources });
    expect(await update()).toMatchObject({ outcome: "updated", release: 2 });
    expect(scene.endpoint.types()).toContain("own-rules-set-aside");
    expect(await lines()).not.toContain("own.example");
    const status = await scene.endpoint.updater.status();
    expect(status).toMatchObject({ installed: { release: 2 }, exported: true, bad: null });
    expect(status.localRules).toMatchObject({ setAside: { code: "ENGINE_REFUSED" }, inForce: true });
    expect(await rules().check()).toMatchObject({ ok: false, refusal: { code: "ENGINE_REFUSED" } });
    // Not asked again and again about what it has refused, but about the next release.
    expect(await update()).toMatchObject({ outcome: "current" });
    expect(scene.endpoint.types()).not.toContain("own-rules-set-aside");
    await scene.publisher.release(indicators(99), { sources });
    await update();
    expect(await lines()).toContain("own.example");
    expect((await rules().status()).setAside).toBeNull();
  });

  it("SPEC §16.8.8 misses what is switched off: the release is not to blame, and the engines keep what they have", async () => {
    await haveLocal();
    const canary = indicators(3)[0] as string;
    await rules().disable([`${canary.slice(0, 12)}*`], { kind: "ioc" });
    await scene.publisher.release(indicators(3), { sources });
    await ask({ mustMatch: [canary] });
    // It matches in release 1 already, so the choice alone does not tell: make the check one of release 3.
    await ask({ check: `[ "$RULEMINT_RELEASE" = 1 ] || grep -q ${canary} "$RULEMINT_RULES/domains.txt"` });
    await expect(update()).rejects.toThrowError(refused("LOCAL_RULES_REFUSED"));
    await expectInForce();
    expect(await scene.endpoint.updater.status()).toMatchObject({
      installed: { release: 2 },
      bad: null,
      exported: false,
    });
    await rules().remove([`${canary.slice(0, 12)}*`]);
    expect(await lines()).toContain(canary);
    expect(await update()).toMatchObject({ outcome: "current" });
  });

  it("refuses the release by itself: it is left, and the owner's word holds on the one before", async () => {
    await haveLocal();
    await ask({ check: `! grep -q ${indicators(2).at(-1)} "$RULEMINT_RULES/domains.txt"` });
    await scene.publisher.release(indicators(2), { sources });
    await expect(update()).rejects.toThrowError(refused("ENGINE_REFUSED"));
    expect(await scene.endpoint.updater.status()).toMatchObject({
      installed: { release: 1 },
      bad: { release: 2 },
    });
    await expectInForce();
  });

  it("SPEC §16.8.9 never comes up on own rules: they go first, and the release only after them", async () => {
    await haveLocal();
    await scene.publisher.release(indicators(2), { sources });
    await update();
    const start = () => scene.endpoint.updater.engineStarting({ triesMax: 2 });
    expect(await start()).toMatchObject({ outcome: "counted", starts: 1 });
    await start();
    expect(await start()).toMatchObject({
      outcome: "own-rules-set-aside",
      starts: 1,
      installed: { release: 2 },
    });
    expect(await lines()).not.toContain("own.example");
    expect(await start()).toMatchObject({ outcome: "counted", starts: 2 });
    expect(await start()).toMatchObject({ outcome: "rolled-back", installed: { release: 1 } });
    expect(await lines()).not.toContain("own.example");
    // What was switched off stays off, and a change of the rules ends it.
    expect(await lines()).not.toContain(first);
    await rules().remove(["mine.txt"]);
    await rules().add(own("better.example\n"));
    expect(await lines()).toContain("better.example");
  });
});

describe("crashes", () => {
  it("at any step of a change: the old word or the new one is in force, and the next update exports it", async () => {
    await scene.publisher.release(indicators(1), { sources });
    await update();
    let points = 0;
    for (let isOver = false; !isOver; points++) {
      const name = `dying-${points}`;
      await copyState(scene.endpoint, join(scene.folder, name));
      const locks: (() => Promise<void>)[] = [];
      const life = { operations: 0, diesAt: points + 1 };
      const mortal = await scene.endpointOn(name, (one) => dyingStore(one, life, locks));
      try {
        await rules(mortal).add(own());
        isOver = true;
      } catch (error) {
        expect(error).toBeInstanceOf(Dead);
      }
      for (const unlock of locks) await unlock();
      const again = await scene.endpointOn(name);
      const { own: files } = await rules(again).status();
      await update(again);
      expect(await rules(again).status()).toMatchObject({ inForce: true, problem: null });
      expect((await lines(again)).includes("own.example"), `dies at ${points}`).toBe(files.length === 1);
      await rules(again).add(own());
      expect(await lines(again)).toContain("own.example");
    }
    expect(points).toBeGreaterThan(6);
  });

  it("a disk that takes nothing: the change is refused, and what was in force stays", async () => {
    await haveLocal();
    const full = await scene.endpointOn("state", (store) => ({
      ...store,
      files: {
        ...store.files,
        read: (name) => store.files.read(name),
        remove: (name) => store.files.remove(name),
        write: () => Promise.reject(Object.assign(new Error("no"), { code: "STORE_FULL" })),
      },
    }));
    await expect(rules(full).disable([indicators(1)[3] as string])).rejects.toThrowError("no");
    await expectInForce();
  });
});

describe("what others hear of it", () => {
  it("lookup tells what is allowed, switched off and of one's own", async () => {
    await haveLocal();
    const [, second = "", third = ""] = indicators(1);
    await rules().allow([second], { reason: "partner" });
    const store = await openFilesystemEndpointStore(scene.endpoint.folder);
    const lookup = await Lookup.open(store, nodeDigest);
    expect(await lookup.find(first)).toMatchObject({
      found: true,
      allowed: null,
      hits: [{ here: "disabled" }],
    });
    expect(await lookup.find(second)).toMatchObject({
      found: true,
      allowed: { what: second, reason: "partner" },
      hits: [{ here: "allowed" }],
    });
    expect(await lookup.find(`www.${second}`)).toMatchObject({ allowed: { what: second } });
    expect(await lookup.find(third)).toMatchObject({ allowed: null, hits: [{ here: "exported" }] });
    expect(await lookup.find("own.example")).toMatchObject({
      found: true,
      hits: [{ number: null, here: "exported" }],
    });
    await lookup.close();
  });

  it("SPEC §16.8.10 a report does not tell a number of rules that is this owner's alone", async () => {
    await scene.endpoint.updater.chooseReports(() => ({ region: "ch", delaySeconds: 0 }));
    await scene.publisher.release(indicators(1));
    await ask({ check: "echo rules: 400" });
    await update();
    await rules().disable([first]);
    await scene.publisher.release(indicators(2));
    await update();
    const { files } = await openFilesystemEndpointStore(scene.endpoint.folder);
    const waiting = (await reportStatus(files, await readConfig(files)))?.waiting ?? [];
    expect(waiting.map(({ report }) => report.rules)).toEqual([400, null]);
  });
});
