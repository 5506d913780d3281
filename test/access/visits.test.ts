/** An auditor's visit: what was opened and refused is in a protocol that holds without the service. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { utf8Bytes } from "../../src/core/encoding/bytes.js";
import { formatPEM } from "../../src/core/encoding/pem.js";
import { parseJSON } from "../../src/core/encoding/json.js";
import type { AuditReport } from "../../src/audit/report.js";
import { checkAccessFile } from "../../src/core/log/check-access.js";
import { parseVisitProtocol, visitPayloadType } from "../../src/core/log/visit-protocol.js";
import { formatDSSE, preAuthEncoding, readDSSE } from "../../src/core/trust/attest/dsse.js";
import { rebuildInVisit, verifyVisit } from "../../src/main/compose-visits.js";
import type { AccessLog } from "../../src/services/access-log.js";
import { problemOf } from "../http/problems.js";
import { type TestSigner, testSigner } from "../simulator/test-signer.js";
import { accessKey, openTestAccess } from "../support/access-world.js";
import { openService, type TestService } from "../support/service.js";
import { temporaryFolder } from "../support/temporary.js";

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let log: AccessLog;
let service: TestService;
let signer: TestSigner;
const path = (name: string) => join(folder.path, name);

beforeEach(async () => {
  folder = await temporaryFolder();
  log = await openTestAccess(folder.path);
  signer = await testSigner("ecdsa-p256-sha256");
  service = await openService({ wrap: () => ({ accessLog: log, visits: signer }) });
  writeFileSync(path("key.txt"), accessKey.vkey);
  writeFileSync(path("visits.pem"), formatPEM(signer.spki, "PUBLIC KEY"));
});
afterEach(async () => {
  await service.close();
  await log.close();
  await folder.remove();
});

const begin = async (): Promise<string> => {
  const why = { "Rulemint-Reason": "visit" };
  const begun = await service.call("POST", "/v1/visits", {
    as: "auditor",
    json: { reason: "visit" },
    headers: why,
  });
  expect(begun.status).toBe(201);
  return ((await begun.json()) as { id: string }).id;
};
const during = (id: string) => ({ "Rulemint-Visit": id });
const end = async (id: string): Promise<Uint8Array> => {
  const answer = await service.call("POST", `/v1/visits/${id}/protocol`, {
    as: "auditor",
    headers: during(id),
  });
  expect(answer.status).toBe(200);
  return new Uint8Array(await answer.arrayBuffer());
};
const judge = async (bytes: Uint8Array, report: string[] = []) => {
  writeFileSync(path("visit.json"), bytes);
  const pinned = { key: path("key.txt"), visitsKey: path("visits.pem") };
  const judged = await verifyVisit({ file: path("visit.json"), ...pinned, report });
  return { ...judged, json: judged.json as AuditReport };
};
const rows = (report: AuditReport, title: string) =>
  report.tables.find((one) => one.title === title)?.rows ?? [];
const asked = (report: AuditReport) =>
  rows(report, "What was asked for").map(({ cells: [, , operation, , answer] }) => [operation, answer]);
const rebuild = { feed: "endpoint", release: 1, result: "PASSED", explanation: "same" } as const;

describe("a visit", () => {
  it("SPEC §13.5.2 ends with a signed protocol of what was read and refused, under the visit's reason", async () => {
    const id = await begin();
    const headers = during(id);
    expect((await service.call("GET", "/v1/submissions", { as: "auditor", headers })).status).toBe(200);
    const build = { as: "auditor", headers, json: {} } as const;
    await problemOf(await service.call("POST", "/v1/feeds/endpoint/releases", build), "ROLE_REFUSED");
    const bytes = await end(id);
    const { ok, json, text } = await judge(bytes, [path("visit.html")]);
    expect([ok, json.conclusion]).toEqual([true, expect.stringContaining("every entry of it is proven")]);
    expect(asked(json)).toEqual([
      ["beginVisit", "given"],
      ["listSubmissions", "given"],
      ["buildRelease", "ROLE_REFUSED"],
      ["endVisit", "given"],
    ]);
    const { entries } = await checkAccessFile(parseVisitProtocol(readDSSE(parseJSON(bytes)).payload).access, {
      key: accessKey.key,
    });
    expect(entries.every(({ entry }) => entry?.why === "visit" && entry.who === "ada")).toBe(true);
    expect(text).toContain("Because: visit");
    const page = readFileSync(path("visit.html"), "utf8");
    for (const said of ["buildRelease", "ROLE_REFUSED", "<svg ", "visit v-000000000001 of ada"]) {
      expect(page).toContain(said);
    }
  });

  it("SPEC §13.5.1 takes in nobody else's calls, and is nobody else's to end", async () => {
    const id = await begin();
    await service.call("GET", "/v1/submissions", { as: "reviewer", headers: during(id) });
    const { json } = await judge(await end(id));
    expect(asked(json)).toHaveLength(2);
    const other = { as: "reviewer", headers: during(id) } as const;
    await problemOf(await service.call("POST", `/v1/visits/${id}/protocol`, other), "ROLE_REFUSED");
    await problemOf(
      await service.call("POST", "/v1/visits", { as: "analyst", json: { reason: "x" } }),
      "ROLE_REFUSED",
    );
  });

  it("SPEC §13.5.3 has what the auditor's own rebuild found, with every source that was read for it", async () => {
    await service.desk.addRules("hosts", "ioc", { "h.txt": "evil.example.com\n" });
    await service.desk.release();
    writeFileSync(path("root.json"), service.desk.root);
    const id = await begin();
    const call = {
      server: service.origin,
      token: service.tokens.auditor,
      said: { reason: "visit", visit: id },
    };
    const on = { call, id, root: path("root.json"), feed: "endpoint", report: [] };
    const { ok } = await rebuildInVisit({ ...on, release: 1 }, () => undefined);
    expect(ok).toBe(true);
    const none = rebuildInVisit({ ...on, id: "v-000000000099", release: 1 }, () => undefined);
    await expect(none).rejects.toMatchObject({ code: "NOT_FOUND" });
    const { json } = await judge(await end(id));
    expect(json.verdict).toBe("proven");
    const [row] = rows(json, "Rebuilt during the visit");
    expect(row).toMatchObject({
      mark: "proven",
      cells: ["1 of endpoint", expect.any(String), digest(), expect.any(String)],
    });
    expect(asked(json).map(([operation]) => operation)).toEqual(
      expect.arrayContaining(["getReleaseSources", "getSources", "addVisitRebuild"]),
    );
  });

  it("SPEC §13.5.3 refuses a protocol with a rebuild that came with no entry, or with another digest", async () => {
    await service.desk.addRules("hosts", "ioc", { "h.txt": "evil.example.com\n" });
    await service.desk.release();
    const id = await begin();
    const json = { ...rebuild, digest: "a".repeat(64) };
    const said = { as: "auditor", headers: during(id), json } as const;
    expect((await service.call("POST", `/v1/visits/${id}/rebuilds`, said)).status).toBe(201);
    const good = await end(id);
    expect((await judge(good)).ok).toBe(true);
    const { payload } = readDSSE(parseJSON(good));
    for (const [from, to] of [
      ["a".repeat(64), "b".repeat(64)],
      ['"entry":', '"entry":9'],
    ] as const) {
      const forged = utf8Bytes(new TextDecoder().decode(payload).replace(from, to));
      const { ok, json: report } = await judge(await signed(forged));
      expect([ok, report.conclusion]).toEqual([false, expect.stringContaining("ATTESTATION_MISMATCH")]);
    }
    const foreign = { ...said, as: "reviewer" } as const;
    await problemOf(await service.call("POST", `/v1/visits/${id}/rebuilds`, foreign), "ROLE_REFUSED");
  });

  it("SPEC §13.5.2 refuses a protocol that another key signed, or that was changed", async () => {
    const id = await begin();
    const bytes = await end(id);
    const envelope = readDSSE(parseJSON(bytes));
    const changed = utf8Bytes(new TextDecoder().decode(envelope.payload).replace('"ada"', '"eve"'));
    expect(parseVisitProtocol(changed).visit.who).toBe("eve");
    const refused = { ok: false, json: { conclusion: expect.stringContaining("ATTESTATION_SIGNATURE") } };
    expect(await judge(formatDSSE({ ...envelope, payload: changed }))).toMatchObject(refused);
    writeFileSync(path("visits.pem"), formatPEM((await testSigner("ecdsa-p256-sha256")).spki, "PUBLIC KEY"));
    expect(await judge(bytes)).toMatchObject(refused);
  });

  it("SPEC §13.5.2 refuses a protocol with entries of something else", async () => {
    const [one, other] = [await begin(), await begin()];
    const { payload } = readDSSE(parseJSON(await end(other)));
    const { ok, json } = await judge(
      await signed(utf8Bytes(new TextDecoder().decode(payload).replace(other, one))),
    );
    expect([ok, json.conclusion]).toEqual([false, expect.stringContaining("ATTESTATION_MISMATCH")]);
  });
});

/** By a service that lies with its own key. */
async function signed(payload: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  const sig = new Uint8Array(await signer.sign(preAuthEncoding(visitPayloadType, payload)));
  return formatDSSE({ payloadType: visitPayloadType, payload, signatures: [{ keyid: "", sig }] });
}

function digest(): string {
  const manifest = readFileSync(join(service.desk.folder, "public/metadata/1.endpoint.json"), "utf8");
  const parsed = JSON.parse(manifest) as { signed: { "x-rulemint": { database: { sha256: string } } } };
  return parsed.signed["x-rulemint"].database.sha256;
}
