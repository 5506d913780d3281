/** What keeps the access log honest without being asked: heartbeats, anchors in the release log, a look at its own openings. */
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openFilesystemLog } from "../../src/adapters/log/filesystem.js";
import { nodeDigest, nodePairDigest } from "../../src/adapters/node-digest.js";
import { checkAccessFile } from "../../src/core/log/check-access.js";
import { type LogPolicy, parseLogPolicy } from "../../src/core/log/log-policy.js";
import type { AccessLog } from "../../src/services/access-log.js";
import type { OwnLog } from "../../src/services/append-to-log.js";
import { checkReadiness } from "../../src/services/check-readiness.js";
import { beginAccessLog, endAccessLog, keepAccessLog } from "../../src/services/keep-access-log.js";
import { openAccessRange } from "../../src/services/open-access.js";
import { type Desk, openDesk } from "../services/desk.js";
import { accessKey, event, insider, openTestAccess } from "../support/access-world.js";
import { testKey } from "../support/log-world.js";
import { temporaryFolder } from "../support/temporary.js";
import { signerOf } from "../support/test-witness.js";

const releases = testKey("example.com/releases", 1);
const releasePolicy: LogPolicy = parseLogPolicy(`log ${releases.vkey}\nquorum none\n`);
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let log: AccessLog;
let released: OwnLog;
let desk: Desk;

const hour = 1 / 24;
const file = async () => openAccessRange(desk.context, {});
const alarms = async () =>
  (await checkAccessFile(await file(), { key: accessKey.key, releasePolicy })).alarms.map(({ code }) => code);
const access = async () =>
  (await checkReadiness(desk.context)).checks.find(({ name }) => name === "access log");

beforeEach(async () => {
  folder = await temporaryFolder();
  desk = await openDesk({ ceremony: false });
  const clock = { now: () => desk.now };
  log = await openTestAccess(folder.path, { clock });
  const place = {
    files: join(folder.path, "public"),
    state: join(folder.path, "releases"),
    digest: nodeDigest,
  };
  released = {
    ...{
      origin: "example.com/releases",
      signer: signerOf(releases),
      witnesses: [],
      clock,
      pairDigest: nodePairDigest,
    },
    ...{
      store: await openFilesystemLog(place),
      policy: async () => releasePolicy,
      pause: async () => undefined,
    },
  };
  const releaseLog = { intervalSeconds: 3600, open: async () => released };
  desk.context = { ...desk.context, accessLog: log, releaseLog };
});
afterEach(async () => {
  await log.close();
  await released.store.close();
  await desk.close();
  await folder.remove();
});

describe("a service with an access log", () => {
  it("SPEC §13.2.7 puts its head into the release log with its heartbeats, and auditors get the proof", async () => {
    await log.record(event(1));
    await keepAccessLog(desk.context);
    expect(released.store.size).toBe(1);
    await log.record(event(2));
    const { anchors, leaves } = await file();
    expect(leaves).toHaveLength(3);
    expect(JSON.parse(anchors[0]?.entry ?? "")).toMatchObject({ kind: "anchor", size: 2 });
    expect(await alarms()).toEqual([]);
    const other = parseLogPolicy(`log ${testKey("example.com/others", 1).vkey}\nquorum none\n`);
    const judged = await checkAccessFile(await file(), { key: accessKey.key, releasePolicy: other });
    expect(judged.alarms.map(({ code }) => code)).toEqual(["ACCESS_ANCHOR_MISMATCH"]);
  });

  it("SPEC §13.2.5 beats when it is due, when its doors open and when they close", async () => {
    await beginAccessLog(desk.context);
    await keepAccessLog(desk.context);
    desk.passDays(hour / 4);
    await keepAccessLog(desk.context);
    await endAccessLog(desk.context);
    const { entries } = await checkAccessFile(await file(), { key: accessKey.key });
    expect(entries.map(({ heartbeat, entry }) => heartbeat?.state ?? entry?.operation)).toEqual([
      "alive",
      "start",
      "alive",
      "stop",
      "stopping",
    ]);
    expect(await alarms()).toEqual([]);
  });

  it("SPEC §13.3.8 says itself that it is silent", async () => {
    await beginAccessLog(desk.context);
    expect(await access()).toMatchObject({ ok: true });
    desk.passDays(hour);
    expect(await access()).toMatchObject({
      ok: false,
      detail: "ACCESS_LOG_SILENT: no heartbeat for 3600 seconds",
    });
  });

  it.each([
    ["ACCESS_OPENING_MISSING", (inside: ReturnType<typeof insider>) => inside.remove(1)],
    [
      "ACCESS_OPENING_MISMATCH",
      (inside: ReturnType<typeof insider>) =>
        inside.change(1, (body) => ({ ...body, entry: (body.entry ?? "").replace("ann", "bob") })),
    ],
  ])("SPEC §13.3.8 finds %s by itself, and the alarm stays until somebody mends it", async (code, act) => {
    await log.beat("alive");
    await log.record(event(1));
    await keepAccessLog(desk.context);
    expect(await access()).toMatchObject({ ok: true });
    act(insider(folder.path));
    for (let round = 0; round < 3; round++) {
      desk.passDays(hour / 4);
      await keepAccessLog(desk.context);
    }
    expect(await access()).toMatchObject({ ok: false, detail: `1 alarms: ${code} at 1` });
    expect((await checkReadiness(desk.context)).status).toBe("degraded");
  });

  it("SPEC §13.2.1 takes entries of commands beside it, which wait until they are in", async () => {
    await log.record(event(1));
    const beside = await openTestAccess(folder.path);
    let index: number | undefined;
    const handed = beside.record(event(2)).then((got) => {
      index = got;
    });
    while (index === undefined) {
      await log.takeHanded();
      await new Promise(setImmediate);
    }
    await handed;
    await beside.close();
    expect(index).toBe(1);
    const { entries } = await checkAccessFile(await file(), { key: accessKey.key });
    expect(entries[1]?.entry?.target).toBe(event(2).target);
  });

  it("SPEC §13.2.1 refuses a command beside a service that takes nothing", async () => {
    await log.record(event(1));
    const beside = await openTestAccess(folder.path, { parts: { pause: async () => undefined } });
    await expect(beside.record(event(2))).rejects.toMatchObject({ code: "ACCESS_LOG_UNAVAILABLE" });
    await beside.close();
  });
});
