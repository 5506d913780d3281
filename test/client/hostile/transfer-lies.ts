/** Lies of HTTP itself: servers that drip, flood, lie about lengths and ranges, send elsewhere, or speak something else. */
import type { IncomingMessage } from "node:http";
import { gzipSync } from "node:zlib";
import { type Behaviour, cutAfter } from "../../simulator/server.js";
import { type LieRow, after, drip, raw, serve } from "./lie.js";

const head = "HTTP/1.1 200 OK\r\n";
const status =
  (code: number, headers: Record<string, string> = {}): Behaviour =>
  (_request, response) =>
    void response.writeHead(code, headers).end();
const packed =
  (encoding: string, pack: (bytes: Uint8Array) => Uint8Array): Behaviour =>
  (_request, response, bytes = new Uint8Array()) =>
    void response.writeHead(200, { "content-encoding": encoding }).end(pack(bytes));
const at = (pattern: RegExp, behaviour: Behaviour) => after(serve(pattern, behaviour));

/** The first transfer of a pack breaks; who asks for the rest gets this. */
const resumed =
  (answer: (from: number, bytes: Uint8Array) => { range: string; body: Uint8Array }): Behaviour =>
  (request, response, bytes = new Uint8Array()) => {
    const from = startOf(request);
    if (from === undefined) return cutAfter(bytes.length >> 1)(request, response, bytes);
    const { range, body } = answer(from, bytes);
    response.writeHead(206, { "content-range": range }).end(body);
  };

