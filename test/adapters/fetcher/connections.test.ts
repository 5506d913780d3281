/** The ways to a server: proxies that ask who one is, CAs of one's own, packed files, and a cap on what is used of the line. */
import { type RequestListener, createServer } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { type HTTPFetcherOptions, openHTTPFetcher } from "../../../src/adapters/fetcher/http.js";
import { wholeBody } from "../../../src/client/fetch-file.js";
import type { FetchOptions } from "../../../src/ports/fetcher.js";
import { openTestProxy } from "../../support/test-proxy.js";
import { loopbackCertificate } from "../../support/tls.js";

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

let tls: { key: string; cert: string };
beforeAll(async () => {
  tls = await loopbackCertificate();
});

async function serve(listener: RequestListener, secure = false): Promise<string> {
  const server = secure ? createSecureServer(tls, listener) : createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  cleanups.push(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return `${secure ? "https" : "http"}://127.0.0.1:${(server.address() as AddressInfo).port}/file`;
}

async function get(url: string, settings: HTTPFetcherOptions, options: Partial<FetchOptions> = {}) {
  const fetcher = openHTTPFetcher({ silenceMs: 2000, ...settings });
  cleanups.push(() => fetcher.close());
  const { body } = await fetcher.get(url, { bytesMax: 100_000, ...options });
  return new TextDecoder().decode(await wholeBody(body));
}

async function proxy(secure = false) {
  const opened = await openTestProxy("ann:pass:w%rd", secure ? tls : undefined);
  cleanups.push(() => opened.close());
  const at = `127.0.0.1:${opened.port}`;
  const scheme = secure ? "https" : "http";
  const credentials = `ann:${encodeURIComponent("pass:w%rd")}`;
  return { opened, known: `${scheme}://${credentials}@${at}`, stranger: `${scheme}://ann:no@${at}` };
}

const headersOf: Record<string, unknown>[] = [];
const hello: RequestListener = (request, response) => {
  headersOf.push(request.headers);
  response.end("hello");
};

describe("proxies with authentication", () => {
  it.each([
    ["http", false, false, /^GET http:/],
    ["http over an https proxy", false, true, /^CONNECT|^GET/],
    ["https", true, false, /^CONNECT/],
    ["https over an https proxy", true, true, /^CONNECT/],
  ])(
    "%s: reached with the password, refused without, and the server never sees it",
    async (_name, secure, over, seen) => {
      const url = await serve(hello, secure);
      const { opened, known, stranger } = await proxy(over);
      headersOf.length = 0;
      expect(await get(url, { proxy: known, ca: tls.cert })).toBe("hello");
      expect(opened.seen.join()).toMatch(seen);
      expect(JSON.stringify(headersOf)).not.toMatch(/authorization/i);
      const refused = { code: "FETCH_FAILED", message: expect.not.stringContaining("ann") };
      await expect(get(url, { proxy: stranger, ca: tls.cert })).rejects.toMatchObject(refused);
      expect(headersOf).toHaveLength(1);
    },
  );

  it("hosts that need no proxy are reached without", async () => {
    const url = await serve(hello);
    const { opened, known } = await proxy();
    expect(await get(url, { proxy: known, noProxy: ["127.0.0.1"] })).toBe("hello");
    expect(opened.seen).toEqual([]);
  });

  it.each(["socks5://127.0.0.1:1", "ann:secret@127.0.0.1", "nonsense"])(
    "refuses %s, and says no password",
    (text) => {
      expect(() => openHTTPFetcher({ proxy: text })).toThrowError(/expected a proxy's http or https address/);
      expect(() => openHTTPFetcher({ proxy: text })).not.toThrowError(/secret/);
    },
  );

  it("a proxy that is not there is a failure, not a way around it", async () => {
    const url = await serve(hello);
    headersOf.length = 0;
    await expect(get(url, { proxy: "http://ann:secret@127.0.0.1:1" })).rejects.toMatchObject({
      code: "FETCH_FAILED",
      message: `expected "${url}" through the proxy "http://127.0.0.1:1", got "ECONNREFUSED"`,
    });
    expect(headersOf).toEqual([]);
  });

  it("is named with what it answers itself, and a server that needs none is not blamed on it", async () => {
    const { stranger, opened } = await proxy();
    const url = await serve(hello);
    await expect(get(url, { proxy: stranger })).rejects.toMatchObject({
      message: `expected "${url}" through the proxy "http://127.0.0.1:${opened.port}", got "Proxy Authentication Required (407)"`,
      details: { hint: expect.stringContaining("client configure --proxy") },
    });
    await expect(
      get("http://127.0.0.1:1/", { proxy: stranger, noProxy: ["127.0.0.1"] }),
    ).rejects.toMatchObject({ message: 'expected "http://127.0.0.1:1/", got "ECONNREFUSED"' });
  });
});

describe("certificates", () => {
  it("a CA of one's own vouches for a server; without it the server is refused", async () => {
    const url = await serve(hello, true);
    expect(await get(url, { ca: tls.cert })).toBe("hello");
    await expect(get(url, {})).rejects.toMatchObject({ code: "FETCH_FAILED" });
    await expect(get(url, { ca: (await loopbackCertificate()).cert })).rejects.toMatchObject({
      code: "FETCH_FAILED",
    });
  });
});

describe("SPEC §8.3.2: gzip where it was asked for", () => {
  const packed =
    (bytes: Uint8Array): RequestListener =>
    (request, response) => {
      expect(request.headers["accept-encoding"]).toBe("gzip");
      response.writeHead(200, { "content-encoding": "gzip" }).end(bytes);
    };
  const text = "metadata ".repeat(1000);

  it("the file comes out, and what travelled is counted", async () => {
    const bytes = gzipSync(text);
    let travelled = 0;
    const onBytes = (count: number) => {
      travelled += count;
    };
    expect(await get(await serve(packed(bytes)), {}, { gzip: true, onBytes })).toBe(text);
    expect(travelled).toBe(bytes.length);
  });

  it("a server that does not pack is as good", async () => {
    expect(await get(await serve(hello), {}, { gzip: true })).toBe("hello");
  });

  it.each([
    ["a bomb", "FETCH_TOO_LARGE", gzipSync(Buffer.alloc(20_000_000))],
    ["what is no gzip", "FETCH_FAILED", Buffer.from("not packed at all")],
    ["half of it", "FETCH_FAILED", gzipSync(text).subarray(0, 30)],
  ])("refuses %s: %s", async (_name, code, bytes) => {
    await expect(get(await serve(packed(bytes)), {}, { gzip: true })).rejects.toMatchObject({ code });
  });

  it("refuses another encoding", async () => {
    const url = await serve((_q, response) => response.writeHead(200, { "content-encoding": "br" }).end("x"));
    await expect(get(url, {}, { gzip: true })).rejects.toMatchObject({ code: "FETCH_FAILED" });
  });
});

describe("SPEC §8.3.6: the cap on the line", () => {
  it("holds the transfer down, and is not taken for a slow server", async () => {
    const url = await serve((_request, response) => response.end("x".repeat(60_000)));
    const began = performance.now();
    const settings = { bytesPerSecondMax: 100_000, bytesPerSecondMin: 1e9, silenceMs: 400 };
    expect(await get(url, settings)).toHaveLength(60_000);
    expect(performance.now() - began).toBeGreaterThan(590);
  });
});
