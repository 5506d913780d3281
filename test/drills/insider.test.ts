/** An insider has the database of records under his hands. What was signed is signed; what is yet to be built is not. */
import { join } from "node:path";
import SQLite from "better-sqlite3";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openDesk } from "../../src/adapters/desk/http.js";
import { openHTTPFetcher } from "../../src/adapters/fetcher/http.js";
import { auditRelease } from "../../src/audit/audit-release.js";
import { sha256Digest } from "../../src/core/encoding/sha256.js";
import { directWorkers, feed } from "../services/desk.js";
import { testCodec } from "../services/test-codec.js";
import { openService, type TestService } from "../support/service.js";

const fetcher = openHTTPFetcher();
let service: TestService;
beforeEach(async () => {
  service = await openService();
  await service.desk.addRules("hosts", "ioc", { "h.txt": "one.example\n" });
});
afterEach(() => service.close());

/** Ben reviewed it; from now on the records say that Eve did. Returns how many records say so. */
function editRecords(): number {
  const records = new SQLite(join(service.desk.folder, "records.sqlite"));
  try {
    const lie = "update record set body = replace(body, '\"ben\"', '\"eve\"') where body like '%\"ben\"%'";
    return records.prepare(lie).run().changes;
  } finally {
    records.close();
  }
}

async function audit() {
  const { desk, origin, tokens } = service;
  const archive = openDesk({ server: origin, token: tokens.auditor });
  return auditRelease({
    ...{ url: origin, root: desk.root, feed, at: desk.now, fetcher, rebuild: true },
    workshop: { codec: testCodec, digest: sha256Digest, workers: directWorkers, archive },
  });
}

describe("an insider who edits the records", () => {
  it("after a release was signed changes nothing that an auditor reads", async () => {
    await service.desk.release();
    expect(editRecords()).toBeGreaterThan(0);
    const report = await audit();
    const evidence = report.steps.flatMap((step) => step.evidence).join("\n");
    expect(report.verdict).toBe("proven");
    expect(evidence).toContain("by ann, approved by ben");
    expect(evidence).not.toContain("eve");
  });

  it("before it is built has a false approver signed, under a name that everybody can read", async () => {
    expect(editRecords()).toBeGreaterThan(0);
    await service.desk.release();
    const report = await audit();
    expect(report.verdict).toBe("proven");
    expect(report.steps.flatMap(({ evidence }) => evidence).join("\n")).toContain("approved by eve");
  });
});
