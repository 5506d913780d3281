/** Tag `rollouts` of openapi.yaml: rings, halts, and what endpoints report. */
import type { Router } from "express";
import { feedName, releaseNumber } from "../../core/brands.js";
import type { ServiceContext } from "../../services/context.js";
import {
  type RolloutOrder,
  haltRollout,
  resumeRollout,
  showRollout,
  skipRings,
} from "../../services/rollout/change-rollout.js";
import { readReportCurve } from "../../services/rollout/read-reports.js";
import { takeReports } from "../../services/rollout/take-reports.js";
import { identityOf } from "../authenticate.js";
import { answerChanged, stageOf } from "../dry-run.js";
import { newRoutes } from "./routes.js";

interface OrderBody {
  readonly release: number;
  readonly reason: string;
  readonly permille?: number;
}

const one = "/v1/feeds/:feed/rollout";

export function rolloutRoutes(context: ServiceContext): Router {
  const routes = newRoutes();
  routes.get(one, async (request, response) => {
    response.json(await showRollout(context, identityOf(response), feedName(request.params.feed)));
  });
  routes.post(`${one}/halt`, async (request, response) => {
    const order = orderOf(request.params.feed, request.body as OrderBody);
    const rollout = await haltRollout(stageOf(context, request), identityOf(response), order);
    answerChanged(request, response, rollout);
  });
  routes.post(`${one}/resumption`, async (request, response) => {
    const order = orderOf(request.params.feed, request.body as OrderBody);
    const rollout = await resumeRollout(stageOf(context, request), identityOf(response), order);
    answerChanged(request, response, rollout);
  });
  routes.post(`${one}/skip`, async (request, response) => {
    const { permille = 1000, ...body } = request.body as OrderBody;
    const order = { ...orderOf(request.params.feed, body), permille };
    const rollout = await skipRings(stageOf(context, request), identityOf(response), order);
    answerChanged(request, response, rollout);
  });
  routes.get("/v1/feeds/:feed/releases/:release/reports", async (request, response) => {
    const { feed, release } = request.params;
    const { region } = request.query as { region?: string };
    const wanted = { feed: feedName(feed), release: releaseNumber(Number(release)) };
    response.json(await readReportCurve(context, identityOf(response), { ...wanted, region }));
  });
  routes.post("/reports/:region", async (request, response) => {
    await takeReports(context, request.params.region, request.body);
    response.status(204).end();
  });
  return routes;
}

function orderOf(feed: string, { release, reason }: OrderBody): RolloutOrder {
  return { feed: feedName(feed), release: releaseNumber(release), reason };
}
