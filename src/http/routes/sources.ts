/** Tag `sources` of openapi.yaml. */
import type { Router } from "express";
import { sha256Hex } from "../../core/brands.js";
import type { ServiceContext } from "../../services/context.js";
import { openSource } from "../../services/read-submissions.js";
import { identityOf } from "../authenticate.js";
import { type OpenObject, sendAll, sendBytes } from "../send-bytes.js";
import { newRoutes } from "./routes.js";

export function sourceRoutes(context: ServiceContext): Router {
  const routes = newRoutes();
  routes.get("/v1/sources/:sha256", async (request, response) => {
    const sha256 = sha256Hex(request.params.sha256);
    await sendBytes(request, response, await openSource(context, identityOf(response), sha256), sha256);
  });
  routes.post("/v1/sources", async (request, response) => {
    const identity = identityOf(response);
    const { sha256: digests } = request.body as { sha256: string[] };
    const opening = digests.map((sha256) => openSource(context, identity, sha256Hex(sha256)));
    const opened = (await Promise.allSettled(opening)).flatMap((one) =>
      one.status === "fulfilled" ? [one.value] : [],
    );
    try {
      // Nothing is sent before all of them are known to be there.
      await sendAll(response, await Promise.all<OpenObject>(opening));
    } finally {
      await Promise.all(opened.map((source) => source.close()));
    }
  });
  return routes;
}
