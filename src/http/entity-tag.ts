/**
 * Whether the caller holds this very representation already (RFC 9110 §13.1.2). Express' own answer is not
 * used: it takes a request's `Cache-Control: no-cache`, which fetch sends with every conditional request, as
 * "send it all again".
 */
import type { Request } from "express";

export function callerHas(request: Request, etag: string): boolean {
  const condition = request.get("If-None-Match");
  if (condition === undefined) return false;
  return condition.split(",").some((one) => one.trim() === "*" || one.trim().replace(/^W\//, "") === etag);
}
