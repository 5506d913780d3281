/**
 * The list of releases, and the wait for another one: whoever follows a feed asks once and is answered when something has changed, so that
 * a quiet day leaves few entries in the access log.
 */
import { createHash } from "node:crypto";
import type { Request, Response, Router } from "express";
import { feedName } from "../../core/brands.js";
import { awaitChange, feedMark } from "../../services/await-change.js";
import type { ServiceContext } from "../../services/context.js";
import { listReleases } from "../../services/read-releases.js";
import { identityOf } from "../authenticate.js";
import { callerHas } from "../entity-tag.js";
import { pauseAnswer } from "../pause.js";
import { newRoutes } from "./routes.js";

interface Query {
  readonly after?: number;
  readonly limit?: number;
  readonly wait?: number;
}

/** Each asks the records a few times a second. Whoever comes when so many wait is answered at once. */
const waitersMax = 64;

export function releaseListRoutes(context: ServiceContext, stopping?: AbortSignal): Router {
  const routes = newRoutes();
  let waiters = 0;
  routes.get("/v1/feeds/:feed/releases", async (request, response) => {
    const { wait = 0 } = request.query as Query;
    const feed = feedName(request.params.feed);
    let seen = await feedMark(context, feed);
    let list = await readList(context, request, response);
    // SPEC §17.7.3
    const end = performance.now() + wait * 1000;
    const pause = (ms: number) => pauseAnswer(ms, response, stopping);
    while (callerHas(request, list.etag) && wait > 0 && waiters < waitersMax) {
      waiters++;
      const ms = end - performance.now();
      const changed = await awaitChange(context, feed, seen, { ms, pause }).finally(() => waiters--);
      if (!changed) break;
      seen = await feedMark(context, feed);
      list = await readList(context, request, response);
    }
    response.set("ETag", list.etag);
    if (callerHas(request, list.etag)) response.status(304).end();
    else response.type("application/json").send(list.text);
  });
  return routes;
}

async function readList(context: ServiceContext, request: Request, response: Response) {
  const { after, limit } = request.query as Query;
  const page = { feed: feedName(String(request.params.feed)), after, limit };
  const text = JSON.stringify(await listReleases(context, identityOf(response), page));
  return { text, etag: `"${createHash("sha256").update(text).digest("hex")}"` };
}
