/**
 * Every operation of openapi.yaml: it exists, asks for a token, for a role, and for a request of its own
 * shape.
 */
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { deskRoles, roles, type Role } from "../../src/services/model.js";
import { openService, type TestService } from "../support/service.js";
import { problemOf } from "./problems.js";

interface Operation {
  readonly operationId: string;
  readonly description?: string;
  readonly tags: string[];
  readonly requestBody?: { content: Record<string, unknown> };
}
const contract = parse(readFileSync(new URL("../../openapi.yaml", import.meta.url), "utf8")) as {
  paths: Record<string, Record<string, Operation>>;
  tags: { name: string }[];
};
const methods = ["get", "post", "put", "delete", "patch"];
const operations = Object.entries(contract.paths).flatMap(([path, item]) =>
  methods.flatMap((method) => {
    const operation = item[method];
    return operation === undefined
      ? []
      : [{ method: method.toUpperCase(), path, operation, id: operation.operationId }];
  }),
);
const guarded = operations.filter(({ path }) => path.startsWith("/v1/"));

const filled: Record<string, string> = {
  id: "s-000000000999",
  sha256: "a".repeat(64),
  feed: "endpoint",
  ruleset: "nowhere",
  token: `t-${"a".repeat(16)}`,
  release: "99",
  name: "99.full.rmp",
};
const broken: Record<string, string> = {
  id: "s-1",
  sha256: "xyz",
  feed: "No",
  ruleset: "No",
  token: "x",
  release: "zero",
  name: "..%2f..%2fx",
};
const fill = (path: string, values: Record<string, string>) =>
  path
    .replace("visits/{id}", (place) => (values.id === filled.id ? "visits/v-000000000999" : place))
    .replace(/\{(\w+)\}/g, (_, name: string) => values[name] as string);

const bodies: Record<string, object> = {
  getSources: { sha256: ["a".repeat(64)] },
  approveSubmission: { digest: "a".repeat(64) },
  rejectSubmission: { digest: "a".repeat(64), reason: "no" },
  approveInEmergency: { digest: "a".repeat(64), reason: "now" },
  withdrawSubmission: {},
  quarantineRule: { id: "x", reason: "why" },
  liftQuarantine: { id: "x", reason: "why" },
  createToken: { label: "x", days: 1 },
  addComment: { text: "why?" },
  beginVisit: { reason: "to look" },
  buildRelease: {},
  addVerdict: { result: "FAILED", explanation: "differs" },
  withdrawRelease: { to: 1, reason: "bad" },
  addRebuildVerdict: {
    publicKey: `-----BEGIN PUBLIC KEY-----\n${"A".repeat(60)}\n-----END PUBLIC KEY-----\n`,
    envelope: { payloadType: "t", payload: "YQ==", signatures: [{ keyid: "", sig: "YQ==" }] },
  },
};
const queries: Record<string, string> = {
  createSubmission: "?ruleset=r&kind=yara",
  explainRule: "?id=x",
  getRuleRevisions: "?id=x",
};
/** The role that an operation's description asks for; every role where it says so. */
function allowedRoles({ description = "" }: Operation): readonly Role[] {
  if (description.startsWith("Any role, and a monitor")) return roles;
  if (/^Any role|^Role analyst, reviewer, release-manager, overseer, rebuilder or auditor/.test(description))
    return deskRoles;
  const named = (/^Role ([a-z-]+(?: or [a-z-]+)*)/.exec(description)?.[1] ?? "").split(" or ") as Role[];
  for (const role of named) expect(roles).toContain(role);
  return named;
}

let service: TestService;
beforeAll(async () => {
  service = await openService();
});
afterAll(() => service.close());

function send(operation: Operation, method: string, path: string, as?: Role): Promise<Response> {
  const query = queries[operation.operationId] ?? "";
  if (operation.operationId === "createSubmission") {
    const headers = { "Content-Type": "application/x-tar" };
    return service.call(method, path + query, { as, headers, body: new Uint8Array(1024) });
  }
  const json = method === "POST" ? bodies[operation.operationId] : undefined;
  return service.call(method, path + query, { as, json });
}

