/** Gates on compiled releases, with the engines of this machine; what fails names its rule, and a quarantined rule does not stop the rest. */
import { mkdirSync, writeFileSync } from "node:fs";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openPrometheusMeter } from "../../src/adapters/metrics/prometheus.js";
import { openEngineGates } from "../../src/adapters/gates/engines.js";
import type { ReleaseGates } from "../../src/ports/release-gates.js";
import { buildRelease, waivableGates } from "../../src/services/build-release.js";
import { metricTable, readMetrics } from "../../src/services/metrics.js";
import { checkBudget } from "../../src/services/gate-budget.js";
import { listQuarantine, quarantineRule } from "../../src/services/quarantine-rule.js";
import { withdrawRelease } from "../../src/services/withdraw-release.js";
import { temporaryFolder } from "../support/temporary.js";
import { ann, ben, type Desk, feed, mia, openDesk } from "./desk.js";

const rule = (name: string, text: string) => `rule ${name} { strings: $a = "${text}" condition: $a }\n`;
const code = (refusal: string) => expect.objectContaining({ code: refusal });
const canary = "X5O-RULEMINT-CANARY-NOT-A-VIRUS";
const cleanText = "nothing but an ordinary program\n";

let desk: Desk;
let samples: string;
let remove: () => Promise<void>;
beforeAll(async () => {
  const made = await temporaryFolder();
  remove = made.remove;
  samples = join(made.path, "gates");
  const clean = join(made.path, "clean");
  mkdirSync(join(clean, "below"), { recursive: true });
  writeFileSync(join(clean, "below", "program"), cleanText);
  put("must-match/yara/Canary/sample", `....${canary}....`);
  put("must-match/clamav/Desk.Canary/sample", `....${canary}....`);
  const gates = openEngineGates({ samples, clean: { folders: [clean], bytesMax: 1e6, fileBytesMax: 1e6 } });
  desk = await openDesk({ wrap: () => ({ gates }) });
});
afterAll(async () => {
  await desk.close();
  await remove();
});

function put(path: string, content: string): void {
  const full = join(samples, path);
  mkdirSync(join(full, ".."), { recursive: true });
  writeFileSync(full, content);
}

/** A second later each time: failed releases of one number are told apart by their time. */
const build = (options = {}) => {
  desk.passDays(1 / 86_400);
  return desk.build(options);
};
const hex = Buffer.from(canary).toString("hex");
const first = {
  yara: { "a.yar": rule("Canary", canary) + rule("Other", "something else that is bad") },
  clamav: { "a.ndb": `Desk.Canary:0:*:${hex}\n` },
  ioc: { "a.txt": Array.from({ length: 40 }, (_, i) => `host-${i}.example.org\n`).join("") },
};

