/** Tag `access` of openapi.yaml: the access log, for auditors. */
import type { Router } from "express";
import { accessFileDocument } from "../../core/log/access-file.js";
import type { ServiceContext } from "../../services/context.js";
import { type AccessSearch, openAccess } from "../../services/open-access.js";
import { addVisitRebuild, beginVisit, endVisit, type RebuildOrder } from "../../services/visits.js";
import { identityOf } from "../authenticate.js";
import { recordMade } from "../record-access.js";
import { newRoutes } from "./routes.js";

type RebuildBody = Omit<RebuildOrder, "code" | "digest"> & {
  readonly code?: string;
  readonly digest?: string;
};

export function accessRoutes(context: ServiceContext): Router {
  const routes = newRoutes();
  routes.get("/v1/access", async (request, response) => {
    const search = request.query as unknown as AccessSearch;
    response.json(accessFileDocument(await openAccess(context, identityOf(response), search)));
  });
  routes.post("/v1/visits", async (request, response) => {
    const { reason } = request.body as { reason: string };
    const visit = await beginVisit(context, identityOf(response), reason);
    await recordMade(context, response, `/v1/visits/${visit.id}`, visit.id);
    response.location(`/v1/visits/${visit.id}`).status(201).json(visit);
  });
  routes.post("/v1/visits/:id/rebuilds", async (request, response) => {
    const { code = null, digest = null, ...order } = request.body as RebuildBody;
    const { accessIndex: entry = null } = response.locals as { accessIndex?: number };
    const rebuild = { ...order, code, digest, entry };
    const made = await addVisitRebuild(context, identityOf(response), request.params.id, rebuild);
    response.status(201).json(made);
  });
  routes.post("/v1/visits/:id/protocol", async (request, response) => {
    const envelope = await endVisit(context, identityOf(response), request.params.id);
    response.type("application/octet-stream").send(Buffer.from(envelope));
  });
  return routes;
}
