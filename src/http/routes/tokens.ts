/** Tag `tokens` of openapi.yaml: what people make for themselves. */
import { randomBytes } from "node:crypto";
import type { Router } from "express";
import type { ServiceContext } from "../../services/context.js";
import { createOwnToken, listOwnTokens, revokeOwnToken, type TokenOrder } from "../../services/own-tokens.js";
import { identityOf, tokenIDOf } from "../authenticate.js";
import { answerChanged, isDryRun, stageOf } from "../dry-run.js";
import { recordMade } from "../record-access.js";
import { pageOf } from "../page-of.js";
import { newRoutes } from "./routes.js";

export function tokenRoutes(context: ServiceContext): Router {
  const routes = newRoutes();
  routes.get("/v1/tokens", async (request, response) => {
    const tokens = await listOwnTokens(context, identityOf(response));
    response.json(pageOf(request, tokens, ({ id }) => id));
  });
  routes.post("/v1/tokens", async (request, response) => {
    const secrets = { parent: tokenIDOf(response), random: new Uint8Array(randomBytes(32)) };
    const stage = stageOf(context, request);
    const made = await createOwnToken(stage, identityOf(response), request.body as TokenOrder, secrets);
    const { token: _, ...shown } = made;
    if (isDryRun(request)) return answerChanged(request, response, shown);
    await recordMade(context, response, `/v1/tokens/${made.id} with ${made.roles.join(", ")}`);
    response.status(201).json(made);
  });
  routes.post("/v1/tokens/:token/revocation", async (request, response) => {
    const stage = stageOf(context, request);
    const revoked = await revokeOwnToken(stage, identityOf(response), request.params.token);
    answerChanged(request, response, revoked);
  });
  return routes;
}
