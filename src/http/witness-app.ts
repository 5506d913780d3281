/** The two addresses of a witness: `POST /add-checkpoint`, and `GET /<SHA-256 of an origin>/checkpoint` for whoever compares. */
import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { RulemintError } from "../core/errors.js";

/** What the witness says; see `witness/cosign-checkpoint.ts`. */
export interface WitnessDoor {
  add(body: Uint8Array): Promise<Reply>;
  shown(originSha256: string): Promise<Reply>;
}

interface Reply {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

const bodyBytesMax = 72 * 1024;
const plain = "text/plain; charset=utf-8";

/** `onError` hears of what the witness could not do; the caller is told nothing but that. */
export function createWitnessApp(door: WitnessDoor, onError: (error: unknown) => void): RequestListener {
  return (request, response) => {
    answer(door, request)
      .catch((error: unknown) => {
        onError(error);
        const code = error instanceof RulemintError ? error.code : "INTERNAL";
        return { status: 503, type: plain, body: `${code}\n` };
      })
      .then((reply) => send(response, reply));
  };
}

async function answer(door: WitnessDoor, request: IncomingMessage): Promise<Reply> {
  const path = (request.url ?? "").split("?", 1)[0] as string;
  if (path === "/add-checkpoint") {
    if (request.method !== "POST") return { status: 405, type: plain, body: "POST\n" };
    const body = await read(request);
    return body === undefined ? { status: 413, type: plain, body: "too large\n" } : door.add(body);
  }
  const [, origin] = /^\/([0-9a-f]{64})\/checkpoint$/.exec(path) ?? [];
  if (origin !== undefined && request.method === "GET") return door.shown(origin);
  return { status: 404, type: plain, body: "not found\n" };
}

/** Undefined when it is larger than any request can be. */
async function read(request: IncomingMessage): Promise<Uint8Array | undefined> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Uint8Array>) {
    bytes += chunk.length;
    if (bytes > bodyBytesMax) return undefined;
    chunks.push(chunk);
  }
  return new Uint8Array(Buffer.concat(chunks));
}

function send(response: ServerResponse, { status, type, body }: Reply): void {
  response.writeHead(status, { "content-type": type, "cache-control": "no-cache" });
  response.end(body);
}
