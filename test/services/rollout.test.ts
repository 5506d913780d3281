/** Rollouts at the service: rings, halts, two people, reports and recalls; the attacks first. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { releaseNumber, sha256Hex } from "../../src/core/brands.js";
import { timestampPath } from "../../src/core/release/tree-paths.js";
import { parseManifest } from "../../src/core/trust/manifest.js";
import { parseEnvelope, parseTimestamp } from "../../src/core/trust/metadata.js";
import type { Identity } from "../../src/services/model.js";
import { refreshMetadata } from "../../src/services/refresh-metadata.js";
import { attendRollout } from "../../src/services/rollout/attend-rollout.js";
import {
  haltRollout,
  resumeRollout,
  showRollout,
  skipRings,
} from "../../src/services/rollout/change-rollout.js";
import { reasonToHalt } from "../../src/services/rollout/judge-rollout.js";
import type { HealthPolicy } from "../../src/services/rollout/model.js";
import { readReportCurve } from "../../src/services/rollout/read-reports.js";
import { takeReports } from "../../src/services/rollout/take-reports.js";
import { withdrawRelease } from "../../src/services/withdraw-release.js";
import { type Desk, ann, ben, feed, mia, openDesk } from "./desk.js";

const health: HealthPolicy = {
  ...{ reportsMin: 10, failurePermilleMax: 20, rollbackPermilleMax: 10 },
  ...{ silenceMinutes: 60, silencePermilleMin: 300, fleetReports: 1000 },
};
const stages = [
  { permille: 100, hours: 2 },
  { permille: 500, hours: 2 },
  { permille: 1000, hours: 2 },
];
const mao: Identity = { name: "mao", roles: ["release-manager"] };

let desk: Desk;
beforeEach(async () => {
  desk = await openDesk({
    wrap: ({ settings }) => ({
      settings: {
        ...settings,
        rings: { [feed]: { stages, health } },
        reports: { regions: ["ch", "eu"], anonymous: 5, perSourceHour: 0 },
      },
    }),
  });
});
afterEach(() => desk.close());

const refused = (code: string) => expect.objectContaining({ code });

async function release(name: string) {
  await desk.addRules("list", "ioc", { "list.txt": `${name}.example\n` });
  return desk.release();
}

/** What endpoints are told. */
async function told() {
  await refreshMetadata(desk.context);
  const bytes = (await desk.context.tree.read(timestampPath)) as Uint8Array;
  return parseTimestamp(parseEnvelope(bytes, "timestamp").signed).rings.get(feed);
}

const hours = (count: number) => desk.passDays(count / 24);
const order = (number: number, reason = "why") => ({ feed, release: number as never, reason });
const report = (change: object = {}, count = 1) => ({
  ...{ schema: 1, feed },
  reports: [
    {
      ...{ release: 2, from: 1, path: "delta", hour: desk.now.toISOString().slice(0, 13) },
      ...{ outcome: "installed", code: null, rules: 7, count, ...change },
    },
  ],
});
const say = (change: object = {}, count = 1, region = "ch") =>
  takeReports(desk.context, region, report(change, count));

