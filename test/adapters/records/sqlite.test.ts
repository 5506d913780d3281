import SQLite from "better-sqlite3";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
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

  it("writes through to the disk: WAL, synchronous FULL", async () => {
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
