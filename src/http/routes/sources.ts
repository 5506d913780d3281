/** Tag `sources` of openapi.yaml. */
import type { Router } from "express";
import { sha256Hex } from "../../core/brands.js";
import type { ServiceContext } from "../../services/context.js";
import { openSource } from "../../services/read-submissions.js";
import { identityOf } from "../authenticate.js";
import { sendBytes } from "../send-bytes.js";
import { newRoutes } from "./routes.js";

export function sourceRoutes(context: ServiceContext): Router {
  const routes = newRoutes();
  routes.get("/v1/sources/:sha256", async (request, response) => {
    const sha256 = sha256Hex(request.params.sha256);
    await sendBytes(request, response, await openSource(context, identityOf(response), sha256), sha256);
  });
  return routes;
}