describe("a rollout", () => {
  beforeEach(async () => {
    await release("one");
    await release("two");
  });

  it("SPEC §16.4.1 begins in the first ring, and everybody else keeps the release before", async () => {
    expect(await told()).toEqual({ candidate: 2, stable: 1, permille: 100 });
  });

  it("SPEC §16.4.2 goes on ring by ring, and ends with everybody", async () => {
    const seen: unknown[] = [];
    for (let i = 0; i < 3; i++) {
      await say({}, 40);
      hours(2);
      await say({}, 400);
      await attendRollout(desk.context, feed);
      seen.push((await told())?.permille);
    }
    expect(seen).toEqual([500, 1000, undefined]);
    const { state, events } = await showRollout(desk.context, ann, feed);
    expect(state).toBe("done");
    expect(events.map(({ what }) => what)).toEqual(["started", "advanced", "advanced", "finished"]);
  });

  it.each([
    ["failures", { outcome: "failed", code: "HEALTH_FAILED" }, 3],
    ["rollbacks", { outcome: "rolled-back", code: "HEALTH_FAILED" }, 2],
  ])("SPEC §16.4.3 halts by itself: %s", async (word, change, count) => {
    await say({}, 90);
    await attendRollout(desk.context, feed);
    expect((await showRollout(desk.context, ann, feed)).state).toBe("running");
    await say(change, count);
    await attendRollout(desk.context, feed);
    const { state, events } = await showRollout(desk.context, ann, feed);
    expect(state).toBe("halted");
    expect(events.at(-1)).toMatchObject({ what: "halted", by: [], reason: expect.stringContaining(word) });
    expect(await told()).toEqual({ candidate: 2, stable: 1, permille: 0 });
  });

  it("SPEC §16.5.3 counts what another process takes in at the same time", async () => {
    const { records } = desk.context;
    let meanwhile = true;
    const other = { ...desk.context, records: Object.create(records) as typeof records };
    // Between our reading of the totals and our writing, somebody else adds to them.
    other.records.commit = async (...args) => {
      if (meanwhile) {
        meanwhile = false;
        await say({}, 7);
      }
      return records.commit(...args);
    };
    other.records.get = (...args) => records.get(...args);
    other.records.list = (...args) => records.list(...args);
    await takeReports(other, "eu", report({}, 5));
    const { total } = await readReportCurve(desk.context, mia, { feed, release: releaseNumber(2) });
    const kept = await records.list<{ installed: number }>("report-totals");
    expect([total.installed, kept[0]?.body.installed]).toEqual([12, 12]);
  });

  it("SPEC §16.4.3 halts by itself: silence, and wakes nobody too early", async () => {
    await say({}, 29);
    hours(0.9);
    await attendRollout(desk.context, feed);
    expect((await showRollout(desk.context, ann, feed)).state).toBe("running");
    hours(0.2);
    await attendRollout(desk.context, feed);
    expect((await showRollout(desk.context, ann, feed)).events.at(-1)?.reason).toContain("silence");
  });

  it("SPEC §16.4.5 is resumed by two people, not by one twice, and not by anybody", async () => {
    await haltRollout(desk.context, mia, order(2));
    await expect(resumeRollout(desk.context, ann, order(2))).rejects.toThrowError(refused("ROLE_REFUSED"));
    expect((await resumeRollout(desk.context, mia, order(2, "false alarm"))).state).toBe("halted");
    await expect(resumeRollout(desk.context, mia, order(2))).rejects.toThrowError(refused("SECOND_PERSON"));
    expect((await told())?.permille).toBe(0);
    const after = await resumeRollout(desk.context, ben, order(2, "I agree"));
    expect(after.state).toBe("running");
    expect(after.events.at(-1)).toMatchObject({ by: ["mia", "ben"], reason: "false alarm; I agree" });
    expect((await told())?.permille).toBe(100);
  });

  it("SPEC §16.4.5 skips a ring by two people who want the same, within a day", async () => {
    const skip = (who: Identity, permille: number) => skipRings(desk.context, who, { ...order(2), permille });
    await skip(mia, 500);
    expect((await skip(mao, 1000)).stage).toBe(0);
    desk.passDays(1.1);
    expect((await skip(ben, 1000)).stage).toBe(0);
    expect((await skip(mia, 1000)).stage).toBe(2);
    expect(await told()).toMatchObject({ permille: 1000 });
    await expect(skip(mia, 500)).rejects.toThrowError(refused("REQUEST_INVALID"));
  });

  it("refuses orders about another release, or in another state", async () => {
    await expect(haltRollout(desk.context, mia, order(1))).rejects.toThrowError(refused("ROLLOUT_STATE"));
    await expect(resumeRollout(desk.context, mia, order(2))).rejects.toThrowError(refused("ROLLOUT_STATE"));
  });

  it("SPEC §16.4.6 leaves a document of every halt in the public tree", async () => {
    const halted = await haltRollout(desk.context, mia, order(2, "calls from customers"));
    const paths: string[] = [];
    const { readdir, readFile } = await import("node:fs/promises");
    for (const name of await readdir(`${desk.folder}/public/rings/endpoint`)) paths.push(name);
    expect(paths).toHaveLength(1);
    const text = await readFile(`${desk.folder}/public/rings/endpoint/${paths[0]}`, "utf8");
    expect(JSON.parse(text)).toMatchObject({
      what: "halted",
      by: ["mia"],
      permille: 0,
      candidate: 2,
      stable: 1,
    });
    expect(halted.events.at(-1)?.reason).toBe("calls from customers");
  });

  it("a halted release is followed by the next one, from what everybody has", async () => {
    await haltRollout(desk.context, mia, order(2));
    await release("three");
    expect(await told()).toEqual({ candidate: 3, stable: 1, permille: 100 });
  });

  it("SPEC §16.4.1 a renewal does not end a halt", async () => {
    await haltRollout(desk.context, mia, order(2));
    await desk.release({ renew: true });
    expect(await told()).toEqual({ candidate: 3, stable: 1, permille: 0 });
  });

  it("SPEC §16.2.5 a recall goes to everybody, blocks the bad database, and stays in later manifests", async () => {
    await haltRollout(desk.context, mia, order(2));
    const two = (
      await desk.context.records.get<{ database: { sha256: string } }>("releases", "endpoint/0000000002")
    )?.body;
    await withdrawRelease(desk.context, mia, { feed, release: 2 as never, reason: "boot loops" });
    await desk.publish(await desk.coSign(await desk.advance()));
    expect(await told()).toBeUndefined();
    const blocked = async (number: number) => {
      const bytes = (await desk.context.tree.read(`metadata/${number}.endpoint.json`)) as Uint8Array;
      return parseManifest(parseEnvelope(bytes, "targets").signed).block.blocked;
    };
    expect(await blocked(3)).toEqual([two?.database.sha256]);
    await release("four");
    expect(await blocked(4)).toEqual([two?.database.sha256]);
  });
});

