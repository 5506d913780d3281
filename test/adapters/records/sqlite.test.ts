import SQLite from "better-sqlite3";
import { join } from "node:path";
import { type FileHandle, open } from "node:fs/promises";
import { describe, expect, it, vi } from "vitest";
import { openSQLiteRecords } from "../../../src/adapters/records/sqlite.js";
import { schemaSteps } from "../../../src/adapters/records/schema.js";
import { recordsContract } from "../../contract/records.js";
import { expectKillsLoseNothing } from "../../support/records-killed.js";
import { temporaryFolder } from "../../support/temporary.js";

recordsContract("sqlite", {
  place: async () => {
    const folder = await temporaryFolder();
    return { open: () => openSQLiteRecords({ path: join(folder.path, "r.sqlite") }), remove: folder.remove };
  },
});

/** Every handle has the same prototype. */
async function spyOnFlushes(folder: string) {
  const handle = await open(folder, "r");
  const spy = vi.spyOn(Object.getPrototypeOf(handle) as FileHandle, "datasync");
  await handle.close();
  return spy;
}

describe("sqlite records", () => {
  it("keeps every acknowledged commit, whole, through kill -9", async () => {
    const folder = await temporaryFolder();
    const path = join(folder.path, "r.sqlite");
    await expectKillsLoseNothing(path, () => openSQLiteRecords({ path }), 5);
    await folder.remove();
  });

  it("refuses a file that a newer program wrote, and leaves it alone", async () => {
    const folder = await temporaryFolder();
    const path = join(folder.path, "r.sqlite");
    await (await openSQLiteRecords({ path })).close();
    const raw = new SQLite(path);
    raw.prepare("update schema_version set version = 99").run();
    raw.close();
    await expect(openSQLiteRecords({ path })).rejects.toMatchObject({ code: "STORE_FAILED" });
    await folder.remove();
  });

  it("takes an older schema forward, and refuses one that somebody changed", async () => {
    const folder = await temporaryFolder();
    const path = join(folder.path, "r.sqlite");
    const records = await openSQLiteRecords({ path });
    await records.commit([{ collection: "c", id: "x", expected: 0, body: 1 }]);
    await records.close();
    const steps = [...schemaSteps, () => "create table later (x integer) strict"];
    const later = await openSQLiteRecords({ path, steps });
    expect(await later.get("c", "x")).toMatchObject({ version: 1 });
    await later.close();
    const raw = new SQLite(path);
    expect(raw.prepare("select version from schema_version").all()).toEqual([{ version: steps.length }]);
    raw.exec("alter table record add column note text");
    raw.close();
    await expect(openSQLiteRecords({ path, steps })).rejects.toMatchObject({ code: "STORE_FAILED" });
    await folder.remove();
  });

  it("names a file that is no database", async () => {
    const folder = await temporaryFolder();
    await expect(openSQLiteRecords({ path: folder.path })).rejects.toMatchObject({ code: "STORE_FAILED" });
    await folder.remove();
  });

  it("acknowledges a commit once the log is flushed, together with those that came meanwhile", async () => {
    const folder = await temporaryFolder();
    const records = await openSQLiteRecords({ path: join(folder.path, "r.sqlite") });
    const flushes: (() => void)[] = [];
    const datasync = await spyOnFlushes(folder.path);
    datasync.mockImplementation(() => new Promise((done) => flushes.push(done)));
    const acknowledged: string[] = [];
    const commit = async (id: string) => {
      await records.commit([{ collection: "c", id, expected: 0, body: 1 }]);
      acknowledged.push(id);
    };
    const first = commit("a");
    await vi.waitUntil(() => flushes.length === 1);
    const others = [commit("b"), commit("c")];
    // Both are in the log already, and wait for a flush that began after them.
    await vi.waitUntil(async () => (await records.get("c", "c")) !== undefined);
    expect(acknowledged).toEqual([]);
    flushes[0]!();
    await first;
    await vi.waitUntil(() => flushes.length === 2);
    expect(acknowledged).toEqual(["a"]);
    flushes[1]!();
    await Promise.all(others);
    datasync.mockRestore();
    await records.close();
    expect(flushes).toHaveLength(2);
    await folder.remove();
  });

  it("takes no commit any more after a flush that failed: nobody knows what the disk has", async () => {
    const folder = await temporaryFolder();
    const path = join(folder.path, "r.sqlite");
    const records = await openSQLiteRecords({ path });
    const commit = (id: string) => records.commit([{ collection: "c", id, expected: 0, body: 1 }]);
    await commit("a");
    const datasync = await spyOnFlushes(folder.path);
    datasync.mockRejectedValueOnce(Object.assign(new Error("EIO"), { code: "EIO" }));
    await expect(commit("b")).rejects.toMatchObject({ code: "STORE_FAILED" });
    await expect(commit("c")).rejects.toMatchObject({ code: "STORE_FAILED" });
    expect(datasync).toHaveBeenCalledOnce();
    datasync.mockRestore();
    await records.close();
    const again = await openSQLiteRecords({ path });
    await again.commit([{ collection: "c", id: "d", expected: 0, body: 1 }]);
    expect(await again.get("c", "a")).toMatchObject({ version: 1 });
    await again.close();
    await folder.remove();
  });

  it("writes ahead", async () => {
    const folder = await temporaryFolder();
    const path = join(folder.path, "r.sqlite");
    const records = await openSQLiteRecords({ path });
    await records.commit([{ collection: "c", id: "x", expected: 0, body: 1 }]);
    const raw = new SQLite(path);
    expect(raw.pragma("journal_mode", { simple: true })).toBe("wal");
    raw.close();
    await records.close();
    await folder.remove();
  });
});
