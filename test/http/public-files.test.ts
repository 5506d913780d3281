/** How the public tree is served: what may be cached for how long, what is never served at all. */
import { createHash } from "node:crypto";
import { mkdirSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import type { Server } from "node:http";
import { dirname, join } from "node:path";
import express from "express";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { problemHandler } from "../../src/http/problem.js";
import { openFilesystemTree } from "../../src/adapters/public-tree/filesystem.js";
import { servePublicFiles } from "../../src/http/public-files.js";
import { UsageError } from "../../src/core/errors.js";
import { listen, rawRequest, stop } from "../support/listen.js";
import { temporaryFolder } from "../support/temporary.js";

const digest = "ab".repeat(32);
const pack = `targets/endpoint/${digest}.2.full.rmp`;
const content = Buffer.alloc(100_000, "0123456789");
let folder: string;
let removeFolder: () => Promise<void>;
let server: Server;
let origin: string;

function put(path: string, bytes: string | Uint8Array): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), bytes);
}
const get = (path: string, headers: Record<string, string> = {}) => fetch(`${origin}/${path}`, { headers });

beforeAll(async () => {
  ({ path: folder, remove: removeFolder } = await temporaryFolder());
  put("metadata/timestamp.json", "{}");
  put("metadata/1.root.json", '{"root":1}');
  put("metadata/12.endpoint.json", '{"manifest":12}');
  put("metadata/.tmp-1", "half");
  put("metadata/draft.json", "{}");
  put("evidence/endpoint/12.p7s", "evidence");
  put("evidence/endpoint/12.json", "{}");
  put("crl/root-1a2b3c4d.crl", "{}");
  put("crl/root-1a2b3c4d/17.crl", "list");
  put("ocsp/2a-1a2b3c4d.ors", "{}");
  put(pack, content);
  put(`${pack}.p7s`, "signature");
  put("targets/endpoint/empty/x", "");
  put(`targets/endpoint/${digest}.0.empty`, "");
  put("objects/secret", "secret");
  put("records.sqlite", "secret");
  symlinkSync("/etc", join(folder, "targets", "etc"));
  const app = express();
  app.disable("etag");
  app.use(servePublicFiles(await openFilesystemTree(folder)));
  app.use(() => {
    throw new UsageError("NOT_FOUND", "expected something else");
  });
  app.use(problemHandler(true));
  ({ server, origin } = await listen(app));
});
afterAll(async () => {
  await stop(server);
  await removeFolder();
});

