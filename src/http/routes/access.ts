/** Tag `access` of openapi.yaml: the access log, for auditors. */
import type { Router } from "express";
import { accessFileDocument } from "../../core/log/access-file.js";
import type { ServiceContext } from "../../services/context.js";
import { type AccessSearch, openAccess } from "../../services/open-access.js";
import { identityOf } from "../authenticate.js";
import { newRoutes } from "./routes.js";

export function accessRoutes(context: ServiceContext): Router {
  const routes = newRoutes();
  routes.get("/v1/access", async (request, response) => {
    const search = request.query as unknown as AccessSearch;
    response.json(accessFileDocument(await openAccess(context, identityOf(response), search)));
  });
  return routes;
}
