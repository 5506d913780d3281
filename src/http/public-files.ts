/**
 * The public tree over HTTP: static files, no listing, nothing but the paths that SPEC names. Any other web
 * server may serve the same files; this one shows how they should be cached.
 *
 * Clients probe for the next root on every refresh, so its absence may be remembered for half a minute.
 */
import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Request, RequestHandler, Response } from "express";
import { UsageError, quote } from "../core/errors.js";
import {
  isPublicPath,
  isReplaced,
  publicCacheControl,
  publicContentType,
  publicHead,
} from "../core/release/public-paths.js";
import type { ServiceContext } from "../services/context.js";
import { callerHas } from "./entity-tag.js";
import { isSentPacked, packedBytes, packedTag } from "./packed-json.js";

const nextRoot = /^metadata\/[1-9][0-9]*\.root\.json$/;

type Tree = Pick<ServiceContext["tree"], "open">;
type PublicFile = NonNullable<Awaited<ReturnType<Tree["open"]>>>;

interface OpenFile {
  readonly file: PublicFile;
  readonly bytes: number;
  readonly etag: string;
}

/** Read at once. */
const pieceBytes = 256 * 1024;

export function servePublicFiles(tree: Tree): RequestHandler {
  const tags = new Map<string, string>();
  return async (request, response, next) => {
    if (request.method !== "GET" && request.method !== "HEAD") return next();
    const path = request.path.slice(1);
    // SPEC §9.2.1
    if (!isPublicPath(path)) return next();
    // No page and no script is served here. What else protects pages would be a kilobyte of every file of every endpoint.
    response.set("X-Content-Type-Options", "nosniff");
    response.set("Access-Control-Allow-Origin", "*");
    response.set("Cross-Origin-Resource-Policy", "cross-origin");
    const file = await openFile(tree, path, tags);
    if (file === undefined) {
      response.set("Cache-Control", nextRoot.test(path) ? "public, max-age=30" : "no-cache");
      throw new UsageError("NOT_FOUND", `expected a published file, got ${quote(path)}`);
    }
    try {
      response.set("Cache-Control", publicCacheControl(path));
      // Not `set`: it would add a charset, which application/json does not have.
      response.setHeader("Content-Type", publicContentType(path));
      // The head is small, and every header of it is paid for with every poll.
      const mayBePacked = path.endsWith(".json") && path !== publicHead;
      if (mayBePacked) response.vary("Accept-Encoding");
      if (mayBePacked && isSentPacked(request, file.bytes)) await sendPacked(request, response, file);
      else await sendFile(request, response, file);
    } finally {
      await file.file.close();
    }
  };
}

/** Opened once for tag and bytes: a head that is swapped meanwhile cannot mix the two. */
async function openFile(tree: Tree, path: string, tags: Map<string, string>): Promise<OpenFile | undefined> {
  const file = await tree.open(path);
  if (file === undefined) return undefined;
  try {
    return { file, bytes: file.length, etag: await tagOf(path, file, tags) };
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** Targets carry their digest in their name, and 128 bits of it are enough; a small file is hashed, and an immutable one only once. */
async function tagOf(path: string, file: PublicFile, tags: Map<string, string>): Promise<string> {
  const [, digest, rest] = /^targets\/.*\/([0-9a-f]{32})[0-9a-f]{32}([^/]*)$/.exec(path) ?? [];
  if (digest !== undefined) return `"${digest}${rest}"`;
  // An immutable file that was repaired in its place is another file.
  const name = `${path} ${file.mark}`;
  const known = tags.get(name);
  if (known !== undefined) return known;
  // 96 bits: nobody but the publisher chooses what is served, and every poll sends the tag twice.
  const sha256 = createHash("sha256").update(await file.read(0, file.length));
  const tag = `"${sha256.digest("base64url").slice(0, 16)}"`;
  if (!isReplaced(path)) {
    if (tags.size >= 10_000) tags.clear();
    tags.set(name, tag);
  }
  return tag;
}

async function contentOf({ file, bytes }: Pick<OpenFile, "file" | "bytes">): Promise<Buffer> {
  return Buffer.from(await file.read(0, bytes));
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
  await pipeline(Readable.from(piecesOf(file, start, end), { objectMode: false }), response);
}

async function* piecesOf({ file }: OpenFile, start: number, end: number): AsyncGenerator<Uint8Array> {
  for (let at = start; at <= end; at += pieceBytes)
    yield await file.read(at, Math.min(pieceBytes, end + 1 - at));
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
