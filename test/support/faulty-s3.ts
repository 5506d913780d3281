/** As much of an S3 store as our adapters ask for, that does to each request what a test wants. For faults; contracts are held against a real one. */
import { createHash } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { S3Settings } from "../../src/adapters/s3-store.js";
import { listen, stop } from "./listen.js";

const otherTag = '"of-something-else"';

interface Kept {
  readonly bytes: Buffer;
  readonly etag: string;
  readonly write: string;
}

/** `pass`: as a sound store; `lose`: does it and breaks off; a number: that status, with this S3 error code. */
export type Fault =
  | "pass"
  | "lose"
  | "silent"
  | "silent-body"
  | "half-body"
  | "wrong-range"
  | readonly [status: number, code: string];

export interface FaultyS3 {
  readonly objects: Map<string, Kept>;
  readonly requests: string[];
  readonly pauses: number[];
  readonly settings: S3Settings;
  /** What happens to the next requests, in turn; the last one stays. */
  faults: Fault[];
  /** Conditions that the store passes over. */
  ignores: readonly ("if-match" | "if-none-match")[];
  /** ETags that it gives out are not those that it compares with. */
  liesOfTags: boolean;
  stop(): Promise<void>;
}

export async function startFaultyS3(): Promise<FaultyS3> {
  const { server, origin } = await listen((request, response) => {
    void answer(faulty, request, response);
  });
  const pauses: number[] = [];
  const faulty: FaultyS3 = {
    objects: new Map(),
    requests: [],
    pauses,
    faults: ["pass"],
    ignores: [],
    liesOfTags: false,
    settings: {
      endpoint: origin,
      region: "eu-central-2",
      bucket: "bucket",
      prefix: "",
      pathStyle: true,
      credentials: { accessKeyId: "KEYID", secretAccessKey: "SECRET" },
      silenceMs: 300,
      pause: async (ms) => pauses.push(ms),
    },
    stop: () => stop(server),
  };
  return faulty;
}

async function answer(
  faulty: FaultyS3,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const body = Buffer.concat(chunks);
  const key = new URL(request.url ?? "", "http://x").pathname.replace(/^\/bucket\/?/, "");
  faulty.requests.push(`${request.method} ${key}`);
  const fault = (faulty.faults.length > 1 ? faulty.faults.shift() : faulty.faults[0]) as Fault;
  if (fault === "silent") return;
  if (Array.isArray(fault)) return fail(response, fault[0] as number, fault[1] as string);
  if (request.method === "PUT") return put(faulty, fault, { request, response, key, body });
  if (request.method === "DELETE") {
    faulty.objects.delete(key);
    return response.writeHead(204).end();
  }
  if (key === "") return response.end();
  return get(faulty, fault, { request, response, key });
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly key: string;
}

function put(faulty: FaultyS3, fault: Fault, exchange: Exchange & { body: Buffer }): unknown {
  const { request, response, key, body } = exchange;
  const there = faulty.objects.get(key);
  const held = (name: "if-match" | "if-none-match") =>
    faulty.ignores.includes(name) ? undefined : request.headers[name];
  if (held("if-none-match") === "*" && there) return fail(response, 412, "PreconditionFailed");
  const match = held("if-match");
  if (match !== undefined && match !== there?.etag) return fail(response, 412, "PreconditionFailed");
  const etag = `"${createHash("md5").update(body).digest("hex")}"`;
  faulty.objects.set(key, { bytes: body, etag, write: String(request.headers["x-amz-meta-write"]) });
  if (fault === "lose") return response.destroy();
  return response.writeHead(200, { ETag: faulty.liesOfTags ? otherTag : etag }).end();
}

function get(faulty: FaultyS3, fault: Fault, { request, response, key }: Exchange): unknown {
  const there = faulty.objects.get(key);
  if (there === undefined) return fail(response, 404, "NoSuchKey");
  const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "") ?? [];
  const from = Number(first ?? 0);
  const bytes = there.bytes.subarray(from, last === undefined ? undefined : Number(last) + 1);
  if (first !== undefined && bytes.length === 0) return fail(response, 416, "InvalidRange");
  const shown = fault === "wrong-range" ? from + 1 : from;
  response.writeHead(first === undefined ? 200 : 206, {
    ETag: faulty.liesOfTags ? otherTag : there.etag,
    "Content-Length": bytes.length,
    "x-amz-meta-write": there.write,
    ...(first !== undefined && {
      "Content-Range": `bytes ${shown}-${shown + bytes.length - 1}/${there.bytes.length}`,
    }),
  });
  if (request.method === "HEAD") return response.end();
  const half = bytes.subarray(0, bytes.length / 2);
  if (fault === "silent-body") return response.write(half);
  if (fault === "half-body") return response.write(half, () => response.destroy());
  return response.end(bytes);
}

function fail(response: ServerResponse, status: number, code: string): void {
  response.writeHead(status, { "Content-Type": "application/xml" });
  response.end(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>said no</Message></Error>`);
}