describe("the gates", () => {
  it("SPEC §17.6.5 load every kind, find every canary and no clean file", async () => {
    for (const kind of ["yara", "clamav", "ioc"] as const)
      await desk.addRules(`of-${kind}`, kind, first[kind]);
    const release = await build();
    expect(release.state, release.waitingFor ?? "").toBe("signed");
    const results = Object.fromEntries(
      (release.gates ?? []).map(({ gate, result, detail }) => [gate, [result, detail]]),
    );
    expect(results).toMatchObject({
      "shrink-guard": ["PASSED", "the first release"],
      "delta-paths": ["PASSED", "1 paths"],
      "load yara": ["PASSED", expect.stringMatching(/^yara \d/)],
      "load clamav": ["PASSED", expect.stringMatching(/^ClamAV \d/)],
      "must-match yara": ["PASSED", "1 samples"],
      "must-match clamav": ["PASSED", "1 samples"],
      "must-not-match yara": ["PASSED", "1 clean files"],
      "must-not-match clamav": ["PASSED", "1 clean files"],
      "forms ioc": ["PASSED", "40 of 40 rules read anew as csv, stix, misp"],
      "clean-hashes": ["PASSED", "no hashes among the indicators"],
      "budget yara": ["PASSED", expect.anything()],
    });
    await desk.publish(await desk.coSign(release));
  });

  const sha256 = createHash("sha256").update(cleanText).digest("hex");
  const md5 = createHash("md5").update(cleanText).digest("hex");
  it.each([
    [
      "a rule that matches a clean file",
      "yara",
      { "a.yar": first.yara["a.yar"] + rule("Wide", "ordinary program") },
      "Wide",
    ],
    [
      "a canary that no longer matches",
      "yara",
      { "a.yar": rule("Canary", "another text") + rule("Other", "bad") },
      "Canary",
    ],
    ["a canary that is gone", "yara", { "a.yar": rule("Other", "bad") }, "Canary"],
    [
      "a signature that matches a clean file",
      "clamav",
      { "a.ndb": `${first.clamav["a.ndb"]}Desk.Wide:0:*:${Buffer.from("ordinary").toString("hex")}\n` },
      "Desk.Wide",
    ],
    [
      "a hash signature of a clean file",
      "clamav",
      { ...first.clamav, "b.hdb": `${md5}:${cleanText.length}:Desk.Hash\n` },
      "Desk.Hash",
    ],
    ["an indicator that is a clean file's", "ioc", { "a.txt": `${first.ioc["a.txt"]}${sha256}\n` }, sha256],
  ] as const)("SPEC §17.6.1 end a release with %s, and name it", async (_, kind, files, named) => {
    await desk.addRules(`of-${kind}`, kind, files as Record<string, string>);
    const release = await build();
    expect(release).toMatchObject({ state: "failed", manifestSha256: null });
    expect(release.waitingFor).toMatch(/^GATE_FAILED: /);
    expect(release.waitingFor).toContain(named);
    const failed = release.gates?.filter(({ result }) => result === "FAILED") ?? [];
    expect(failed.flatMap(({ rules }) => rules)).toEqual([named]);
    await desk.addRules(`of-${kind}`, kind, first[kind]);
  });

  it("SPEC §17.6.2 stop a ruleset that was cut, SPEC §17.6.7 unless that is meant", async () => {
    const few = { "a.txt": "host-1.example.org\nhost-2.example.org\n" };
    await desk.addRules("of-ioc", "ioc", few);
    const release = await build();
    expect(release.waitingFor).toContain("shrink-guard: of-ioc has 2 rules after 40, 95 % fewer");
    const order = { feed, waive: ["shrink-guard"] };
    await expect(buildRelease(desk.context, mia, order)).rejects.toEqual(code("REQUEST_INVALID"));
    const meant = await build({ waive: ["shrink-guard"], reason: "the campaign is over" });
    expect(meant.state).toBe("signed");
    expect(meant.gates).toContainEqual(expect.objectContaining({ gate: "shrink-guard", result: "WAIVED" }));
    await desk.publish(await desk.coSign(meant));
  });

  it("SPEC §17.6.3 see a path from every published release", async () => {
    await desk.addRules("of-ioc", "ioc", first.ioc);
    const release = await build();
    expect(release.gates).toContainEqual(expect.objectContaining({ gate: "delta-paths", detail: "3 paths" }));
    await desk.publish(await desk.coSign(release));
  });

  it("SPEC §17.6.4 let through what was public: a withdrawal is not held back", async () => {
    await withdrawRelease(desk.context, mia, { feed, release: 3 as never, to: 2 as never, reason: "bad" });
    const release = await desk.advance();
    expect(release).toMatchObject({ state: "signed", gates: [{ detail: "the content of release 2" }] });
    await desk.publish(await desk.coSign(release));
  });
});

describe("the budget of loading", () => {
  const took = { tried: 1 };
  let again = 0;
  let busy: Desk;
  beforeAll(async () => {
    const clean = { folders: [], bytesMax: 1e6, fileBytesMax: 1e6 };
    const gates = openEngineGates({ samples: join(samples, "none"), clean });
    // The engine is there and loads; only the clock is told.
    const timed: ReleaseGates = {
      ...gates,
      tryKind: async (input) => ({ ...(await gates.tryKind(input)), loadSeconds: took.tried }),
      loadSeconds: (input) => {
        again++;
        return gates.loadSeconds(input);
      },
    };
    busy = await openDesk({ wrap: () => ({ gates: timed }) });
    await busy.addRules("of-yara", "yara", first.yara);
    await busy.release();
    await busy.addRules("of-yara", "yara", { "a.yar": first.yara["a.yar"] + rule("More", "more") });
  });
  afterAll(() => busy.close());

  it("SPEC §17.6.5 passes a release that took long while the machine was busy", async () => {
    took.tried = 60;
    const release = await busy.build();
    expect(release.state, release.waitingFor ?? "").toBe("signed");
    expect(release.gates).toContainEqual(expect.objectContaining({ gate: "budget yara", result: "PASSED" }));
  });

  it("loads both releases again for that", () => {
    expect(again).toBe(2);
  });

  it("SPEC §17.6.7 can be waived for every kind that engines load", () => {
    expect(waivableGates).toEqual(["shrink-guard", "budget clamav", "budget suricata", "budget yara"]);
  });
});

describe("checking the budget", () => {
  const check = (again: { now: number | null; before: number | null }, now = 61) =>
    checkBudget({
      ...{ now, before: 20, slowdownMax: 3 },
      again: { now: async () => again.now, before: async () => again.before },
    });

  it("fails what is slow beside the former one, measured in the same minute", async () => {
    expect(await check({ now: 40, before: 10 })).toEqual([
      { rule: null, message: "loading took 40 s, after 10 s of the release before" },
    ]);
    expect(await check({ now: 40, before: 14 })).toEqual([]);
    expect(await check({ now: 1.9, before: 0.1 })).toEqual([]);
  });

  it("takes what was measured at first where one does not load any more", async () => {
    expect(await check({ now: null, before: null })).toHaveLength(1);
    expect(await check({ now: null, before: 21 })).toEqual([]);
    expect(await check({ now: 59, before: null })).toEqual([]);
  });

  it("measures nothing again that is not slow, or the first", async () => {
    const never = () => Promise.reject(new Error("measured again"));
    const again = { now: never, before: never };
    expect(await checkBudget({ now: 60, before: 20, slowdownMax: 3, again })).toEqual([]);
    expect(await checkBudget({ now: 999, before: undefined, slowdownMax: 3, again })).toEqual([]);
    await expect(checkBudget({ now: 61, before: 20, slowdownMax: 3, again })).rejects.toThrow("again");
  });
});

