/** A release's progress as server-sent events: each change of it, until it is at its end or the caller has gone. */
import type { Router } from "express";
import { feedName, releaseNumber } from "../../core/brands.js";
import type { ServiceContext } from "../../services/context.js";
import { showRelease } from "../../services/read-releases.js";
import { identityOf } from "../authenticate.js";
import { pauseAnswer } from "../pause.js";
import { newRoutes } from "./routes.js";

/** Other processes change releases too, so the records are asked. */
const lookMs = 400;
const aliveMs = 15_000;

export function eventRoutes(context: ServiceContext, stopping?: AbortSignal): Router {
  const routes = newRoutes();
  routes.get("/v1/feeds/:feed/releases/:release/events", async (request, response) => {
    const identity = identityOf(response);
    const name = {
      feed: feedName(request.params.feed),
      release: releaseNumber(Number(request.params.release)),
    };
    // Refusals are problem documents, before the stream begins.
    let release = await showRelease(context, identity, name);
    response.set({ "Content-Type": "text/event-stream", "X-Accel-Buffering": "no" });
    response.flushHeaders();
    let told = "";
    let number = 0;
    let quiet = 0;
    while (!response.closed && !response.destroyed) {
      const { state, waitingFor, retry, gates, packs } = release;
      const data = JSON.stringify({
        state,
        waitingFor,
        retry,
        packs: packs.length,
        gates: gates?.length ?? 0,
      });
      if (data !== told) {
        response.write(`id: ${++number}\nevent: release\ndata: ${data}\n\n`);
        quiet = 0;
      } else if (++quiet * lookMs > aliveMs) {
        response.write(": still here\n\n");
        quiet = 0;
      }
      told = data;
      if (state === "published" || state === "failed") break;
      if (!(await pauseAnswer(lookMs, response, stopping))) break;
      release = await showRelease(context, identity, name);
    }
    response.end();
  });
  return routes;
}
