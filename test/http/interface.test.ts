/** What the interface does for its callers: keys for one answer, versions, filters, progress, and a page to read. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Role } from "../../src/services/model.js";
import { openService, type TestService } from "../support/service.js";
import { tarArchive } from "../support/tar.js";
import { problemOf } from "./problems.js";

let service: TestService;
beforeAll(async () => {
  service = await openService();
});
afterAll(() => service.close());

const rule = (name: string) => `rule ${name} { strings: $a = "${name}${name}" condition: $a }\n`;
async function submit(
  name: string,
  headers: Record<string, string> = {},
  as: Role = "analyst",
): Promise<Response> {
  const path = `/v1/submissions?ruleset=${name.toLowerCase()}&kind=yara`;
  const type = { "Content-Type": "application/x-tar" };
  return service.call("POST", path, {
    as,
    headers: { ...type, ...headers },
    body: tarArchive({ "a.yar": rule(name) }),
  });
}
const made = async (name: string) => (await (await submit(name)).json()) as { id: string; digest: string };
const count = async () =>
  (
    (await (await service.call("GET", "/v1/submissions?limit=200", { as: "auditor" })).json()) as {
      items: unknown[];
    }
  ).items.length;

describe("an idempotency key", () => {
  it("SPEC §17.7.1 gives the first answer again, and the work is done once", async () => {
    const { id } = await made("Commented");
    const say = (text: string, key: string, as: Role = "analyst") =>
      service.call("POST", `/v1/submissions/${id}/comments`, {
        as,
        json: { text },
        headers: { "Idempotency-Key": key },
      });
    const first = await say("one", "k-1");
    const again = await say("one", "k-1");
    expect([first.status, again.status]).toEqual([201, 201]);
    expect(first.headers.get("idempotency-replayed")).toBeNull();
    expect(again.headers.get("idempotency-replayed")).toBe("true");
    expect(await again.json()).toEqual(await first.json());
    await problemOf(await say("two", "k-1"), "IDEMPOTENCY_MISMATCH");
    // Another person's key is another key.
    expect((await say("one", "k-1", "reviewer")).headers.get("idempotency-replayed")).toBeNull();
    const comments = await service.call("GET", `/v1/submissions/${id}/comments`, { as: "auditor" });
    expect(((await comments.json()) as { items: unknown[] }).items).toHaveLength(2);
  });

  it("works for a stream and keeps its address, and a refusal is an answer too", async () => {
    const before = await count();
    const first = await submit("Streamed", { "Idempotency-Key": "k-2" });
    const again = await submit("Streamed", { "Idempotency-Key": "k-2" });
    expect(again.headers.get("location")).toBe(first.headers.get("location"));
    expect(await again.json()).toEqual(await first.json());
    expect(await count()).toBe(before + 1);
    const { id, digest } = await made("Own");
    const approve = () =>
      service.call("POST", `/v1/submissions/${id}/approval`, {
        ...{ as: "analyst" as const, json: { digest }, headers: { "Idempotency-Key": "k-3" } },
      });
    await problemOf(await approve(), "ROLE_REFUSED");
    const replay = await approve();
    expect(replay.headers.get("idempotency-replayed")).toBe("true");
    await problemOf(replay, "ROLE_REFUSED");
  });

  it("of two requests at once lets one through", async () => {
    const { id } = await made("Raced");
    const say = () =>
      service.call("POST", `/v1/submissions/${id}/comments`, {
        ...{ as: "analyst" as const, json: { text: "once" }, headers: { "Idempotency-Key": "k-4" } },
      });
    const statuses = (await Promise.all([say(), say(), say()])).map(({ status }) => status);
    expect(statuses).toContain(201);
    const comments = await service.call("GET", `/v1/submissions/${id}/comments`, { as: "auditor" });
    expect(((await comments.json()) as { items: unknown[] }).items).toHaveLength(1);
  });

  it("is printable and short", async () => {
    const { id } = await made("Odd");
    const headers = { "Idempotency-Key": "x".repeat(201) };
    const call = service.call("POST", `/v1/submissions/${id}/comments`, {
      as: "analyst",
      json: { text: "x" },
      headers,
    });
    await problemOf(await call, "REQUEST_INVALID");
  });
});

describe("a version", () => {
  it("SPEC §17.7.2 is the tag of what is shown, and another one refuses a change", async () => {
    const { id, digest } = await made("Versioned");
    const shown = await service.call("GET", `/v1/submissions/${id}`, { as: "reviewer" });
    const tag = shown.headers.get("etag") as string;
    const same = await service.call("GET", `/v1/submissions/${id}`, {
      as: "reviewer",
      headers: { "If-None-Match": tag },
    });
    expect(same.status).toBe(304);
    const withdraw = (version: string) =>
      service.call("POST", `/v1/submissions/${id}/withdrawal`, {
        ...{ as: "analyst" as const, json: {}, headers: { "If-Match": version } },
      });
    await problemOf(await withdraw('"99"'), "PRECONDITION_FAILED");
    await problemOf(await withdraw("nonsense"), "REQUEST_INVALID");
    expect((await withdraw(tag)).status).toBe(200);
    const approval = service.call("POST", `/v1/submissions/${id}/approval`, {
      ...{ as: "reviewer" as const, json: { digest }, headers: { "If-Match": tag } },
    });
    await problemOf(await approval, "SUBMISSION_DECIDED");
  });
});

describe("a list", () => {
  it("is filtered by kind and author, page by page", async () => {
    const page = async (query: string) =>
      (await (await service.call("GET", `/v1/submissions?${query}`, { as: "auditor" })).json()) as {
        items: { id: string; author: string }[];
        next: string | null;
      };
    await submit("Second", {}, "reviewer");
    expect((await page("author=ben")).items.map(({ author }) => author)).toEqual(["ben"]);
    expect((await page("kind=ioc")).items).toEqual([]);
    const first = await page("kind=yara&author=ann&limit=2");
    const second = await page(`kind=yara&author=ann&limit=2&after=${first.next}`);
    expect(new Set([...first.items, ...second.items].map(({ id }) => id)).size).toBe(4);
  });
});

describe("a release", () => {
  it("tells its progress as it happens, until it is at its end", async () => {
    await service.desk.addRules("told", "yara", { "a.yar": rule("Told") });
    await service.call("POST", "/v1/feeds/endpoint/releases", { as: "release-manager", json: {} });
    const stream = await service.call("GET", "/v1/feeds/endpoint/releases/1/events", { as: "auditor" });
    expect(stream.headers.get("content-type")).toContain("text/event-stream");
    const text = stream.text();
    await service.settled();
    await service.call("POST", "/v1/feeds/endpoint/releases/1/withdrawal", {
      ...{ as: "release-manager" as const, json: { reason: "enough" } },
    });
    const events = (await text).split("\n\n").filter((one) => one.includes("event: release"));
    expect(JSON.parse(events.at(-1)?.split("data: ")[1] ?? "")).toMatchObject({ state: "failed", packs: 1 });
    expect(events.length).toBeGreaterThan(1);
  });

  it("that is not there is a problem, not a stream", async () => {
    await problemOf(
      await service.call("GET", "/v1/feeds/endpoint/releases/77/events", { as: "auditor" }),
      "NOT_FOUND",
    );
  });
});

describe("the reference", () => {
  it("is a page without a script that names every operation, and the contract itself", async () => {
    const yaml = await (await service.call("GET", "/openapi.yaml")).text();
    const response = await service.call("GET", "/docs");
    const page = await response.text();
    expect(response.headers.get("content-security-policy")).toContain("default-src 'none'");
    expect(page).not.toContain("<script");
    const ids = [...yaml.matchAll(/operationId: (\w+)/g)].map((match) => match[1] as string);
    expect(ids.length).toBeGreaterThan(40);
    expect(ids.filter((id) => !page.includes(`id="${id}"`))).toEqual([]);
  });
});
