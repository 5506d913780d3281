/**
 * The public tree over HTTP: static files, no listing, nothing but the paths that SPEC names. Any other web
 * server may serve the same folder; this one shows how it should be cached.
 *
 * Every file but `metadata/timestamp.json`, `log/checkpoint` and the newest revocation data is immutable once it exists, so it may be kept for a year; the
 * head is revalidated each time. Clients probe for the next root on every refresh, so its absence may be
 * remembered for half a minute.
 */
import { createHash } from "node:crypto";
import type { Stats } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import type { Request, RequestHandler, Response } from "express";
import { UsageError, quote } from "../core/errors.js";
import { callerHas } from "./entity-tag.js";
import { isSentPacked, packedBytes, packedTag } from "./packed-json.js";

const digest = "[0-9a-f]{64}";
const role = "[a-z][a-z0-9-]{0,62}";
/**
 * Top-level folders that are public, and what a file in each is called. Temporary names match none of them.
 */
const shapes: readonly RegExp[] = [
  /^metadata\/timestamp\.json$/,
  new RegExp(`^metadata/[1-9][0-9]*\\.${role}\\.json$`),
  new RegExp(`^targets/${role}/${digest}\\.[A-Za-z0-9][A-Za-z0-9.-]*$`),
  new RegExp(
    `^evidence/${role}/[1-9][0-9]*(\\.mldsa\\.p7s|\\.p7s|(\\.clamav|\\.provenance|\\.verdicts)?\\.json)$`,
  ),
  new RegExp(`^rings/${role}/${digest}\\.json$`),
  /^crl\/[a-z0-9-]{1,60}(\/[0-9]{1,50})?\.crl$/,
  /^ocsp\/[a-z0-9-]{1,60}\.ors$/,
  /^log\/checkpoint$/,
  /^log\/tile\/(entries|[0-6])\/(x[0-9]{3}\/){0,4}[0-9]{3}(\.p\/[1-9][0-9]{0,2})?$/,
];
const newestRevocation = /^(crl\/[a-z0-9-]{1,60}\.crl|ocsp\/[a-z0-9-]{1,60}\.ors)$/;
/** Everything else stays as it is for ever. */
const isReplaced = (path: string): boolean =>
  path === head || path === checkpoint || newestRevocation.test(path) || path.endsWith(".verdicts.json");
const nextRoot = /^metadata\/[1-9][0-9]*\.root\.json$/;
const head = "metadata/timestamp.json";
const checkpoint = "log/checkpoint";

const year = "public, max-age=31536000, immutable";
const types: Readonly<Record<string, string>> = {
  json: "application/json",
  crl: "application/pkix-crl",
  ors: "application/ocsp-response",
  p7s: "application/pkcs7-signature",
  rmp: "application/octet-stream",
};

interface OpenFile {
  readonly handle: FileHandle;
  readonly bytes: number;
  readonly etag: string;
}

export function servePublicFiles(folder: string): RequestHandler {
  const tags = new Map<string, string>();
  return async (request, response, next) => {
    if (request.method !== "GET" && request.method !== "HEAD") return next();
    const path = request.path.slice(1);
    // SPEC §9.2.1
    if (!shapes.some((shape) => shape.test(path)) || path.includes("..")) return next();
    response.set("Access-Control-Allow-Origin", "*");
    response.set("Cross-Origin-Resource-Policy", "cross-origin");
    const file = await openFile(folder, path, tags);
    if (file === undefined) {
      response.set("Cache-Control", nextRoot.test(path) ? "public, max-age=30" : "no-cache");
      throw new UsageError("NOT_FOUND", `expected a published file, got ${quote(path)}`);
    }
    try {
      response.set("Cache-Control", isReplaced(path) ? "no-cache" : year);
      // Not `set`: it would add a charset, which application/json does not have.
      response.setHeader("Content-Type", typeOf(path));
      // The head is small, and every header of it is paid for with every poll.
      const mayBePacked = path.endsWith(".json") && path !== head;
      if (mayBePacked) response.vary("Accept-Encoding");
      if (mayBePacked && isSentPacked(request, file.bytes)) await sendPacked(request, response, file);
      else await sendFile(request, response, file);
    } finally {
      await file.handle.close();
    }
  };
}

