/** Tag `feeds` of openapi.yaml. */
import type { Router } from "express";
import { feedName } from "../../core/brands.js";
import type { ServiceContext } from "../../services/context.js";
import { listFeeds, showFeed } from "../../services/read-releases.js";
import { identityOf } from "../authenticate.js";
import { pageOf } from "../page-of.js";
import { newRoutes } from "./routes.js";

export function feedRoutes(context: ServiceContext): Router {
  const routes = newRoutes();
  routes.get("/v1/feeds", async (request, response) => {
    const feeds = await listFeeds(context, identityOf(response));
    response.json(pageOf(request, feeds, ({ name }) => name));
  });
  routes.get("/v1/feeds/:feed", async (request, response) => {
    response.json(await showFeed(context, identityOf(response), feedName(request.params.feed)));
  });
  return routes;
}
