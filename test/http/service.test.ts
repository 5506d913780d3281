/** Who am I, health, headers, the development time-stamp authority, and what the access log keeps. */
import { Writable } from "node:stream";
import { pino } from "pino";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { OperationError } from "../../src/core/errors.js";
import { openService, type TestService } from "../support/service.js";
import { problemOf } from "./problems.js";

let service: TestService;
const lines: string[] = [];
let stampTime: (request: Uint8Array) => Promise<Uint8Array>;
let recordsFail: Error | undefined;

beforeAll(async () => {
  const sink = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      lines.push(chunk.toString("utf8"));
      done();
    },
  });
  service = await openService({
    requestLog: pino({ level: "info" }, sink),
    tsa: (request) => stampTime(request),
    wrap: (real) => ({
      records: {
        get: (collection, id) => real.records.get(collection, id),
        commit: (writes) => real.records.commit(writes),
        close: () => real.records.close(),
        list: async (collection, options) => {
          if (recordsFail !== undefined) throw recordsFail;
          return real.records.list(collection, options);
        },
      },
    }),
  });
});
afterAll(() => service.close());

describe("the service", () => {
  it("says who asks", async () => {
    const response = await service.call("GET", "/v1/whoami", { as: "reviewer" });
    expect(await response.json()).toEqual({ name: "ben", roles: ["reviewer", "analyst"] });
    expect(response.headers.get("cache-control")).toBe("no-store");
  });

  it.each(["Basic abc", "Bearer", "Bearer two words", "rmt_x"])("takes %j for no token", async (header) => {
    await problemOf(
      await service.call("GET", "/v1/whoami", { headers: { Authorization: header } }),
      "TOKEN_MISSING",
    );
  });

  it("is healthy and ready without a token", async () => {
    expect(await (await service.call("GET", "/healthz")).json()).toEqual({ status: "ok" });
    const ready = await service.call("GET", "/readyz");
    expect(ready.status).toBe(200);
    expect(await ready.json()).toMatchObject({
      status: "ready",
      checks: [{ name: "records" }, { name: "timestamp" }],
    });
  });

  it("is not ready when its records cannot be read", async () => {
    recordsFail = new OperationError("STORE_FAILED", "expected the disk, got none");
    const ready = await service.call("GET", "/readyz");
    recordsFail = undefined;
    expect(ready.status).toBe(503);
    expect(await ready.json()).toMatchObject({
      status: "unready",
      checks: [{ name: "records", ok: false, detail: "STORE_FAILED" }, {}],
    });
  });

  it("is not ready when its timestamp has expired", async () => {
    service.desk.passDays(2);
    const ready = await service.call("GET", "/readyz");
    service.desk.passDays(-2);
    expect(ready.status).toBe(503);
    expect(await ready.json()).toMatchObject({ checks: [{ ok: true }, { ok: false, detail: /expired at/ }] });
  });

  it("sends security headers and does not name its framework", async () => {
    const { headers } = await service.call("GET", "/healthz");
    expect(headers.get("x-powered-by")).toBeNull();
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("content-security-policy")).toContain("default-src 'self'");
  });

  it("says nothing about the inside of a fault of its own", async () => {
    let broken = false;
    const other = await openService({
      silent: true,
      wrap: (real) => ({
        records: {
          ...{ get: real.records.get.bind(real.records), commit: real.records.commit.bind(real.records) },
          close: () => real.records.close(),
          list: (...args) =>
            broken ? Promise.reject(new TypeError("secret inside")) : real.records.list(...args),
        },
      }),
    });
    broken = true;
    const response = await other.call("GET", "/v1/rulesets", { as: "analyst" });
    const problem = await problemOf(response, "INTERNAL");
    expect(JSON.stringify(problem)).not.toContain("secret inside");
    await other.close();
  });
});

describe("the time-stamp authority", () => {
  const headers = { "Content-Type": "application/timestamp-query" };

  it("passes queries on and replies in DER", async () => {
    stampTime = async (query) => Uint8Array.of(0x30, query.length);
    const response = await service.call("POST", "/tsa", { headers, body: new Uint8Array(7) });
    expect(response.headers.get("content-type")).toBe("application/timestamp-reply");
    expect(new Uint8Array(await response.arrayBuffer())).toEqual(Uint8Array.of(0x30, 7));
  });

  it("takes no other type and nothing large", async () => {
    await problemOf(await service.call("POST", "/tsa", { body: "x" }), "MEDIA_TYPE_REFUSED");
    const large = new Uint8Array(20_000);
    await problemOf(await service.call("POST", "/tsa", { headers, body: large }), "FILE_TOO_LARGE");
  });

  it("is not there when it was not composed", async () => {
    const other = await openService();
    await problemOf(await other.call("POST", "/tsa", { headers, body: "x" }), "NOT_FOUND");
    await other.close();
  });
});

describe("the access log", () => {
  const last = () => JSON.parse(lines.at(-1) as string) as Record<string, unknown>;

  it("says who did what and how it ended, and holds no secret", async () => {
    lines.length = 0;
    const response = await service.call("GET", "/v1/submissions?ruleset=hidden", { as: "auditor" });
    await response.text();
    const id = response.headers.get("x-request-id");
    await expect.poll(() => lines.length).toBe(1);
    expect(last()).toMatchObject({
      id,
      method: "GET",
      path: "/v1/submissions",
      status: 200,
      identity: "ada",
      whole: true,
    });
    expect(lines.join("")).not.toContain(service.tokens.auditor);
    expect(lines.join("")).not.toContain("hidden");
  });

  it("names the code of a refusal", async () => {
    lines.length = 0;
    await (await service.call("GET", "/v1/whoami")).text();
    await expect.poll(() => lines.length).toBe(1);
    expect(last()).toMatchObject({ status: 401, code: "TOKEN_MISSING" });
  });

  it("keeps the stack of a fault of ours", async () => {
    lines.length = 0;
    recordsFail = new TypeError("secret inside");
    await (await service.call("GET", "/v1/rulesets", { as: "analyst" })).text();
    recordsFail = undefined;
    await expect.poll(() => lines.length).toBe(1);
    expect(last()).toMatchObject({ status: 500, level: 50, err: { message: "secret inside" } });
  });
});
