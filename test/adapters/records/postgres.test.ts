import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openPostgresRecords } from "../../../src/adapters/records/postgres.js";
import { schemaSteps } from "../../../src/adapters/records/schema.js";
import type { Records } from "../../../src/ports/records.js";
import { recordsContract } from "../../contract/records.js";
import { expectKillsLoseNothing } from "../../support/records-killed.js";
import { startPostgres, type TestPostgres } from "../../support/postgres.js";

let server: TestPostgres;
beforeAll(async () => {
  server = await startPostgres();
});
afterAll(() => server.stop());

recordsContract("postgres", {
  place: async () => {
    const url = await server.database();
    return { open: () => openPostgresRecords({ url }), remove: async () => undefined };
  },
});

const one = (id: string, body: unknown = 1, expected = 0) => ({ collection: "c", id, expected, body });

async function withRecords(
  work: (records: Records, url: string) => Promise<void>,
  options: { readonly patienceMs?: number } = {},
): Promise<void> {
  const url = await server.database();
  const records = await openPostgresRecords({ url, ...options });
  await work(records, url).finally(() => records.close());
}

describe("postgres records", () => {
  it("keeps every acknowledged commit, whole, through kill -9 of the service's process", async () => {
    const url = await server.database();
    await expectKillsLoseNothing(url, () => openPostgresRecords({ url }), 4);
  });

  /** A database that was killed flushes all it has before it serves, however busy the disk. */
  const patient = { patienceMs: 300_000 };

  it.each(["SIGINT", "SIGKILL"] as const)(
    "goes on through a restart of the database by %s under load: each commit once, none lost",
    async (how) => {
      await withRecords(async (records, url) => {
        let stop = false;
        const acknowledged: string[] = [];
        const writers = Array.from({ length: 8 }, async (_, writer) => {
          for (let i = 0; !stop; i++) {
            const id = `${writer}-${String(i).padStart(6, "0")}`;
            await records.commit([one(id), { ...one(id), collection: "twin" }]);
            acknowledged.push(id);
          }
        });
        // A counter that two fight for: every acknowledged step is one step of its version.
        let steps = 0;
        await records.commit([one("counter", 0)]);
        const counters = Array.from({ length: 2 }, async () => {
          while (!stop) {
            const before = await records.get<number>("c", "counter");
            const next = one("counter", (before?.body ?? 0) + 1, before?.version ?? 0);
            const won = await records.commit([next]).then(
              () => true,
              (error: { code?: string }) => {
                expect(error.code).toBe("RECORD_CONFLICT");
                return false;
              },
            );
            if (won) steps++;
          }
        });
        for (let round = 1; round <= 3; round++) {
          const before = acknowledged.length;
          while (acknowledged.length < before + 100) await new Promise((resolve) => setTimeout(resolve, 5));
          await server.restart(how);
        }
        stop = true;
        await Promise.all([...writers, ...counters]);
        expect((await records.get("c", "counter"))?.body).toBe(steps);
        const again = await openPostgresRecords({ url });
        const kept = (await again.list("twin")).map(({ id }) => id);
        await again.close();
        expect(kept).toEqual([...acknowledged].sort());
      }, patient);
    },
  );

  it("says so when the database stays away, and serves again when it is back", async () => {
    const url = await server.database();
    const records = await openPostgresRecords({ url, patienceMs: 100 });
    await server.restart("SIGKILL");
    await expect(records.get("c", "x")).resolves.toBeUndefined();
    await records.close();
    const nowhere = openPostgresRecords({ url: "postgresql://postgres@127.0.0.1:1/none", patienceMs: 100 });
    await expect(nowhere).rejects.toMatchObject({ code: "STORE_FAILED" });
  });

  it("refuses a schema that a newer program wrote, and one that somebody changed, and leaves both alone", async () => {
    await withRecords(async (_, url) => {
      await server.run(url, "alter table record add column note text");
      await expect(openPostgresRecords({ url })).rejects.toMatchObject({ code: "STORE_FAILED" });
      await server.run(url, "alter table record drop column note; update schema_version set version = 99");
      await expect(openPostgresRecords({ url })).rejects.toMatchObject({ code: "STORE_FAILED" });
      expect(await server.run(url, "select version from schema_version")).toEqual([{ version: 99 }]);
    });
  });

  it("opens all connections of a service before it is asked, and only what is needed elsewhere", async () => {
    const url = await server.database();
    const count = async () => {
      const rows = await server.run(
        url,
        "select 1 from pg_stat_activity where datname = current_database() and application_name = 'rulemint'",
      );
      return rows.length;
    };
    const command = await openPostgresRecords({ url, connectionsMax: 5 });
    expect(await count()).toBeLessThan(5);
    await command.close();
    const service = await openPostgresRecords({ url, connectionsMax: 5, keepsConnections: true });
    expect(await count()).toBe(5);
    await service.commit([one("x")]);
    expect(await service.get("c", "x")).toMatchObject({ version: 1 });
    await service.close();
  });

  it("takes an older schema forward, once, however many open it", async () => {
    await withRecords(async (records, url) => {
      await records.commit([one("kept")]);

      const steps = [...schemaSteps, () => "create table later (x integer)"];
      const opened = await Promise.all(
        Array.from({ length: 5 }, () => openPostgresRecords({ url, steps, connectionsMax: 2 })),
      );
      for (const each of opened) {
        expect(await each.get("c", "kept")).toMatchObject({ version: 1 });
        await each.close();
      }
      expect(await server.run(url, "select version from schema_version")).toEqual([
        { version: steps.length },
      ]);
    });
  });

  it.each([
    ["fsync=off", "fsync"],
    ["synchronous_commit=off", "synchronous_commit"],
    ["default_transaction_read_only=on", "read-only"],
  ])(
    "refuses a server with %s, which loses what it acknowledged or takes nothing",
    async (setting, named) => {
      await withRecords(async (_, url) => {
        const address =
          setting === "fsync=off" ? undefined : `${url}&options=${encodeURIComponent(`-c ${setting}`)}`;
        if (address !== undefined) {
          await expect(openPostgresRecords({ url: address })).rejects.toThrow(named);
          return;
        }
        await server.run(url, "alter system set fsync = off");
        await server.run(url, "select pg_reload_conf()");
        await expect
          .poll(() => openPostgresRecords({ url }).then(String, (error: Error) => error.message))
          .toContain(named);
        await server.run(url, "alter system reset fsync");
        await server.run(url, "select pg_reload_conf()");
        await expect.poll(() => server.run(url, "show fsync")).toEqual([{ fsync: "on" }]);
      });
    },
  );
});
