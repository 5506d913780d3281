/** An auditor's visit: what was opened and refused is in a protocol that holds without the service. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { utf8Bytes } from "../../src/core/encoding/bytes.js";
import { formatPEM } from "../../src/core/encoding/pem.js";
import { parseJSON } from "../../src/core/encoding/json.js";
import { parseVisitProtocol } from "../../src/core/log/visit-protocol.js";
import { formatDSSE, readDSSE } from "../../src/core/trust/attest/dsse.js";
import { verifyVisit } from "../../src/main/compose-visits.js";
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
const judge = (bytes: Uint8Array) => {
  writeFileSync(path("visit.json"), bytes);
  return verifyVisit({ file: path("visit.json"), key: path("key.txt"), visitsKey: path("visits.pem") });
};

describe("a visit", () => {
  it("SPEC §13.5.2 ends with a signed protocol of what was read and refused, under the visit's reason", async () => {
    const id = await begin();
    const headers = during(id);
    expect((await service.call("GET", "/v1/submissions", { as: "auditor", headers })).status).toBe(200);
    const build = { as: "auditor", headers, json: {} } as const;
    await problemOf(await service.call("POST", "/v1/feeds/endpoint/releases", build), "ROLE_REFUSED");
    const { ok, json, text } = await judge(await end(id));
    expect(ok).toBe(true);
    const { entries } = json as {
      entries: { entry: { kind: string; operation: string; code: string; why: string } }[];
    };
    expect(entries.map(({ entry }) => [entry.kind, entry.operation, entry.code])).toEqual([
      ["outcome", "beginVisit", null],
      ["access", "listSubmissions", null],
      ["access", "buildRelease", null],
      ["refusal", "buildRelease", "ROLE_REFUSED"],
      ["access", "endVisit", null],
    ]);
    expect(
      entries.filter(({ entry }) => entry.kind === "access").every(({ entry }) => entry.why === "visit"),
    ).toBe(true);
    expect(text).toContain("No alarm.");
  });

  it("SPEC §13.5.1 takes in nobody else's calls, and is nobody else's to end", async () => {
    const id = await begin();
    await service.call("GET", "/v1/submissions", { as: "reviewer", headers: during(id) });
    const { json } = await judge(await end(id));
    expect((json as { entries: unknown[] }).entries).toHaveLength(2);
    const other = { as: "reviewer", headers: during(id) } as const;
    await problemOf(await service.call("POST", `/v1/visits/${id}/protocol`, other), "ROLE_REFUSED");
    await problemOf(
      await service.call("POST", "/v1/visits", { as: "analyst", json: { reason: "x" } }),
      "ROLE_REFUSED",
    );
  });

  it("SPEC §13.5.2 refuses a protocol that another key signed, or that was changed", async () => {
    const id = await begin();
    const bytes = await end(id);
    const envelope = readDSSE(parseJSON(bytes));
    const changed = utf8Bytes(new TextDecoder().decode(envelope.payload).replace('"ada"', '"eve"'));
    expect(parseVisitProtocol(changed).visit.who).toBe("eve");
    await expect(judge(formatDSSE({ ...envelope, payload: changed }))).rejects.toMatchObject({
      code: "ATTESTATION_SIGNATURE",
    });
    writeFileSync(path("visits.pem"), formatPEM((await testSigner("ecdsa-p256-sha256")).spki, "PUBLIC KEY"));
    await expect(judge(bytes)).rejects.toMatchObject({ code: "ATTESTATION_SIGNATURE" });
  });
});
