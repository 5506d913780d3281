/** The fetcher against servers that misbehave, each on 127.0.0.1 with a port of its own. */
import { type RequestListener, createServer } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { openHTTPFetcher } from "../../../src/adapters/fetcher/http.js";
import type { HTTPFetcherOptions } from "../../../src/adapters/fetcher/http.js";
import { wholeBody } from "../../../src/client/fetch-file.js";
import type { FetchOptions } from "../../../src/ports/fetcher.js";

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

async function serve(listener: RequestListener): Promise<string> {
  const sockets = new Set<Socket>();
  const server = createServer(listener).on("connection", (socket) => sockets.add(socket));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  cleanups.push(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function get(url: string, options: Partial<FetchOptions> = {}, settings: HTTPFetcherOptions = {}) {
  const fetcher = openHTTPFetcher({ silenceMs: 150, ...settings });
  cleanups.push(() => fetcher.close());
  const answer = await fetcher.get(url, { bytesMax: 1000, ...options });
  return {
    status: answer.status,
    etag: answer.etag,
    text: new TextDecoder().decode(await wholeBody(answer.body)),
  };
}

const refused = (code: string) => expect.objectContaining({ code });

describe("HTTP fetcher", () => {
  it("gets a file, and asks for nothing but the file as it is", async () => {
    let headers: Record<string, unknown> = {};
    const url = await serve((request, response) => {
      headers = request.headers;
      response.setHeader("etag", '"1"').end("hello");
    });
    expect(await get(url)).toEqual({ status: 200, etag: '"1"', text: "hello" });
    expect(headers["accept-encoding"]).toBe("identity");
    expect(headers.cookie).toBeUndefined();
  });

  it("asks conditionally, and takes 304", async () => {
    const url = await serve((request, response) => {
      response.writeHead(request.headers["if-none-match"] === '"1"' ? 304 : 200).end();
    });
    expect(await get(url, { etag: '"1"' })).toMatchObject({ status: 304, text: "" });
  });

  it("asks for the rest of a file", async () => {
    const url = await serve((request, response) => {
      expect(request.headers.range).toBe("bytes=2-");
      response.writeHead(206, { "content-range": "bytes 2-4/5" }).end("llo");
    });
    expect(await get(url, { rangeStart: 2 })).toMatchObject({ status: 206, text: "llo" });
  });

  it("SPEC §8.3.9: asks for a part, up to a byte that is not in it", async () => {
    const url = await serve((request, response) => {
      expect(request.headers.range).toBe("bytes=0-2");
      response.writeHead(206, { "content-range": "bytes 0-2/5" }).end("hel");
    });
    expect(await get(url, { rangeStart: 0, rangeEnd: 3 })).toMatchObject({ status: 206, text: "hel" });
  });

  it("takes a part of a file whose length the server does not know", async () => {
    const url = await serve((_request, response) => {
      response.writeHead(206, { "content-range": "bytes 0-2/*" }).end("hel");
    });
    expect(await get(url, { rangeStart: 0, rangeEnd: 3 })).toMatchObject({ status: 206, text: "hel" });
  });

  it("follows a redirect within the origin", async () => {
    const url = await serve((request, response) => {
      if (request.url === "/there") response.end("here");
      else response.writeHead(302, { location: "/there" }).end();
    });
    expect(await get(`${url}/`)).toMatchObject({ text: "here" });
  });

  type Row = [rule: string, code: string, listener: RequestListener, options?: Partial<FetchOptions>];
  /** Parts that are not what was asked for. */
  const parts: [rule: string, headers: Record<string, string>][] = [
    ["206 that says nothing of its place", {}],
    ["206 of several parts", { "content-type": "multipart/byteranges; boundary=x" }],
    ["206 in another unit", { "content-range": "items 2-3/5" }],
    ["206 that ends before it begins", { "content-range": "bytes 2-1/5" }],
    ["RFC 9110 §14.4: 206 of a file that ends within it", { "content-range": "bytes 2-3/3" }],
    ["206 and no number", { "content-range": "bytes 2-3/0x5" }],
  ];
  const rows: Row[] = [
    ["404", "FETCH_NOT_FOUND", (_q, r) => r.writeHead(404).end()],
    ["403", "FETCH_NOT_FOUND", (_q, r) => r.writeHead(403).end()],
    ["500", "FETCH_FAILED", (_q, r) => r.writeHead(500).end()],
    ["429", "FETCH_FAILED", (_q, r) => r.writeHead(429).end()],
    ["304 when nobody asked", "FETCH_FAILED", (_q, r) => r.writeHead(304).end()],
    ["206 when nobody asked", "FETCH_FAILED", (_q, r) => r.writeHead(206).end("x")],
    [
      "206 from another place",
      "FETCH_FAILED",
      (_q, r) => r.writeHead(206, { "content-range": "bytes 0-4/5" }).end("hello"),
      { rangeStart: 2 },
    ],
    [
      "206 up to another place",
      "FETCH_FAILED",
      (_q, r) => r.writeHead(206, { "content-range": "bytes 2-4/5" }).end("llo"),
      { rangeStart: 2, rangeEnd: 4 },
    ],
    ...parts.map(([rule, headers]): Row => {
      const wanted = { rangeStart: 2, rangeEnd: 4 };
      return [rule, "FETCH_FAILED", (_q, r) => r.writeHead(206, headers).end("ll"), wanted];
    }),
    [
      "a part that is longer than it says",
      "FETCH_TOO_LARGE",
      (_q, r) => r.writeHead(206, { "content-range": "bytes 2-3/5" }).end("llo"),
      { rangeStart: 2, rangeEnd: 4 },
    ],
    [
      "gzip that nobody asked for",
      "FETCH_FAILED",
      (_q, r) => r.writeHead(200, { "content-encoding": "gzip" }).end("x"),
    ],
    [
      "a redirect to another origin",
      "FETCH_FAILED",
      (_q, r) => r.writeHead(302, { location: "http://127.0.0.2/" }).end(),
    ],
    [
      "a redirect to a file",
      "FETCH_FAILED",
      (_q, r) => r.writeHead(302, { location: "file:///etc/passwd" }).end(),
    ],
    ["redirects without end", "FETCH_FAILED", (_q, r) => r.writeHead(302, { location: "/" }).end()],
    [
      "a declared length above the limit",
      "FETCH_TOO_LARGE",
      (_q, r) => r.writeHead(200, { "content-length": 1001 }).end("x".repeat(1001)),
    ],
    [
      "an undeclared length above the limit",
      "FETCH_TOO_LARGE",
      (_q, r) => void r.write("x".repeat(800), () => r.end("x".repeat(800))),
    ],
    [
      "data without end",
      "FETCH_TOO_LARGE",
      (_q, r) => {
        const more = () => void (r.destroyed || r.write("x".repeat(500), () => setImmediate(more)));
        more();
      },
    ],
    ["a connection cut before the answer", "FETCH_FAILED", (q) => q.socket.destroy()],
    [
      "a connection cut in mid-body",
      "FETCH_FAILED",
      (_q, r) => void r.writeHead(200, { "content-length": 100 }).write("x", () => r.destroy()),
    ],
    ["a connection cut in mid-chunk", "FETCH_FAILED", (_q, r) => void r.write("x", () => r.destroy())],
    ["silence before the answer", "FETCH_FAILED", () => undefined],
    [
      "silence in mid-body",
      "FETCH_FAILED",
      (_q, r) => void r.writeHead(200, { "content-length": 100 }).write("x"),
    ],
    ["an answer that is not HTTP", "FETCH_FAILED", (q) => void q.socket.end("220 welcome\r\n")],
  ];
  // SPEC §8.3.1, §8.3.2
  it.each(rows)("refuses %s: %s", async (_rule, code, listener, options) => {
    await expect(get(await serve(listener), options)).rejects.toThrowError(refused(code));
  });

  it("refuses a transfer that never falls silent and never ends", async () => {
    const url = await serve((_request, response) => {
      response.writeHead(200, { "content-length": 1000 });
      const drip = setInterval(() => response.write("x"), 20);
      response.on("close", () => clearInterval(drip));
    });
    const slow = { silenceMs: 100, bytesPerSecondMin: 5000 };
    await expect(get(url, {}, slow)).rejects.toThrowError(refused("FETCH_FAILED"));
  });

  it.each(["ftp://127.0.0.1/", "file:///etc/passwd", "nonsense", "http://127.0.0.1:1/"])(
    "refuses %s",
    async (url) => {
      await expect(get(url)).rejects.toThrowError(refused("FETCH_FAILED"));
    },
  );

  it("ends with the signal's own reason, before, during and after the answer", async () => {
    const url = await serve((_request, response) => void response.write("x"));
    const reason = new Error("enough");
    await expect(get(url, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    const controller = new AbortController();
    const fetcher = openHTTPFetcher({ silenceMs: 5000 });
    cleanups.push(() => fetcher.close());
    const answer = await fetcher.get(url, { bytesMax: 10, signal: controller.signal });
    const reading = wholeBody(answer.body);
    controller.abort(reason);
    await expect(reading).rejects.toBe(reason);
  });

  it("uses one connection again after an answer that was read to its end", async () => {
    const ports = new Set<number | undefined>();
    const url = await serve((request, response) => {
      ports.add(request.socket.remotePort);
      response.end("x");
    });
    const fetcher = openHTTPFetcher();
    cleanups.push(() => fetcher.close());
    for (let i = 0; i < 3; i++) await wholeBody((await fetcher.get(url, { bytesMax: 10 })).body);
    expect(ports.size).toBe(1);
  });

  it("asks once more when a kept connection was closed just as the request went out", async () => {
    const asked = new Map<Socket, number>();
    const url = await serve(({ socket }, response) => {
      asked.set(socket, (asked.get(socket) ?? 0) + 1);
      if (asked.get(socket) === 2) socket.destroy();
      else response.end("x");
    });
    const fetcher = openHTTPFetcher();
    cleanups.push(() => fetcher.close());
    for (let i = 0; i < 4; i++) {
      expect(await wholeBody((await fetcher.get(url, { bytesMax: 10 })).body)).toHaveLength(1);
    }
    expect([...asked.values()]).toEqual([2, 1, 2, 1]);
  });

  it("on a new connection: whatever closed one kept connection may have closed the others", async () => {
    const asked = new Map<Socket, number>();
    let answerFirst = () => {};
    const url = await serve(({ socket, url: path }, response) => {
      asked.set(socket, (asked.get(socket) ?? 0) + 1);
      const isFirst = socket === [...asked.keys()][0];
      if (path === "/held") answerFirst = () => response.end("x");
      else if (asked.size > 2) response.end("x");
      else if (asked.get(socket) === 1) setTimeout(() => response.end("x"), 20);
      else if (isFirst) socket.destroy();
      else {
        answerFirst();
        setTimeout(() => socket.destroy(), 20);
      }
    });
    const fetcher = openHTTPFetcher();
    cleanups.push(() => fetcher.close());
    const read = async (path: string) =>
      wholeBody((await fetcher.get(`${url}/${path}`, { bytesMax: 10 })).body);
    await Promise.all([read("a"), read("b")]);
    expect(await Promise.all([read("held"), read("c")])).toHaveLength(2);
    // The one that became free meanwhile was not asked again.
    expect([...asked.values()]).toEqual([2, 2, 1]);
  });

  it("and no more than once", async () => {
    let asked = 0;
    const url = await serve(({ socket }) => {
      asked++;
      socket.destroy();
    });
    await expect(get(url)).rejects.toThrowError(refused("FETCH_FAILED"));
    expect(asked).toBe(2);
  });
});