describe("a rule in quarantine", () => {
  it("SPEC §17.6.6 is out after somebody else's approval, stays out of later revisions, and comes back", async () => {
    const wide = { "a.yar": first.yara["a.yar"] + rule("Wide", "ordinary program") };
    await desk.addRules("of-yara", "yara", wide);
    expect((await build()).state).toBe("failed");
    const order = { ruleset: "of-yara", id: "Wide", reason: "hits programs" };
    const out = await quarantineRule(desk.context, ann, order);
    expect(out).toMatchObject({ state: "open", rules: 2, leftOut: [{ path: "a.yar", line: 3 }] });
    await expect(desk.approve(out, { ...ann, roles: ["reviewer"] })).rejects.toEqual(code("APPROVAL_OWN"));
    await desk.approve(out);
    expect(await listQuarantine(desk.context, ann)).toMatchObject([{ rule: "Wide", by: "ann" }]);
    const release = await build();
    expect(release.state, release.waitingFor ?? "").toBe("signed");
    await desk.publish(await desk.coSign(release));
    const later = await desk.submit("of-yara", "yara", { ...wide, "b.yar": rule("More", "more of it") });
    expect(later).toMatchObject({ state: "open", rules: 3, leftOut: [{ path: "a.yar", line: 3 }] });
    expect(later.findings).toContainEqual(expect.objectContaining({ code: "RULE_QUARANTINED", line: 3 }));
    const lifted = await quarantineRule(desk.context, ben, { ...order, lift: true });
    expect(lifted).toMatchObject({ rules: 3, leftOut: [] });
    expect(await listQuarantine(desk.context, ann)).toEqual([]);
  });

  it("SPEC §17.5.4 takes along what stands on it", async () => {
    const files = {
      "a.yar": `${rule("Base", "some text")}rule Upper { condition: Base }\n${rule("Own", "own")}`,
    };
    await desk.addRules("layers", "yara", files);
    const out = await quarantineRule(desk.context, ann, { ruleset: "layers", id: "Base", reason: "wide" });
    expect(out).toMatchObject({ state: "open", rules: 1 });
    expect(out.leftOut).toEqual([1, 2].map((line) => ({ path: "a.yar", line })));
  });

  it("SPEC §17.6.5 is asked of no sample, and may be the last of its ruleset and of its kind", async () => {
    const order = { ruleset: "of-clamav", id: "Desk.Canary", reason: "stops machines" };
    const out = await quarantineRule(desk.context, ann, order);
    expect(out).toMatchObject({ state: "open", rules: 0, leftOut: [{ path: "a.ndb", line: 1 }] });
    await desk.approve(out);
    const release = await build();
    expect(release.state, release.waitingFor ?? "").toBe("signed");
    expect(release.database?.rules).not.toHaveProperty("clamav");
    expect(release.gates).toContainEqual(
      expect.objectContaining({
        gate: "must-match clamav",
        result: "PASSED",
        detail: "0 samples, 1 in quarantine",
      }),
    );
    const same = await desk.submit("of-clamav", "clamav", first.clamav);
    expect(same).toMatchObject({ state: "open", rules: 0 });
    await desk.publish(await desk.coSign(release));
    const lifted = await quarantineRule(desk.context, ben, { ...order, lift: true });
    expect(lifted).toMatchObject({ state: "open", rules: 1, leftOut: [] });
    await desk.approve(lifted, { name: "max", roles: ["reviewer"] });
  });

  it("leaves every other rule wanted, also of a kind that is gone", async () => {
    await desk.addRules("of-clamav", "clamav", { "a.ndb": `Desk.Other:0:*:${hex}\n` });
    const renamed = await build();
    expect(renamed.waitingFor).toMatch(
      /must-match clamav: Desk\.Canary: expected it in the release, got none/,
    );
    const metrics = await readMetrics({ ...desk.context, meter: openPrometheusMeter(metricTable) });
    expect(metrics).toContain('rulemint_release_failed{feed="endpoint"} 1\n');
  });

  it("must be a rule of the ruleset, and in quarantine to be lifted", async () => {
    const order = { ruleset: "of-yara", id: "Nobody", reason: "x" };
    await expect(quarantineRule(desk.context, ann, order)).rejects.toEqual(code("NOT_FOUND"));
    await expect(quarantineRule(desk.context, ann, { ...order, lift: true })).rejects.toEqual(
      code("NOT_FOUND"),
    );
    await expect(quarantineRule(desk.context, ann, { ...order, ruleset: "none" })).rejects.toEqual(
      code("NOT_FOUND"),
    );
  });
});
