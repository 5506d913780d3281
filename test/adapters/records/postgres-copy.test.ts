import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { copyFromPostgres, copyIntoPostgres } from "../../../src/adapters/records/postgres-copy.js";
import { openPostgresRecords } from "../../../src/adapters/records/postgres.js";
import { openSQLiteRecords } from "../../../src/adapters/records/sqlite.js";
import { startPostgres, type TestPostgres } from "../../support/postgres.js";
import { temporaryFolder } from "../../support/temporary.js";

let server: TestPostgres;
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
beforeAll(async () => {
  server = await startPostgres();
  folder = await temporaryFolder();
});
afterAll(async () => {
  await server.stop();
  await folder.remove();
});

describe("records from one database to the other", () => {
  it("are all there, with their versions, there and back, and go into an empty one alone", async () => {
    const [path, back] = [join(folder.path, "a.sqlite"), join(folder.path, "b.sqlite")];
    const from = await openSQLiteRecords({ path });
    const many = Array.from({ length: 2345 }, (_, i) => `id ${i} ä\u{1f600}`);
    await from.commit(many.map((id, i) => ({ collection: `c${i % 7}`, id, expected: 0, body: { i, id } })));
    await from.commit([{ collection: "c0", id: many[0] as string, expected: 1, body: "second" }]);
    const url = await server.database();
    const records = await openPostgresRecords({ url });
    expect(await copyIntoPostgres(path, url)).toBe(2345);
    await expect(copyIntoPostgres(path, url)).rejects.toMatchObject({ code: "RECORD_CONFLICT" });
    await (await openSQLiteRecords({ path: back })).close();
    await copyFromPostgres(url, back);
    const again = await openSQLiteRecords({ path: back });
    for (let i = 0; i < 7; i++) {
      const wanted = await from.list(`c${i}`);
      expect(await records.list(`c${i}`)).toEqual(wanted);
      expect(await again.list(`c${i}`)).toEqual(wanted);
    }
    for (const one of [from, records, again]) await one.close();
  });
});
