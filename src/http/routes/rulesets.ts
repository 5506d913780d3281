/** Tag `rulesets` of openapi.yaml. */
import type { Router } from "express";
import type { ServiceContext } from "../../services/context.js";
import { listRulesets } from "../../services/read-submissions.js";
import { listQuarantine, quarantineRule } from "../../services/quarantine-rule.js";
import { submissionView } from "./submission-view.js";
import { identityOf } from "../authenticate.js";
import { newRoutes } from "./routes.js";

export function rulesetRoutes(context: ServiceContext): Router {
  const routes = newRoutes();
  routes.get("/v1/rulesets", async (_request, response) => {
    response.json({ items: await listRulesets(context, identityOf(response)) });
  });
  routes.get("/v1/quarantine", async (_request, response) => {
    response.json({ items: await listQuarantine(context, identityOf(response)) });
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
      const record = await quarantineRule(context, identityOf(response), order);
      response.location(`/v1/submissions/${record.id}`).status(201).json(submissionView(context, record));
    });
  }
  return routes;
}