function typeOf(path: string): string {
  if (path === checkpoint) return "text/plain; charset=utf-8";
  return types[path.slice(path.lastIndexOf(".") + 1)] ?? "application/octet-stream";
}

/** One handle for tag and bytes: a head that is swapped meanwhile cannot mix the two. */
async function openFile(
  folder: string,
  path: string,
  tags: Map<string, string>,
): Promise<OpenFile | undefined> {
  let handle: FileHandle;
  try {
    handle = await open(join(folder, path), "r");
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    if (code === "ENOENT" || code === "ENOTDIR" || code === "EISDIR") return undefined;
    throw cause;
  }
  const facts = await handle.stat();
  if (!facts.isFile()) {
    await handle.close();
    return undefined;
  }
  return { handle, bytes: facts.size, etag: await tagOf(path, handle, facts, tags) };
}

/** Targets carry their digest in their name; a small file is hashed, and an immutable one only once. */
async function tagOf(
  path: string,
  handle: FileHandle,
  { size: bytes, ino, mtimeMs }: Stats,
  tags: Map<string, string>,
): Promise<string> {
  if (path.startsWith("targets/")) return `"${path.slice(path.lastIndexOf("/") + 1)}"`;
  // An immutable file that was repaired on the disk is another file.
  const name = `${path} ${ino} ${mtimeMs} ${bytes}`;
  const known = tags.get(name);
  if (known !== undefined) return known;
  // 96 bits: nobody but the publisher chooses what is served, and every poll sends the tag twice.
  const sha256 = createHash("sha256").update(await contentOf({ handle, bytes }));
  const tag = `"${sha256.digest("base64url").slice(0, 16)}"`;
  if (!isReplaced(path)) {
    if (tags.size >= 10_000) tags.clear();
    tags.set(name, tag);
  }
  return tag;
}

async function contentOf({ handle, bytes }: Pick<OpenFile, "handle" | "bytes">): Promise<Buffer> {
  const content = Buffer.alloc(bytes);
  await handle.read(content, 0, bytes, 0);
  return content;
}

/** RFC 9110 §15.4.5, and no byte more: it is what almost every poll is answered with. */
function sendUnchanged(response: Response, etag: string): void {
  for (const name of response.getHeaderNames()) {
    if (name !== "cache-control" && name !== "vary") response.removeHeader(name);
  }
  // HTTP/1.1 keeps a connection without being told.
  response.removeHeader("Connection");
  response.status(304).setHeader("ETag", etag).end();
}

async function sendPacked(request: Request, response: Response, file: OpenFile): Promise<void> {
  const etag = packedTag(file.etag);
  if (callerHas(request, etag)) return sendUnchanged(response, etag);
  const packed = await packedBytes(etag, () => contentOf(file));
  response.set({ ETag: etag, "Content-Encoding": "gzip", "Content-Length": String(packed.length) });
  response.end(request.method === "HEAD" ? undefined : packed);
}

async function sendFile(request: Request, response: Response, file: OpenFile): Promise<void> {
  response.set("ETag", file.etag);
  response.set("Accept-Ranges", "bytes");
  if (callerHas(request, file.etag)) return sendUnchanged(response, file.etag);
  const range = wantedRange(request, file);
  if (range === "none") {
    response.status(416).set("Content-Range", `bytes */${file.bytes}`).end();
    return;
  }
  const { start, end } = range;
  if (range.part) response.status(206).set("Content-Range", `bytes ${start}-${end}/${file.bytes}`);
  response.set("Content-Length", String(end - start + 1));
  if (request.method === "HEAD" || file.bytes === 0) {
    response.end();
    return;
  }
  const stream = file.handle.createReadStream({ start, end, autoClose: false });
  await pipeline(stream, response);
}

/**
 * RFC 9110 §14: one range is served, several are answered with the whole file, and If-Range must name this
 * very file.
 */
function wantedRange(
  request: Request,
  file: OpenFile,
): { start: number; end: number; part: boolean } | "none" {
  const whole = { start: 0, end: file.bytes - 1, part: false };
  const condition = request.get("If-Range");
  if (condition !== undefined && condition !== file.etag) return whole;
  const ranges = request.range(file.bytes);
  if (ranges === -1) return "none";
  if (ranges === undefined || ranges === -2 || ranges.length !== 1 || ranges.type !== "bytes") return whole;
  const one = ranges[0] as { start: number; end: number };
  return { ...one, part: true };
}
