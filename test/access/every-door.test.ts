/** Every operation of openapi.yaml leaves its entry before its answer; one that somebody adds tomorrow does too, or has a line here. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { AccessLog } from "../../src/services/access-log.js";
import { problemOf } from "../http/problems.js";
import { allowedRoles, fill, filled, operations, send } from "../http/operations.js";
import { checked, openTestAccess } from "../support/access-world.js";
import { openService, type TestService } from "../support/service.js";
import { tarArchive } from "../support/tar.js";
import { temporaryFolder } from "../support/temporary.js";

/** What is in front of the doors: it tells nothing of the desk, and asks for no role that reads there. */
const before: Readonly<Record<string, string>> = {
  getHealth: "says that the process lives",
  getReadiness: "names checks and how they are",
  getMetrics: "has numbers alone, for a monitor that may read nothing else",
  stampTime: "is a time-stamp authority for development",
  getLogin: "says where people sign in",
  takeReports: "takes counts from endpoints, which nobody signs in for, and gives nothing",
};

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let log: AccessLog;
let service: TestService;

beforeAll(async () => {
  folder = await temporaryFolder();
  log = await openTestAccess(folder.path);
  service = await openService({ wrap: () => ({ accessLog: log }) });
});
afterAll(async () => {
  await service.close();
  await log.close();
  await folder.remove();
});

const size = async () => (await log.log()).store.size;
const since = async (from: number) =>
  (await checked(log, undefined, { from })).entries.flatMap(({ entry }) => (entry === null ? [] : [entry]));

describe("an operation of the contract", () => {
  it.each(operations)("SPEC §13.2.1 $id leaves its entry, or is before the doors", async (one) => {
    const { id, method, path, operation } = one;
    const from = await size();
    const as = path.startsWith("/v1/") ? allowedRoles(operation)[0] : "monitor";
    const response = await send(service, operation, method, fill(path, filled), as);
    expect(response.headers.get("content-type") ?? "").not.toContain("html");
    await response.text();
    const [entry, refusal] = await since(from);
    if (Object.hasOwn(before, id)) return expect(entry).toBeUndefined();
    expect(path.startsWith("/v1/")).toBe(true);
    expect(entry).toMatchObject({ kind: "access", operation: id, rights: expect.arrayContaining([as]) });
    if (response.status >= 400) expect(refusal).toMatchObject({ kind: "refusal", operation: id, of: from });
  });

  it.each([
    [
      "a submission",
      "POST",
      "/v1/submissions?ruleset=hosts&kind=ioc",
      "analyst",
      /^\/v1\/submissions\/s-0+1$/,
    ],
    [
      "a token and its roles",
      "POST",
      "/v1/tokens",
      "reviewer",
      /^\/v1\/tokens\/t-[0-9a-f]{16} with reviewer$/,
    ],
    [
      "a release",
      "POST",
      "/v1/feeds/endpoint/releases",
      "release-manager",
      /^\/v1\/feeds\/endpoint\/releases\/1$/,
    ],
  ] as const)(
    "SPEC §13.2.9 that makes %s says its name in a second entry",
    async (_, method, path, as, made) => {
      const from = await size();
      const archive = {
        body: tarArchive({ "h.txt": "evil.example.com\n" }),
        headers: { "Content-Type": "application/x-tar" },
      };
      const json = path.endsWith("tokens") ? { label: "CI", days: 1, roles: ["reviewer"] } : {};
      if (as === "release-manager")
        await service.desk.addRules("more", "ioc", { "m.txt": "bad.example.com\n" });
      const response = await service.call(method, path, { as, ...(as === "analyst" ? archive : { json }) });
      expect(response.ok).toBe(true);
      const found = (await since(from)).filter(({ kind }) => kind !== "signature");
      expect(found.map(({ kind, of }) => [kind, of])).toEqual([
        ["access", null],
        ["outcome", from],
      ]);
      expect(found[1]?.target).toMatch(made);
      await service.settled();
    },
  );

  it("SPEC §13.2.1 answers nothing, whichever it is, while the log takes nothing", async () => {
    const { log: real } = log;
    log.log = () => Promise.reject(new Error("gone"));
    try {
      for (const { id, method, path, operation } of operations) {
        if (Object.hasOwn(before, id)) continue;
        const response = await send(
          service,
          operation,
          method,
          fill(path, filled),
          allowedRoles(operation)[0],
        );
        expect([id, response.status]).toEqual([id, 503]);
        await problemOf(response, "ACCESS_LOG_UNAVAILABLE");
      }
    } finally {
      log.log = real;
    }
  });
});
