/**
 * Whether the caller holds this very representation already (RFC 9110 §13.1.2). Express' own answer is not
 * used: it takes a request's `Cache-Control: no-cache`, which fetch sends with every conditional request, as
 * "send it all again".
 */
import type { Request } from "express";
import { quote, UsageError } from "../core/errors.js";

export function callerHas(request: Request, etag: string): boolean {
  const condition = request.get("If-None-Match");
  if (condition === undefined) return false;
  return condition.split(",").some((one) => one.trim() === "*" || one.trim().replace(/^W\//, "") === etag);
}

/** The version in `If-Match`; undefined where any will do. @throws UsageError REQUEST_INVALID */
export function seenVersion(request: Request): number | undefined {
  const condition = request.get("If-Match")?.trim();
  if (condition === undefined || condition === "*") return undefined;
  const version = /^"(\d{1,15})"$/.exec(condition)?.[1];
  if (version !== undefined) return Number(version);
  throw new UsageError(
    "REQUEST_INVALID",
    `expected one ETag of this service in If-Match, got ${quote(condition)}`,
  );
}
