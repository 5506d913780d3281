/** Nothing behind the doors is answered or changed before it is written down. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { OperationError } from "../../src/core/errors.js";
import type { LogStore } from "../../src/ports/log-store.js";
import type { Signer } from "../../src/ports/signer.js";
import type { AccessLog } from "../../src/services/access-log.js";
import { signOnlyLogged } from "../../src/services/logged-signer.js";
import { problemOf } from "../http/problems.js";
import { checked, openTestAccess } from "../support/access-world.js";
import { openService, type TestService } from "../support/service.js";
import { tarArchive } from "../support/tar.js";
import { temporaryFolder } from "../support/temporary.js";

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let log: AccessLog;
let service: TestService;
let fails = false;

const failing = (store: LogStore): LogStore =>
  new Proxy(store, {
    get: (target, name) => {
      if (name === "append" && fails) {
        return () => Promise.reject(new OperationError("STORE_FULL", "expected room, got none"));
      }
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  });

const entries = async () => (await checked(log)).entries.flatMap(({ entry }) => (entry ? [entry] : []));
const why = { "Rulemint-Reason": encodeURIComponent("Prüfung 3/26") };
const rules = { "a.yar": "rule a { condition: true }\n" };
const submit = () =>
  service.call("POST", "/v1/submissions?ruleset=loaders&kind=yara", {
    as: "analyst",
    body: tarArchive(rules),
    headers: { "Content-Type": "application/x-tar" },
  });

beforeEach(async () => {
  fails = false;
  folder = await temporaryFolder();
  log = await openTestAccess(folder.path, { wrapStore: failing });
  service = await openService({ wrap: () => ({ accessLog: log }) });
});
afterEach(async () => {
  await service.close();
  await log.close();
  await folder.remove();
});

describe("the doors", () => {
  it("SPEC §13.2.1 write down who, what, when, from where and under which right", async () => {
    expect((await submit()).status).toBe(201);
    await service.call("GET", "/v1/submissions/s-000000000001", { as: "reviewer" });
    const [made, , read] = await entries();
    expect(made).toMatchObject({
      kind: "access",
      who: "ann",
      rights: ["analyst"],
      operation: "createSubmission",
    });
    expect(made?.target).toBe("/v1/submissions?ruleset=loaders&kind=yara");
    expect(made?.from).toMatch(/127\.0\.0\.1$/);
    expect(read).toMatchObject({
      who: "ben",
      operation: "getSubmission",
      target: "/v1/submissions/s-000000000001",
    });
    expect(Date.parse(read?.time ?? "")).toBeGreaterThan(0);
  });

  it("SPEC §13.2.1 name every file that is asked for at once, by its digest", async () => {
    const sha256 = ["a".repeat(64), "b".repeat(64)];
    await service.call("POST", "/v1/sources", { as: "overseer", json: { sha256 } });
    expect((await entries())[0]).toMatchObject({ operation: "getSources", objects: sha256 });
  });

  it("SPEC §13.2.2 write down what they refuse, with its code", async () => {
    await problemOf(
      await service.call("POST", "/v1/feeds/endpoint/releases", { as: "analyst", json: {} }),
      "ROLE_REFUSED",
    );
    expect(await entries()).toMatchObject([
      { kind: "access", who: "ann", operation: "buildRelease", of: null, code: null },
      { kind: "refusal", who: "ann", operation: "buildRelease", of: 0, code: "ROLE_REFUSED" },
    ]);
  });

  it("SPEC §13.2.4 ask an auditor for a reason, and keep it", async () => {
    const path = "/v1/submissions";
    await problemOf(await service.call("GET", path, { as: "auditor" }), "REASON_MISSING");
    await problemOf(
      await service.call("GET", path, { as: "auditor", headers: { "Rulemint-Reason": "%20" } }),
      "REASON_MISSING",
    );
    expect((await service.call("GET", path, { as: "auditor", headers: why })).status).toBe(200);
    expect((await service.call("GET", "/v1/whoami", { as: "auditor" })).status).toBe(200);
    expect((await entries()).map(({ kind, code, why }) => [kind, code, why])).toEqual([
      ["access", null, ""],
      ["refusal", "REASON_MISSING", ""],
      ["access", null, " "],
      ["refusal", "REASON_MISSING", " "],
      ["access", null, "Prüfung 3/26"],
      ["access", null, ""],
    ]);
  });

  it("refuse a reason that is no text", async () => {
    const headers = { "Rulemint-Reason": "%ff" };
    await problemOf(
      await service.call("GET", "/v1/submissions", { as: "auditor", headers }),
      "REQUEST_INVALID",
    );
  });

  it("SPEC §13.2.1 give nothing out and change nothing while the log takes nothing, and go on when it does", async () => {
    await submit();
    fails = true;
    const [list, approved, refused] = await Promise.all([
      service.call("GET", "/v1/submissions", { as: "analyst" }),
      service.call("POST", "/v1/submissions/s-000000000001/approval", {
        as: "reviewer",
        json: { digest: "0".repeat(64) },
      }),
      service.call("POST", "/v1/feeds/endpoint/releases", { as: "analyst", json: {} }),
    ]);
    for (const answer of [list, approved, refused]) {
      expect(answer.status).toBe(503);
      expect(await problemOf(answer, "ACCESS_LOG_UNAVAILABLE")).not.toContain("loaders");
    }
    await problemOf(await submit(), "ACCESS_LOG_UNAVAILABLE");
    expect(await service.desk.context.records.list("submissions")).toHaveLength(1);
    expect((await service.call("GET", "/healthz")).status).toBe(200);
    fails = false;
    expect((await submit()).status).toBe(201);
    expect((await checked(log)).alarms).toEqual([]);
  });

  it("SPEC §13.4.1 open the log for auditors alone, and write that down too", async () => {
    await problemOf(await service.call("GET", "/v1/access", { as: "release-manager" }), "ROLE_REFUSED");
    const answer = await service.call("GET", "/v1/access?who=mia", { as: "auditor", headers: why });
    const file = (await answer.json()) as { complete: boolean; leaves: { index: number }[] };
    expect(file.complete).toBe(false);
    expect(file.leaves.map(({ index }) => index)).toEqual([0, 1]);
    expect((await entries()).at(-1)).toMatchObject({
      who: "ada",
      operation: "openAccessLog",
      why: "Prüfung 3/26",
    });
  });

  it.each([
    ["about=s-000000000001", [1, 2]],
    [`about=${"a".repeat(64)}`, [3, 4]],
    ["since=2000-01-01T00:00:00.000Z&who=ben", [2]],
    ["until=2000-01-01T00:00:00.000Z", []],
    ["from=1&to=3", [1, 2]],
    ["from=1&to=3&who=ann", [1]],
  ])("SPEC §13.4.1 find entries by %s", async (query, expected) => {
    await submit();
    await service.call("GET", "/v1/submissions/s-000000000001", { as: "reviewer" });
    await service.call("GET", `/v1/sources/${"a".repeat(64)}`, { as: "overseer" });
    const answer = await service.call("GET", `/v1/access?${query}`, { as: "auditor", headers: why });
    const { leaves } = (await answer.json()) as { leaves: { index: number }[] };
    const found = leaves.map(({ index }) => index);
    // The question itself names what it asks about.
    expect(query.startsWith("about=") ? found.slice(0, -1) : found).toEqual(expected);
  });

  it("refuse to open more at once than they can prove", async () => {
    const answer = await service.call("GET", "/v1/access?from=5&to=1", { as: "auditor", headers: why });
    await problemOf(answer, "REQUEST_INVALID");
  });
});

describe("a key behind the access log", () => {
  it("SPEC §13.2.3 signs nothing while the log takes nothing: the device never hears of it", async () => {
    let asked = 0;
    const device: Signer = {
      scheme: "ed25519",
      spki: new Uint8Array(44),
      sign: async () => Uint8Array.of(++asked),
      close: async () => undefined,
    };
    const signer = signOnlyLogged(device, "publisher", log);
    fails = true;
    await expect(signer.sign(Uint8Array.of(1))).rejects.toMatchObject({ code: "ACCESS_LOG_UNAVAILABLE" });
    expect(asked).toBe(0);
    fails = false;
    expect(await signer.sign(Uint8Array.of(1))).toEqual(Uint8Array.of(1));
    expect(asked).toBe(1);
    expect((await entries()).filter(({ kind }) => kind === "signature")).toMatchObject([
      // The attempt that was refused had its opening written; the log took it when it could again.
      {
        target: "key/publisher",
        objects: ["4bf5122f344554c53bde2ebb8cd2b7e3d1600ad631c385a5d7cce23c7785459a"],
      },
      {
        target: "key/publisher",
        objects: ["4bf5122f344554c53bde2ebb8cd2b7e3d1600ad631c385a5d7cce23c7785459a"],
      },
    ]);
    expect(signer.spki).toBe(device.spki);
  });

  it("SPEC §13.2.3 signs a whole release with no signature that has no entry before it", async () => {
    const signed: number[] = [];
    const counted = (signer: Signer, name: string): Signer =>
      signOnlyLogged(
        {
          ...{ scheme: signer.scheme, spki: signer.spki, close: () => signer.close() },
          sign: async (message) => {
            signed.push((await log.log()).store.size);
            return signer.sign(message);
          },
        },
        name,
        log,
      );
    const other = await openService({
      wrap: (real) => ({ publisher: counted(real.publisher, "publisher"), accessLog: log }),
    });
    try {
      await other.desk.addRules("loaders", "yara", rules);
      await other.desk.release();
      const acts = (await checked(log)).entries.filter(({ entry }) => entry?.kind === "signature");
      expect(signed.length).toBeGreaterThan(2);
      expect(acts.length).toBe(signed.length);
      for (const [i, size] of signed.entries()) expect(size).toBeGreaterThan(acts[i]?.index as number);
    } finally {
      await other.close();
    }
  });
});
