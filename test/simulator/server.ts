/** Serves a public tree on 127.0.0.1 as a good server does, and lets a test take over any path. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { listen, stop } from "../support/listen.js";
import { digestOf } from "./publisher.js";

/** Answers a request; `bytes` is what the tree holds. */
export type Behaviour = (
  request: IncomingMessage,
  response: ServerResponse,
  bytes: Uint8Array | undefined,
) => void;

export class SimulatedServer {
  readonly url: string;
  readonly requests: string[] = [];
  /** Bytes of all bodies that were sent by the good behaviour. */
  sent = 0;
  /** First match by pattern wins; nothing matches: the good behaviour. */
  behaviours: [pattern: RegExp, behaviour: Behaviour][] = [];
  readonly #stop: () => Promise<void>;

  private constructor(url: string, stopServer: () => Promise<void>) {
    this.url = url;
    this.#stop = stopServer;
  }

  static async start(tree: ReadonlyMap<string, Uint8Array>): Promise<SimulatedServer> {
    let self: SimulatedServer | undefined;
    const { server, origin } = await listen((request, response) => self?.answer(tree, request, response));
    self = new SimulatedServer(origin, () => stop(server));
    return self;
  }

  close(): Promise<void> {
    return this.#stop();
  }

  answer(tree: ReadonlyMap<string, Uint8Array>, request: IncomingMessage, response: ServerResponse): void {
    const path = (request.url ?? "/").slice(1);
    this.requests.push(path);
    const bytes = tree.get(path);
    const [, behaviour] = this.behaviours.find(([pattern]) => pattern.test(path)) ?? [];
    (behaviour ?? ((...args) => this.#good(...args)))(request, response, bytes);
  }

  #good(request: IncomingMessage, response: ServerResponse, bytes: Uint8Array | undefined): void {
    if (bytes === undefined) return void response.writeHead(404).end("not found");
    const etag = `"${digestOf(bytes)}"`;
    if (request.headers["if-none-match"] === etag) return void response.writeHead(304, { etag }).end();
    const { start, end, status, headers } = askedOf(request, bytes);
    if (start >= bytes.length) return void response.writeHead(416).end();
    this.sent += end - start;
    response.writeHead(status, { etag, ...headers }).end(bytes.subarray(start, end));
  }
}

/** What a request asks for: all, or the part of its Range, and the head of an honest answer. */
export function askedOf({ headers }: IncomingMessage, bytes: Uint8Array) {
  const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(headers.range ?? "") ?? [];
  const start = Number(first ?? 0);
  const end = last ? Math.min(bytes.length, Number(last) + 1) : bytes.length;
  const range = { "content-range": `bytes ${start}-${end - 1}/${bytes.length}` };
  const head = { "content-length": end - start, ...(first !== undefined && range) };
  return { start, end, status: first === undefined ? 200 : 206, headers: head };
}

/** Sends these bytes instead of what the tree holds. */
export const instead =
  (change: (bytes: Uint8Array) => Uint8Array): Behaviour =>
  (_request, response, bytes) =>
    void response.end(change(bytes ?? new Uint8Array()));

export const flipped =
  (at: number): Behaviour =>
  (...args) =>
    instead((bytes) => bytes.map((byte, i) => (i === at % bytes.length ? byte ^ 1 : byte)))(...args);

export const missing: Behaviour = (_request, response) => void response.writeHead(404).end();
export const broken: Behaviour = (request) => void request.socket.destroy();

/** Cuts the connection after so many bytes of the body; honours Range, as a flaky network does. */
export const cutAfter =
  (count: number): Behaviour =>
  (request, response, bytes = new Uint8Array()) => {
    const { start, end, status, headers } = askedOf(request, bytes);
    response.writeHead(status, headers);
    const part = bytes.subarray(start, Math.min(end, start + count));
    if (part.length === end - start) response.end(part);
    else response.write(part, () => setImmediate(() => response.destroy()));
  };
