/** Tag `rulesets` of openapi.yaml. */
import type { Router } from "express";
import type { ServiceContext } from "../../services/context.js";
import { listRulesets } from "../../services/read-submissions.js";
import { identityOf } from "../authenticate.js";
import { newRoutes } from "./routes.js";

export function rulesetRoutes(context: ServiceContext): Router {
  const routes = newRoutes();
  routes.get("/v1/rulesets", async (_request, response) => {
    response.json({ items: await listRulesets(context, identityOf(response)) });
  });
  return routes;
}
