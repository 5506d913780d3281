/**
 * So many requests a minute for each identity, as a bucket that refills: a burst is no harm, a loop gone wild is. It is kept in memory, by
 * process; a restart forgives.
 */
import type { RequestHandler } from "express";
import { PolicyError } from "../core/errors.js";
import { identityOf } from "./authenticate.js";

interface Bucket {
  left: number;
  at: number;
}

const identitiesMax = 10_000;

/** Behind `authenticate`. `perMinute` 0 asks for nothing. */
export function limitRequests(
  perMinute: number,
  now: () => number = () => performance.now(),
): RequestHandler {
  const buckets = new Map<string, Bucket>();
  return (_request, response, next) => {
    if (perMinute === 0) return next();
    const { name } = identityOf(response);
    const bucket = buckets.get(name) ?? { left: perMinute, at: now() };
    bucket.left = Math.min(perMinute, bucket.left + ((now() - bucket.at) / 60_000) * perMinute);
    bucket.at = now();
    // Whoever came last stands last: the map forgets those that have been quiet for longest.
    buckets.delete(name);
    buckets.set(name, bucket);
    for (const oldest of buckets.keys()) if (buckets.size > identitiesMax) buckets.delete(oldest);
    if (bucket.left < 1) {
      response.set("Retry-After", String(Math.ceil(((1 - bucket.left) * 60) / perMinute)));
      // SPEC §17.8.4: the others are not made to wait.
      throw new PolicyError("RATE_LIMITED", `expected at most ${perMinute} requests a minute, got more`);
    }
    bucket.left -= 1;
    return next();
  };
}
