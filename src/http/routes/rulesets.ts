/** Tag `rulesets` of openapi.yaml. */
import type { Router } from "express";
import type { ServiceContext } from "../../services/context.js";
import { listRulesets } from "../../services/read-submissions.js";
import { listQuarantine, quarantineRule } from "../../services/quarantine-rule.js";
import { submissionView } from "./submission-view.js";
import { identityOf } from "../authenticate.js";
import { answerMade, stageOf } from "../dry-run.js";
import { pageOf } from "../page-of.js";
import { newRoutes } from "./routes.js";

export function rulesetRoutes(context: ServiceContext): Router {
  const routes = newRoutes();
  routes.get("/v1/rulesets", async (request, response) => {
    const rulesets = await listRulesets(context, identityOf(response));
    response.json(pageOf(request, rulesets, ({ name }) => name));
  });
  routes.get("/v1/quarantine", async (request, response) => {
    const rules = await listQuarantine(context, identityOf(response));
    response.json(pageOf(request, rules, ({ ruleset, rule }) => `${ruleset}/${rule}`));
  });
  for (const [path, lift] of [
    ["quarantine", false],
    ["quarantine/release", true],
  ] as const) {
    routes.post(`/v1/rulesets/:ruleset/${path}`, async (request, response) => {
      const order = {
        ...(request.body as { id: string; reason: string }),
        ruleset: request.params.ruleset,
        lift,
      };
      const record = await quarantineRule(stageOf(context, request), identityOf(response), order);
      const made = { path: `/v1/submissions/${record.id}`, body: submissionView(context, record) };
      await answerMade(context, request, response, { status: 201, named: false, ...made });
    });
  }
  return routes;
}
