/** Tag `service` of openapi.yaml: who am I, is the service well, what time is it. */
import express, { type Router } from "express";
import { UsageError } from "../../core/errors.js";
import type { ServiceContext } from "../../services/context.js";
import { checkReadiness } from "../../services/check-readiness.js";
import { readMetrics } from "../../services/metrics.js";
import { roles } from "../../services/model.js";
import { requireRole } from "../../services/roles.js";
import { identityOf } from "../authenticate.js";
import { newRoutes } from "./routes.js";

/** Takes a TimeStampReq, gives a TimeStampResp, both DER. */
export type StampTime = (request: Uint8Array) => Promise<Uint8Array>;

const queryBytesMax = 16 * 1024;

export function serviceRoutes(context: ServiceContext, tsa: StampTime | undefined): Router {
  const routes = newRoutes();
  routes.get("/v1/whoami", (_request, response) => {
    const { name, roles } = identityOf(response);
    response.json({ name, roles });
  });
  // RFC 9728: where somebody gets a token for this service.
  routes.get("/.well-known/oauth-protected-resource", (_request, response) => {
    const login = context.people?.login;
    if (login === undefined)
      throw new UsageError(
        "NOT_FOUND",
        "expected an identity provider, got none here: rulemint login --token-file keeps a token",
      );
    response.json({
      resource: login.audience,
      authorization_servers: [login.issuer],
      scopes_supported: login.scopes,
      bearer_methods_supported: ["header"],
      ...(login.clientID !== undefined && { rulemint_client_id: login.clientID }),
    });
  });
  routes.get("/healthz", (_request, response) => {
    response.set("Cache-Control", "no-store").json({ status: "ok" });
  });
  routes.get("/readyz", async (_request, response) => {
    const { status, checks } = await checkReadiness(context);
    response.set("Cache-Control", "no-store").status(status === "unready" ? 503 : 200);
    response.json({ status, checks });
  });
  routes.get("/metrics", async (_request, response) => {
    requireRole(identityOf(response), ...roles);
    const { meter } = context;
    if (meter === undefined) throw new UsageError("NOT_FOUND", "expected measurements, got none here");
    const text = await readMetrics({ ...context, meter });
    response.set("Cache-Control", "no-store").type("text/plain; version=0.0.4").send(text);
  });
  routes.post(
    "/tsa",
    express.raw({ type: "application/timestamp-query", limit: queryBytesMax }),
    async (request, response) => {
      if (tsa === undefined)
        throw new UsageError("NOT_FOUND", "expected a time-stamp authority, got none here");
      const reply = await tsa(new Uint8Array(request.body as Buffer));
      response.type("application/timestamp-reply").send(Buffer.from(reply));
    },
  );
  return routes;
}