function startOf({ headers }: IncomingMessage): number | undefined {
  const digits = /^bytes=(\d+)-$/.exec(headers.range ?? "")?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** A line of the head, for as long as somebody listens. */
const headersWithoutEnd: Behaviour = (_request, response) => {
  response.socket?.write(head);
  const more = () =>
    void (
      response.destroyed || response.socket?.write("x-more: more\r\n".repeat(500), () => setImmediate(more))
    );
  more();
};
const drippingHeaders: Behaviour = (_request, response) => {
  response.socket?.write(head);
  drip(response, () => response.socket?.write("x: y\r\n"));
};

export const transferLies: readonly LieRow[] = [
  ["slow loris: a head that drips", "FETCH_FAILED", at(/timestamp/, drippingHeaders)],
  ["a head without end", "FETCH_FAILED", at(/timestamp/, headersWithoutEnd)],
  [
    "an answer that is not HTTP",
    "FETCH_FAILED",
    at(/timestamp/, raw("SSH-2.0-OpenSSH_9.2\r\n", undefined, true)),
  ],
  [
    "an answer without a head",
    "FETCH_FAILED",
    at(
      /timestamp/,
      raw("", (bytes) => bytes, true),
    ),
  ],
  ["nothing but a closed connection", "FETCH_FAILED", at(/timestamp/, raw("", undefined, true))],
  [
    "a length of a terabyte",
    "FETCH_TOO_LARGE",
    at(/timestamp/, raw(`${head}content-length: 1099511627776\r\n\r\n`)),
  ],
  [
    "a length that is no number",
    "FETCH_FAILED",
    at(/timestamp/, raw(`${head}content-length: many\r\n\r\n{}`, undefined, true)),
  ],
  [
    "two lengths",
    "FETCH_FAILED",
    at(/timestamp/, raw(`${head}content-length: 2\r\ncontent-length: 3\r\n\r\n{}`, undefined, true)),
  ],
  [
    "a length, and chunks as well",
    "FETCH_FAILED",
    at(
      /timestamp/,
      raw(
        `${head}content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n`,
        undefined,
        true,
      ),
    ),
  ],
  [
    "more promised than comes",
    "FETCH_FAILED",
    at(/timestamp/, raw(`${head}content-length: 5000\r\n\r\n{}`, undefined, true)),
  ],
  [
    "less promised than comes",
    "JSON_MALFORMED",
    at(
      /timestamp/,
      raw(`${head}content-length: 20\r\nconnection: close\r\n\r\n`, (bytes) => bytes, true),
    ),
  ],
  [
    "chunks that end too early",
    "FETCH_FAILED",
    at(/timestamp/, raw(`${head}transfer-encoding: chunked\r\n\r\n40\r\n{}`, undefined, true)),
  ],
  [
    "a chunk of a length that is none",
    "FETCH_FAILED",
    at(/timestamp/, raw(`${head}transfer-encoding: chunked\r\n\r\n-1\r\n{}\r\n`, undefined, true)),
  ],
  ["an empty file", "JSON_MALFORMED", at(/timestamp/, status(200))],
  [
    "the log-in page of a hotel",
    "JSON_MALFORMED",
    at(
      /timestamp/,
      (_q, response) => void response.end("<html><body>Welcome, room number please</body></html>"),
    ),
  ],
  [
    "a redirect to another host",
    "FETCH_FAILED",
    at(/timestamp/, status(302, { location: "http://127.0.0.2:9/timestamp.json" })),
  ],
  [
    "a redirect to another port",
    "FETCH_FAILED",
    at(/timestamp/, status(307, { location: "http://127.0.0.1:9/timestamp.json" })),
  ],
  ["a redirect to a file", "FETCH_FAILED", at(/timestamp/, status(301, { location: "file:///etc/passwd" }))],
  [
    "a redirect to data",
    "FETCH_FAILED",
    at(/timestamp/, status(302, { location: "data:application/json,{}" })),
  ],
  [
    "a redirect that goes round in a circle",
    "FETCH_FAILED",
    at(/timestamp/, status(302, { location: "/metadata/timestamp.json" })),
  ],
  ["a redirect to nowhere", "FETCH_FAILED", at(/timestamp/, status(302))],
  [
    "a redirect of a pack to another host",
    "FETCH_FAILED",
    at(/\.rmp$/, status(302, { location: "http://127.0.0.2:9/x.rmp" })),
  ],
  ["an error of the server", "FETCH_FAILED", at(/timestamp/, status(500))],
  [
    "a server that wants to be left alone",
    "FETCH_FAILED",
    at(/timestamp/, status(503, { "retry-after": "600" })),
  ],
  ["no content", "FETCH_FAILED", at(/timestamp/, status(204))],
  ["unchanged, where nobody asked", "FETCH_FAILED", at(/snapshot/, status(304))],
  [
    "freeze by unchanged for ever",
    "METADATA_EXPIRED",
    after((one) => {
      serve(/timestamp/, status(304))(one);
      one.wait(2);
    }),
  ],
  [
    "a part, where the whole was asked for",
    "FETCH_FAILED",
    at(/snapshot/, (_q, response, bytes = new Uint8Array()) => {
      response.writeHead(206, { "content-range": `bytes 0-9/${bytes.length}` }).end(bytes.subarray(0, 10));
    }),
  ],
  [
    "the wrong part",
    "FETCH_FAILED",
    at(
      /\.rmp$/,
      resumed((from, bytes) => ({
        range: `bytes ${from - 1}-${bytes.length - 1}/${bytes.length}`,
        body: bytes.subarray(from - 1),
      })),
    ),
  ],
  [
    "a part that does not say which",
    "FETCH_FAILED",
    at(
      /\.rmp$/,
      resumed((from, bytes) => ({ range: "", body: bytes.subarray(from) })),
    ),
  ],
  [
    "a part that is not the one it says, off by one",
    "PACK_DIGEST_MISMATCH",
    at(
      /\.rmp$/,
      resumed((from, bytes) => ({
        range: `bytes ${from}-${bytes.length - 1}/${bytes.length}`,
        body: bytes.subarray(from + 1),
      })),
    ),
  ],
  [
    "a part with more behind it",
    "FETCH_TOO_LARGE",
    at(
      /\.rmp$/,
      resumed((from, bytes) => ({
        range: `bytes ${from}-${bytes.length - 1}/${bytes.length}`,
        body: new Uint8Array(bytes.length * 2),
      })),
    ),
  ],
  [
    "a gzip bomb",
    "FETCH_TOO_LARGE",
    at(
      /snapshot/,
      packed("gzip", () => gzipSync(new Uint8Array(64 * 1024 * 1024))),
    ),
  ],
  [
    "gzip that is none",
    "FETCH_FAILED",
    at(
      /snapshot/,
      packed("gzip", (bytes) => bytes),
    ),
  ],
  [
    "gzip cut short",
    "FETCH_FAILED",
    at(
      /snapshot/,
      packed("gzip", (bytes) => gzipSync(bytes).subarray(0, -12)),
    ),
  ],
  [
    "gzip where none was asked for",
    "FETCH_FAILED",
    at(
      /timestamp/,
      packed("gzip", (bytes) => gzipSync(bytes)),
    ),
  ],
  [
    "a pack in gzip",
    "FETCH_FAILED",
    at(
      /\.rmp$/,
      packed("gzip", (bytes) => gzipSync(bytes)),
    ),
  ],
  [
    "an encoding that nobody asked for",
    "FETCH_FAILED",
    at(
      /snapshot/,
      packed("br", (bytes) => bytes),
    ),
  ],
  [
    "gzip in gzip",
    "FETCH_FAILED",
    at(
      /snapshot/,
      packed("gzip, gzip", (bytes) => gzipSync(gzipSync(bytes))),
    ),
  ],
];
