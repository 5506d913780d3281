/**
 * Metadata and evidence as gzip, for callers that ask (SPEC §9.2.4). Packs are compressed already, and what may be asked for in parts
 * is sent as it is.
 */
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import type { Request } from "express";

const pack = promisify(gzip);
/** The files that everybody asks for are few; the newest of them are packed once. */
const keptMax = 64;
const kept = new Map<string, Promise<Uint8Array>>();

/** The caller takes gzip, and the file is worth it. */
export function isSentPacked(request: Request, bytes: number): boolean {
  if (bytes < 128 || bytes > 8_000_000) return false;
  if (request.get("Range") !== undefined) return false;
  const accepted = request.get("Accept-Encoding") ?? "";
  return accepted
    .split(",")
    .some((one) => /^\s*(gzip|\*)\s*(;\s*q=(1(\.0*)?|0\.0*[1-9]\d*))?\s*$/i.test(one));
}

/** RFC 9110 §8.8.3: another representation, another tag. */
export const packedTag = (etag: string): string => `${etag.slice(0, -1)}g"`;

/** `etag` names the bytes that `read` gives. */
export function packedBytes(etag: string, read: () => Promise<Uint8Array>): Promise<Uint8Array> {
  const known = kept.get(etag);
  if (known !== undefined) return known;
  if (kept.size >= keptMax) kept.delete(kept.keys().next().value as string);
  const made = read().then((bytes) => pack(bytes, { level: 9 }));
  kept.set(etag, made);
  made.catch(() => kept.delete(etag));
  return made;
}
