/**
 * So many requests with reports an hour for each source, an IPv4 /24 or an IPv6 /48: nobody signs reports, so one corner of the network must
 * not speak for the fleet (SPEC §16.5.5). Addresses stay in this process' memory, as digests with a salt that ends with it.
 */
import { createHmac, randomBytes } from "node:crypto";
import { isIPv6 } from "node:net";
import type { RequestHandler } from "express";
import { PolicyError } from "../core/errors.js";

const hourMs = 3_600_000;
const sourcesMax = 100_000;

/** `perHour` 0 asks for nothing. */
export function limitReports(perHour: number, now: () => number = () => performance.now()): RequestHandler {
  const salt = randomBytes(32);
  let since = now();
  let seen = new Map<string, number>();
  return (request, response, next) => {
    if (perHour === 0) return next();
    if (now() - since >= hourMs || seen.size >= sourcesMax) {
      since = now();
      seen = new Map();
    }
    const source = createHmac("sha256", salt)
      .update(sourceOf(request.socket.remoteAddress ?? ""))
      .digest("base64");
    const count = (seen.get(source) ?? 0) + 1;
    if (count > perHour) {
      response.set("Retry-After", String(Math.ceil((since + hourMs - now()) / 1000)));
      throw new PolicyError(
        "RATE_LIMITED",
        `expected at most ${perHour} requests with reports an hour, got more`,
      );
    }
    seen.set(source, count);
    return next();
  };
}

/** The part of an address that one owner has to themselves. */
export function sourceOf(address: string): string {
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, "");
  if (!isIPv6(plain)) return plain.split(".").slice(0, 3).join(".");
  const [head = "", tail = ""] = plain.split("::");
  const left = head === "" ? [] : head.split(":");
  const right = tail === "" ? [] : tail.split(":");
  const zeros = plain.includes("::") ? Math.max(0, 8 - left.length - right.length) : 0;
  const groups = [...left, ...new Array<string>(zeros).fill("0"), ...right];
  return groups.slice(0, 3).join(":");
}
