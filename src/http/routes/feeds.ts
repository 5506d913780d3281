/** Tag `feeds` of openapi.yaml. */
import type { Router } from "express";
import { feedName } from "../../core/brands.js";
import type { ServiceContext } from "../../services/context.js";
import { listFeeds, showFeed } from "../../services/read-releases.js";
import { identityOf } from "../authenticate.js";
import { newRoutes } from "./routes.js";

export function feedRoutes(context: ServiceContext): Router {
  const routes = newRoutes();
  routes.get("/v1/feeds", async (_request, response) => {
    response.json({ items: await listFeeds(context, identityOf(response)) });
  });
  routes.get("/v1/feeds/:feed", async (request, response) => {
    response.json(await showFeed(context, identityOf(response), feedName(request.params.feed)));
  });
  return routes;
}
