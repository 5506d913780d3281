/**
 * Every operation of openapi.yaml: it exists, asks for a token, for a role, and for a request of its own
 * shape.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { roles, type Role } from "../../src/services/model.js";
import { openService, type TestService } from "../support/service.js";
import {
  allowedRoles,
  bodies,
  broken,
  contract,
  fill,
  filled,
  guarded,
  methods,
  operations,
  send,
} from "./operations.js";
import { problemOf } from "./problems.js";

let service: TestService;
beforeAll(async () => {
  service = await openService();
});
afterAll(() => service.close());

describe("the contract", () => {
  it("names each operation once and each tag that it uses", () => {
    const ids = operations.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    const used = new Set(operations.flatMap(({ operation }) => operation.tags));
    expect([...used].sort()).toEqual(contract.tags.map(({ name }) => name).sort());
  });

  it.each(guarded)("$id without a token is refused", async ({ method, path, operation }) => {
    const response = await send(service, operation, method, fill(path, filled));
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
      const response = await send(service, operation, method, fill(path, filled), role);
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
      const response = await send(service, operation, method, fill(path, values), allowedRoles(operation)[0]);
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
