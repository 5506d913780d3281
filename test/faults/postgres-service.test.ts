/** The service on a real PostgreSQL: moved there, restarted under it, saved from it and restored into another. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startPostgres, type TestPostgres } from "../support/postgres.js";
import { temporaryFolder } from "../support/temporary.js";
import { indicators, PublisherProcess, rulemint } from "./publisher-process.js";

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let server: TestPostgres;
let publisher: PublisherProcess;

beforeAll(async () => {
  folder = await temporaryFolder();
  server = await startPostgres();
  publisher = new PublisherProcess(folder.path);
  await publisher.init();
});
afterAll(async () => {
  await publisher.stop("SIGKILL");
  await server.stop();
  await folder.remove();
});

async function workOn(one: PublisherProcess): Promise<void> {
  const file = join(one.data, "keys/records.url");
  writeFileSync(file, `${await server.database()}\n`, { mode: 0o600 });
  one.configure({ records: { kind: "postgres", url: { file: "keys/records.url" } } });
}

const load = (one: PublisherProcess) => rulemint(["records", "load", "--data", one.data]);

describe("the service on PostgreSQL", () => {
  it("moves there with its records, once", async () => {
    const early = await rulemint(["records", "load", "--data", publisher.data]);
    expect(early).toMatchObject({ exit: 2 });
    await workOn(publisher);
    expect(await load(publisher)).toMatchObject({ exit: 0 });
    const again = await load(publisher);
    expect(again.exit).toBe(1);
    expect(again.stderr).toContain("RECORD_CONFLICT");
    await publisher.start();
    await publisher.addRules("hosts", { "hosts.txt": indicators(1) });
    await publisher.release(1);
  });

  it("goes on when PostgreSQL is restarted and killed under load: no error, nothing lost", async () => {
    let over = false;
    const acknowledged: string[] = [];
    const people = Array.from({ length: 4 }, async (_, person) => {
      for (let n = 0; !over; n++) {
        const files = { "more.txt": `more-${person}-${n}.example.com\n` };
        acknowledged.push((await publisher.submit(`more-${person}`, files)).id);
      }
    });
    for (const how of ["SIGINT", "SIGKILL"] as const) {
      const before = acknowledged.length;
      while (acknowledged.length < before + 8) await new Promise((resolve) => setTimeout(resolve, 10));
      await server.restart(how);
    }
    over = true;
    await Promise.all(people);
    const auditor = publisher.as("auditor");
    for (const id of acknowledged) expect((await auditor.getSubmission(id)).id).toBe(id);
    await publisher.addRules("hosts", { "hosts.txt": indicators(2) });
    await publisher.release(2);
  });

  it("is saved while it runs, and restored into another database", async () => {
    const archive = join(folder.path, "saved.tar");
    const saved = await rulemint(["backup", "--data", publisher.data, "--out", archive]);
    expect(saved, saved.stderr).toMatchObject({ exit: 0 });
    const again = new PublisherProcess(join(folder.path, "elsewhere"));
    const restored = await rulemint(["restore", "--from", archive, "--data", again.data]);
    expect(restored, restored.stderr).toMatchObject({ exit: 0 });
    await publisher.stop();
    await workOn(again);
    expect(await load(again)).toMatchObject({ exit: 0 });
    await again.start();
    const headers = { Authorization: `Bearer ${publisher.token("auditor")}`, "Rulemint-Reason": "a%20test" };
    const found = await fetch(`${again.origin}/v1/feeds/endpoint/releases/2`, { headers });
    expect(await found.json()).toMatchObject({ release: 2, state: "published" });
    await again.stop();
  });
});
