/** What somebody inside can do to the access log, and which alarm names it. */
import { copyFileSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { hexText, utf8Bytes } from "../../src/core/encoding/bytes.js";
import { sha256Hex } from "../../src/core/brands.js";
import type { AccessFile } from "../../src/core/log/access-file.js";
import { checkAccessFile } from "../../src/core/log/check-access.js";
import { formatReleaseLogEntry } from "../../src/core/log/release-entries.js";
import type { AccessLog } from "../../src/services/access-log.js";
import { checkpointOver, proveGrowth } from "../../src/services/append-to-log.js";
import {
  accessKey,
  accessOrigin,
  checked,
  event,
  insider,
  openTestAccess,
  opened,
} from "../support/access-world.js";
import { temporaryFolder } from "../support/temporary.js";

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let log: AccessLog;
let now = new Date("2026-09-01T08:00:00Z");
const clock = { now: () => now };
const pass = (seconds: number) => {
  now = new Date(now.getTime() + seconds * 1000);
};
const codes = async () => (await checked(log)).alarms.map(({ code, index }) => [code, index]);
const reopen = async () => {
  await log.close();
  log = await openTestAccess(folder.path, { clock });
};

beforeEach(async () => {
  now = new Date("2026-09-01T08:00:00Z");
  folder = await temporaryFolder();
  log = await openTestAccess(folder.path, { clock });
  await log.beat("alive");
  for (let n = 1; n <= 4; n++) await log.record(event(n));
});
afterEach(async () => {
  await log.close();
  await folder.remove();
});

describe("an access log", () => {
  it("SPEC §13.3 has no alarm when nobody touched it, and says what was written down", async () => {
    const { entries, alarms, checkpoint } = await checked(log);
    expect(alarms).toEqual([]);
    expect(checkpoint.size).toBe(5);
    expect(entries.map(({ entry }) => entry?.target)).toEqual([
      undefined,
      ...[1, 2, 3, 4].map((n) => event(n).target),
    ]);
    expect(entries[0]?.heartbeat).toMatchObject({ intervalSeconds: 900, state: "alive" });
  });

  it("SPEC §13.1.2 shows nothing of an entry in its leaf: the same entry twice is two leaves", async () => {
    await log.record(event(1));
    const { leaves } = await opened(log);
    const twice = [leaves[1], leaves[5]].map((one) => hexText(one?.leaf ?? new Uint8Array()));
    expect(new Set(twice).size).toBe(2);
    expect(leaves.slice(1).every(({ leaf }) => leaf.length === 32)).toBe(true);
    for (const path of readdirSync(join(folder.path, "files"), { recursive: true, withFileTypes: true })) {
      if (path.isFile()) expect(readFileSync(join(path.parentPath, path.name)).includes("ann")).toBe(false);
    }
  });

  it.each([
    ["who", (entry: string) => entry.replace('"ann"', '"bob"')],
    ["the time", (entry: string) => entry.replace("T08:", "T09:")],
    ["what was read", (entry: string) => entry.replace("sources/2", "sources/3")],
  ])("SPEC §13.3.3 names an opening in which an insider changed %s", async (_what, change) => {
    insider(folder.path).change(2, (body) => ({ ...body, entry: change(body.entry ?? "") }));
    expect(await codes()).toEqual([["ACCESS_OPENING_MISMATCH", 2]]);
  });

  it("SPEC §13.3.3 names openings whose salts were swapped", async () => {
    const inside = insider(folder.path);
    const [two, three] = [inside.read(2), inside.read(3)];
    inside.change(2, (body) => ({ ...body, salt: three.salt }));
    inside.change(3, (body) => ({ ...body, salt: two.salt }));
    expect(await codes()).toEqual([
      ["ACCESS_OPENING_MISMATCH", 2],
      ["ACCESS_OPENING_MISMATCH", 3],
    ]);
  });

  it("SPEC §13.3.3 names openings that changed places", async () => {
    const inside = insider(folder.path);
    const [one, four] = [inside.read(1), inside.read(4)];
    inside.change(1, () => four);
    inside.change(4, () => one);
    expect((await codes()).map(([code]) => code)).toEqual(Array(2).fill("ACCESS_OPENING_MISMATCH"));
  });

  it("SPEC §13.3.4 names an opening that an insider deleted", async () => {
    insider(folder.path).remove(3);
    expect(await codes()).toEqual([["ACCESS_OPENING_MISSING", 3]]);
  });

  it.each([
    ["names an entry that is no erasure", 4],
    ["names no entry at all", 99],
  ])("SPEC §13.3.4 is not deceived by a forged erasure that %s", async (_what, erasedBy) => {
    insider(folder.path).change(3, () => ({ erasedBy }));
    expect(await codes()).toEqual([["ACCESS_OPENING_MISSING", 3]]);
  });

  it("SPEC §13.2.6 lets an opening be erased: the leaf stays, who erased it is known, the bytes are gone", async () => {
    const by = { who: "dora", from: "local", why: "art. 32 FADP" };
    expect(await log.erase(2, by)).toBe(5);
    const { entries, alarms } = await checked(log);
    expect(alarms).toEqual([]);
    expect(entries[2]).toMatchObject({ entry: null, erasedBy: 5 });
    expect(entries[5]?.entry).toMatchObject({ kind: "erasure", who: "dora", why: "art. 32 FADP", of: 2 });
    await log.close();
    const bytes = readFileSync(join(folder.path, "openings.sqlite"));
    expect([bytes.includes("sources/2"), bytes.includes("sources/3")]).toEqual([false, true]);
    log = await openTestAccess(folder.path, { clock });
    expect((await checked(log)).alarms).toEqual([]);
    await expect(log.erase(2, by)).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(log.erase(5, by)).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  it("SPEC §13.3.6 names silence: a heartbeat that did not come", async () => {
    pass(1700);
    await log.beat("alive");
    expect(await codes()).toEqual([]);
    pass(3600);
    await log.record(event(5));
    await log.beat("alive");
    expect(await codes()).toEqual([["ACCESS_LOG_SILENT", 5]]);
    pass(3600);
    expect((await checked(log, now)).alarms.map(({ index }) => index)).toEqual([5, 7]);
  });

  it("SPEC §13.3.6 takes silence after a stop for what it is", async () => {
    await log.beat("stopping");
    pass(86_400);
    await log.beat("alive");
    expect(await codes()).toEqual([]);
  });

  it("SPEC §13.3.5 names leaves that a file leaves out", async () => {
    const file = await opened(log);
    const without: AccessFile = { ...file, leaves: file.leaves.filter(({ index }) => index !== 2) };
    const { alarms } = await checkAccessFile(without, { key: accessKey.key });
    expect(alarms).toMatchObject([{ code: "ACCESS_OPENING_MISSING", index: 2 }]);
  });

  it("SPEC §13.3.2 names a leaf that is not of the tree, and one that claims another's place", async () => {
    const file = await opened(log);
    const [, one, two] = file.leaves;
    if (!one || !two) throw new Error("expected leaves");
    const swapped = [
      { ...two, index: 1 },
      { ...one, index: 2 },
    ];
    const forged = { ...file, complete: false, leaves: [...swapped, { ...one, leaf: new Uint8Array(32) }] };
    const { alarms, entries } = await checkAccessFile(forged, { key: accessKey.key });
    expect(alarms.map(({ code }) => code)).toEqual(Array(3).fill("LOG_INCLUSION_FAILED"));
    expect(entries.every(({ entry }) => entry === null)).toBe(true);
  });

  it("SPEC §13.3.1 does not believe a checkpoint of another key", async () => {
    const file = await opened(log);
    const forged = { ...file, checkpoint: file.checkpoint.replace("\n5\n", "\n4\n") };
    await expect(checkAccessFile(forged, { key: accessKey.key })).rejects.toMatchObject({
      code: "LOG_SIGNATURE_INVALID",
    });
  });
});

describe("an access log that was rewound", () => {
  const anchorOf = async (): Promise<{ entry: string; size: number }> => {
    const { size, root } = await checkpointOver(await log.log(), -1);
    const head = { origin: accessOrigin, size, root: sha256Hex(hexText(root)) };
    const time = "2026-09-01T08:00:00Z";
    return {
      size,
      entry: new TextDecoder().decode(formatReleaseLogEntry({ kind: "anchor", time, ...head })),
    };
  };
  const judged = async (anchor: { entry: string; size: number }) => {
    const file = await opened(log);
    const own = await log.log();
    const consistency = anchor.size <= own.store.size ? await proveGrowth(own, anchor.size, file.to) : [];
    const anchors = [{ entry: anchor.entry, proof: "", consistency }];
    return (await checkAccessFile({ ...file, anchors }, { key: accessKey.key })).alarms.map(
      ({ code }) => code,
    );
  };

  it("SPEC §13.3.7 agrees with its anchors while it only grows", async () => {
    const anchor = await anchorOf();
    await log.record(event(5));
    expect(await judged(anchor)).toEqual([]);
  });

  it("SPEC §13.3.7 is caught by an anchor, when an insider starts it anew with its key and writes another history", async () => {
    const anchor = await anchorOf();
    await log.close();
    rmSync(folder.path, { recursive: true });
    log = await openTestAccess(folder.path, { clock });
    await log.beat("alive");
    for (let n = 1; n <= 3; n++) await log.record(event(n));
    expect(await judged(anchor)).toEqual(["ACCESS_ANCHOR_MISMATCH"]);
    for (let n = 4; n <= 9; n++) await log.record(event(n));
    expect(await judged(anchor)).toEqual(["ACCESS_ANCHOR_MISMATCH"]);
  });

  it("SPEC §11.8.2 is not opened when its files are older than what its key signed", async () => {
    copyFileSync(join(folder.path, "journal"), join(folder.path, "journal.old"));
    await log.record(event(5));
    await anchorOf();
    await log.close();
    copyFileSync(join(folder.path, "journal.old"), join(folder.path, "journal"));
    log = await openTestAccess(folder.path, { clock });
    await expect(log.record(event(6))).rejects.toMatchObject({ code: "ACCESS_LOG_UNAVAILABLE" });
  });

  it("SPEC §13.2.1 puts back what was cut off its end, from the openings", async () => {
    copyFileSync(join(folder.path, "journal"), join(folder.path, "journal.old"));
    for (let n = 5; n <= 8; n++) await log.record(event(n));
    await log.close();
    copyFileSync(join(folder.path, "journal.old"), join(folder.path, "journal"));
    log = await openTestAccess(folder.path, { clock });
    await log.record(event(9));
    const { entries, alarms } = await checked(log);
    expect(alarms).toEqual([]);
    expect(entries.map(({ entry }) => entry?.target).slice(5)).toEqual(
      [5, 6, 7, 8, 9].map((n) => event(n).target),
    );
  });

  it("is the same after it was closed", async () => {
    await reopen();
    expect(await codes()).toEqual([]);
    expect(await log.record(event(5))).toBe(5);
    expect(utf8Bytes((await opened(log)).checkpoint).length).toBeGreaterThan(50);
  });
});