describe("SPEC §16.2.1 a blocked list", () => {
  it.each([
    ["its own database", (own: string) => [own]],
    ["one twice", () => ["a".repeat(64), "a".repeat(64)]],
    ["nothing", () => []],
    ["no digest", () => ["x"]],
    ["too many", () => Array.from({ length: 65 }, (_, i) => i.toString(16).padStart(64, "0"))],
  ])("is refused: %s", async (_, list) => {
    await release("one");
    const bytes = (await desk.context.tree.read("metadata/1.endpoint.json")) as Uint8Array;
    const { signed } = parseEnvelope(bytes, "targets");
    const block = signed["x-rulemint"] as { database: { sha256: string } };
    const changed = { ...signed, "x-rulemint": { ...block, blocked: list(block.database.sha256) } };
    expect(() => parseManifest(changed as never)).toThrowError(refused("MANIFEST_MALFORMED"));
    expect(sha256Hex(block.database.sha256)).toBe(block.database.sha256);
  });
});

describe("reports", () => {
  beforeEach(async () => {
    await release("one");
    await release("two");
  });

  it.each([
    ["an unknown region", "xx", {}, "NOT_FOUND"],
    ["SPEC §16.5.2 a name", "ch", { host: "pc-17" }, "REQUEST_INVALID"],
    ["a code that is none", "ch", { code: "MY_HOST_IS_PC_17" }, "REQUEST_INVALID"],
    ["an outcome that is none", "ch", { outcome: "fine" }, "REQUEST_INVALID"],
    ["a time to the second", "ch", { hour: "2026-11-22T12:00:01" }, "REQUEST_INVALID"],
    ["a count of everybody", "ch", { count: 1e9 }, "REQUEST_INVALID"],
    ["a release that is none", "ch", { release: 0 }, "REQUEST_INVALID"],
  ])("are refused: %s", async (_, region, change, code) => {
    await expect(takeReports(desk.context, region, report(change))).rejects.toThrowError(refused(code));
  });

  it("SPEC §16.5.3 are counts by region, and nothing else is kept", async () => {
    await Promise.all(Array.from({ length: 50 }, (_, i) => say({}, 1, i % 2 === 0 ? "ch" : "eu")));
    const ch = await readReportCurve(desk.context, mia, { feed, release: 2 as never, region: "ch" });
    const all = await readReportCurve(desk.context, mia, { feed, release: 2 as never });
    expect([ch.total.installed, all.total.installed]).toEqual([25, 50]);
    expect(all.hours).toHaveLength(1);
    expect(all.groups).toEqual([
      { outcome: "installed", path: "delta", code: null, count: 50, rules: [7, 7] },
    ]);
    const kept = await desk.context.records.list("report-counts");
    expect(kept.map(({ body }) => Object.keys(body as object).sort())).toEqual([
      ["count", "rules"],
      ["count", "rules"],
    ]);
  });

  it("SPEC §16.5.4 tell no small group apart", async () => {
    await say({}, 40);
    await say({ outcome: "failed", code: "PACK_MALFORMED", path: "full" }, 2);
    await say({ outcome: "failed", code: "STORE_FULL", path: "none" }, 1);
    const { groups } = await readReportCurve(desk.context, mia, { feed, release: 2 as never });
    expect(groups.map(({ outcome, code, path, count }) => [outcome, code, path, count])).toEqual([
      ["installed", null, "delta", 40],
      ["failed", null, null, 3],
    ]);
  });

  it("SPEC §16.5.4 tell no quiet hour apart", async () => {
    for (const count of [3, 4, 9, 1]) {
      await say({}, count);
      hours(1);
    }
    const { hours: shown, total } = await readReportCurve(desk.context, mia, { feed, release: 2 as never });
    expect([shown.map(({ installed }) => installed), total.installed]).toEqual([[7, 10], 17]);
  });

  it("are for those who publish, review or audit", async () => {
    const read = readReportCurve(desk.context, ann, { feed, release: 2 as never });
    await expect(read).rejects.toThrowError(refused("ROLE_REFUSED"));
  });

  it("of releases that do not exist are not counted", async () => {
    await say({ release: 9 });
    expect(await desk.context.records.list("report-counts")).toEqual([]);
  });
});

describe("SPEC §16.4.4 a flood of reports", () => {
  const now = new Date("2026-11-22T12:00:00Z");
  const rollout = { stages, stage: 0, stageSince: "2026-11-22T11:59:00Z" };
  const none = { installed: 0, failed: 0, rolledBack: 0 };
  const judge = (candidate: object) => reasonToHalt(rollout, health, { ...none, ...candidate }, none, now);

  it("of forged successes hides no failures", () => {
    expect(judge({ installed: 95, failed: 5 })).toContain("failures");
    expect(judge({ installed: 1_000_000, failed: 5 })).toContain("failures");
  });

  it("of forged failures halts, which is the safe side", () => {
    expect(judge({ installed: 90, failed: 1000 })).toContain("failures");
  });
});