describe("caching", () => {
  it.each([
    ["metadata/1.root.json", "application/json"],
    ["metadata/12.endpoint.json", "application/json"],
    ["evidence/endpoint/12.json", "application/json"],
    ["evidence/endpoint/12.p7s", "application/pkcs7-signature"],
    ["crl/root-1a2b3c4d/17.crl", "application/pkix-crl"],
    [pack, "application/octet-stream"],
    [`${pack}.p7s`, "application/pkcs7-signature"],
  ])("%s is immutable", async (path, type) => {
    const response = await get(path);
    expect(response.status).toBe(200);
    expect(response.headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
    expect(response.headers.get("content-type")).toBe(type);
    expect(response.headers.get("etag")).toMatch(/^"[^"]+"$/);
    expect(response.headers.get("access-control-allow-origin")).toBe("*");
  });

  it.each(["metadata/timestamp.json", "crl/root-1a2b3c4d.crl", "ocsp/2a-1a2b3c4d.ors"])(
    "%s is asked for each time, and its tag follows its bytes",
    async (path) => {
      const first = await get(path);
      expect(first.headers.get("cache-control")).toBe("no-cache");
      const tag = first.headers.get("etag") as string;
      expect(tag).toBe(`"${createHash("sha256").update("{}").digest("base64url").slice(0, 16)}"`);
      const again = await get(path, { "If-None-Match": tag });
      expect(again.status).toBe(304);
      expect(again.headers.get("etag")).toBe(tag);
      put("metadata/.tmp-2", "[]");
      renameSync(join(folder, "metadata/.tmp-2"), join(folder, path));
      const swapped = await get(path, { "If-None-Match": tag });
      expect(swapped.status).toBe(200);
      expect(await swapped.text()).toBe("[]");
    },
  );

  it("the absence of the next root may be remembered for half a minute", async () => {
    const response = await get("metadata/2.root.json");
    expect(response.status).toBe(404);
    expect(response.headers.get("cache-control")).toBe("public, max-age=30");
    expect(response.headers.get("content-type")).toMatch(/^application\/problem\+json/);
    expect(await response.json()).toMatchObject({ code: "NOT_FOUND", status: 404 });
  });

  it("the absence of anything else may not", async () => {
    for (const path of ["metadata/13.endpoint.json", `targets/endpoint/${"cd".repeat(32)}.3.full.rmp`]) {
      const response = await get(path);
      expect(response.status).toBe(404);
      expect(response.headers.get("cache-control")).toBe("no-cache");
    }
  });

  it("a pack has not changed when its name has not", async () => {
    const tag = (await get(pack)).headers.get("etag") as string;
    expect((await get(pack, { "If-None-Match": tag })).status).toBe(304);
    expect((await get(pack, { "If-None-Match": `"other", ${tag}` })).status).toBe(304);
    expect((await get(pack, { "If-None-Match": '"other"' })).status).toBe(200);
    expect((await get(`${pack}.p7s`)).headers.get("etag")).not.toBe(tag);
  });
});

describe("SPEC §9.2.4", () => {
  const path = "metadata/77.snapshot.json";
  const text = JSON.stringify({ name: "long enough to be worth it ".repeat(40) });
  const ask = (headers: Record<string, string>) => rawRequest(origin, "GET", `/${path}`, { headers });

  it("metadata is packed for who asks, under a tag of its own", async () => {
    put(path, text);
    const plain = await ask({});
    const packed = await fetch(`${origin}/${path}`, { headers: { "Accept-Encoding": "gzip" } });
    expect(await packed.text()).toBe(text);
    expect(packed.headers.get("content-encoding")).toBe("gzip");
    expect(Number(packed.headers.get("content-length"))).toBeLessThan(text.length / 4);
    expect(packed.headers.get("etag")).not.toBe(plain.headers.etag);
    expect(plain.body).toBe(text);
    expect(plain.headers.vary).toBe("Accept-Encoding");
    for (const [headers, status] of [
      [{ "Accept-Encoding": "gzip", "If-None-Match": packed.headers.get("etag") as string }, 304],
      [{ "Accept-Encoding": "gzip", "If-None-Match": plain.headers.etag as string }, 200],
      [{ "If-None-Match": plain.headers.etag as string }, 304],
    ] as const) {
      expect((await ask(headers)).status).toBe(status);
    }
  });

  it.each(["gzip;q=0", "br", "identity", "gzip2"])(
    "Accept-Encoding: %s gets the file as it is",
    async (wanted) => {
      put(path, text);
      const answer = await ask({ "Accept-Encoding": wanted });
      expect(answer.headers["content-encoding"]).toBeUndefined();
      expect(answer.body).toBe(text);
    },
  );

  it("packs are never packed again", async () => {
    const answer = await rawRequest(origin, "HEAD", `/${pack}`, { headers: { "Accept-Encoding": "gzip" } });
    expect(answer.headers["content-encoding"]).toBeUndefined();
  });
});

describe("ranges", () => {
  it.each([
    ["bytes=0-9", 0, 9],
    ["bytes=99990-", 99_990, 99_999],
    ["bytes=-5", 99_995, 99_999],
    ["bytes=50-999999999", 50, 99_999],
  ])("%s", async (range, start, end) => {
    const response = await get(pack, { Range: range });
    expect(response.status).toBe(206);
    expect(response.headers.get("content-range")).toBe(`bytes ${start}-${end}/100000`);
    expect(Buffer.from(await response.arrayBuffer())).toEqual(content.subarray(start, end + 1));
  });

  it("a range past the end is refused with the size", async () => {
    const response = await get(pack, { Range: "bytes=100000-" });
    expect(response.status).toBe(416);
    expect(response.headers.get("content-range")).toBe("bytes */100000");
  });

  it.each(["bytes=0-1,5-6", "lines=1-2", "bytes=x"])("%s is answered with the whole file", async (range) => {
    const response = await get(pack, { Range: range });
    expect(response.status).toBe(200);
    expect((await response.arrayBuffer()).byteLength).toBe(100_000);
  });

  it("If-Range continues the same file and starts another one again", async () => {
    const tag = (await get(pack)).headers.get("etag") as string;
    expect((await get(pack, { Range: "bytes=5-", "If-Range": tag })).status).toBe(206);
    expect((await get(pack, { Range: "bytes=5-", "If-Range": '"other"' })).status).toBe(200);
  });
});

describe("what is served", () => {
  it("HEAD says the size and sends nothing", async () => {
    const response = await fetch(`${origin}/${pack}`, { method: "HEAD" });
    expect(response.headers.get("content-length")).toBe("100000");
    expect(await response.text()).toBe("");
  });

  it("an empty file is an empty answer", async () => {
    const response = await get(`targets/endpoint/${digest}.0.empty`);
    expect([response.status, await response.text()]).toEqual([200, ""]);
  });

  it.each([
    "",
    "metadata",
    "metadata/",
    "metadata/.tmp-1",
    "metadata/draft.json",
    "metadata/0.root.json",
    "metadata/TIMESTAMP.json",
    "objects/secret",
    "records.sqlite",
    "targets/endpoint",
    "targets/etc/passwd",
    `targets/endpoint/${digest}..rmp`,
    "metadata/timestamp.json/",
    "/metadata/timestamp.json",
    "metadata//timestamp.json",
    "metadata/%2e%2e/records.sqlite",
    "metadata/..%2frecords.sqlite",
    "metadata/timestamp.json%00",
  ])("not /%s", async (path) => {
    expect((await rawRequest(origin, "GET", `/${path}`)).status).toBe(404);
  });

  it("SPEC §9.2.1 no path that climbs, however it is written", async () => {
    for (const path of [
      "/../records.sqlite",
      "/metadata/../../records.sqlite",
      "/targets/../objects/secret",
    ]) {
      expect((await rawRequest(origin, "GET", path)).status).toBe(404);
    }
  });

  it("only to readers", async () => {
    for (const method of ["POST", "PUT", "DELETE"]) {
      expect((await rawRequest(origin, method, "/metadata/timestamp.json")).status).toBe(404);
    }
  });
});