describe("the contract", () => {
  it("names each operation once and each tag that it uses", () => {
    const ids = operations.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    const used = new Set(operations.flatMap(({ operation }) => operation.tags));
    expect([...used].sort()).toEqual(contract.tags.map(({ name }) => name).sort());
  });

  it.each(guarded)("$id without a token is refused", async ({ method, path, operation }) => {
    const response = await send(operation, method, fill(path, filled));
    expect(response.headers.get("www-authenticate")).toBe('Bearer realm="rulemint"');
    await problemOf(response, "TOKEN_MISSING");
  });

  it.each(guarded)(
    "$id with an unknown token is refused, before anything else is looked at",
    async ({ method, path }) => {
      const headers = { Authorization: "Bearer rmt_unknown", "Content-Type": "text/plain" };
      const body = method === "POST" ? "nonsense" : undefined;
      await problemOf(await service.call(method, fill(path, broken), { headers, body }), "TOKEN_REFUSED");
    },
  );

  it.each(guarded)("$id is open to its roles and to no other", async ({ method, path, operation }) => {
    const allowed = allowedRoles(operation);
    // The reviewer of these tests is an analyst too.
    const actsAs = (role: Role): readonly Role[] => (role === "reviewer" ? ["reviewer", "analyst"] : [role]);
    for (const role of roles) {
      const response = await send(operation, method, fill(path, filled), role);
      if (actsAs(role).some((one) => allowed.includes(one))) {
        expect(await response.text()).not.toContain("ROLE_REFUSED");
        expect(response.status).toBeLessThan(500);
      } else {
        const problem = await problemOf(response, "ROLE_REFUSED");
        expect(problem.detail).toContain(`expected role ${allowed[0]}`);
      }
    }
  });

  const withParameters = guarded.filter(({ path }) => path.includes("{"));
  it.each(withParameters)("$id refuses a path that is not its own", async ({ method, path, operation }) => {
    for (const name of [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1] as string)) {
      const values = { ...filled, [name]: broken[name] as string };
      const response = await send(operation, method, fill(path, values), allowedRoles(operation)[0]);
      const problem = await problemOf(response, "REQUEST_INVALID");
      expect(problem.where).toContainEqual(expect.objectContaining({ pointer: `/params/${name}` }));
    }
  });

  const withBody = guarded.filter(({ operation }) => operation.requestBody?.content["application/json"]);
  it.each(withBody)("$id refuses a body of another shape", async ({ method, path, operation, id }) => {
    const as = allowedRoles(operation)[0] as Role;
    const address = fill(path, filled);
    const extra = await service.call(method, address, { as, json: { ...bodies[id], extra: 1 } });
    expect((await problemOf(extra, "REQUEST_INVALID")).where).not.toEqual([]);
    const list = await service.call(method, address, { as, json: [] });
    await problemOf(list, "REQUEST_INVALID");
    const headers = { "Content-Type": "application/json" };
    await problemOf(await service.call(method, address, { as, headers, body: "{" }), "REQUEST_INVALID");
    const text = { "Content-Type": "text/plain" };
    await problemOf(
      await service.call(method, address, { as, headers: text, body: "{}" }),
      "MEDIA_TYPE_REFUSED",
    );
    const large = JSON.stringify({ reason: "x".repeat(300_000) });
    await problemOf(await service.call(method, address, { as, headers, body: large }), "FILE_TOO_LARGE");
    const packed = { ...headers, "Content-Encoding": "gzip" };
    await problemOf(
      await service.call(method, address, { as, headers: packed, body: "{}" }),
      "MEDIA_TYPE_REFUSED",
    );
  });

  it.each(Object.keys(contract.paths))("%s refuses other methods and says which it takes", async (path) => {
    const response = await service.call("DELETE", fill(path, filled), { as: "analyst" });
    await problemOf(response, "METHOD_REFUSED");
    const taken = Object.keys(contract.paths[path] as object).filter((one) => methods.includes(one));
    const allow = response.headers.get("allow")?.toLowerCase().split(", ").sort();
    expect(allow).toEqual(taken.sort());
  });

  it.each(["/v1", "/v1/nothing", "/v1/submissions/", "/V1/whoami", "/", "/v1/feeds/endpoint/"])(
    "%s is not there",
    async (path) => {
      await problemOf(await service.call("GET", path, { as: "analyst" }), "NOT_FOUND");
    },
  );

  it("refuses query parameters that it does not know, and ones that make no sense", async () => {
    for (const query of [
      "extra=1",
      "limit=0",
      "limit=201",
      "limit=x",
      "state=other",
      "limit=",
      "limit=1&limit=2",
    ]) {
      const response = await service.call("GET", `/v1/submissions?${query}`, { as: "analyst" });
      await problemOf(response, "REQUEST_INVALID");
    }
  });
});
