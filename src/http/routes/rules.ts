/** Tag `rules` of openapi.yaml. */
import type { Router } from "express";
import { feedName, releaseNumber } from "../../core/brands.js";
import type { RuleKind } from "../../core/rules/model.js";
import type { ServiceContext } from "../../services/context.js";
import { explainRule, openSourceMapFile } from "../../services/explain-rule.js";
import { readChangeLog } from "../../services/change-log.js";
import { changeLogMarkdown, changeLogPage } from "../../services/render-change-log.js";
import { type RuleQuestion, ruleRevisions } from "../../services/rule-revisions.js";
import { identityOf } from "../authenticate.js";
import { sendBytes } from "../send-bytes.js";
import { newRoutes } from "./routes.js";

const one = "/v1/feeds/:feed/releases/:release";

export function ruleRoutes(context: ServiceContext): Router {
  const routes = newRoutes();
  routes.get(`${one}/rules`, async (request, response) => {
    const { id, kind } = request.query as { id: string; kind?: RuleKind };
    const name = { ...nameOf(request.params), id, kind };
    response.json({ items: await explainRule(context, identityOf(response), name) });
  });
  routes.get(`${one}/source-map`, async (request, response) => {
    const file = await openSourceMapFile(context, identityOf(response), nameOf(request.params));
    await sendBytes(request, response, file, file.sha256);
  });
  routes.get("/v1/rules", async (request, response) => {
    response.json(
      await ruleRevisions(context, identityOf(response), request.query as unknown as RuleQuestion),
    );
  });
  routes.get(`${one}/changes`, async (request, response) => {
    const { format } = request.query as { format: "json" | "markdown" | "html" };
    const log = await readChangeLog(context, identityOf(response), nameOf(request.params));
    if (format === "json") response.json(log);
    else if (format === "html") response.type("text/html").send(changeLogPage(log));
    else response.type("text/markdown").send(changeLogMarkdown(log));
  });
  return routes;
}

function nameOf({ feed, release }: { readonly feed: string; readonly release: string }) {
  return { feed: feedName(feed), release: releaseNumber(Number(release)) };
}
