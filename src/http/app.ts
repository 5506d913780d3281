/**
 * The service's door: the public tree, the interface of openapi.yaml under `/v1`, health, and the
 * development time-stamp authority.
 *
 * The order is the security of it: the access log sees everything; the public tree needs no token, and has the few headers that
 * mean something for files; all else has a browser's security headers, and everything under `/v1` is authenticated before its body
 * is looked at; the contract is checked before a route runs.
 */
import express, { type Express, type RequestHandler } from "express";
import helmet from "helmet";
import type { Logger } from "pino";
import { quote, UsageError } from "../core/errors.js";
import type { ServiceContext } from "../services/context.js";
import { logAccess } from "./access-log.js";
import { authenticate } from "./authenticate.js";
import { checkContract } from "./check-contract.js";
import { limitReports } from "./limit-reports.js";
import { limitRequests } from "./limit-requests.js";
import { measureRequests } from "./measure-requests.js";
import { problemHandler } from "./problem.js";
import { servePublicFiles } from "./public-files.js";
import { recordRefusals, recordRequests } from "./record-access.js";
import { accessRoutes } from "./routes/access.js";
import { answerOnce } from "./idempotency.js";
import { serveReference } from "./serve-reference.js";
import { eventRoutes } from "./routes/events.js";
import { feedRoutes } from "./routes/feeds.js";
import { releaseListRoutes } from "./routes/release-list.js";
import { releaseRoutes } from "./routes/releases.js";
import { rolloutRoutes } from "./routes/rollouts.js";
import { ruleRoutes } from "./routes/rules.js";
import { rulesetRoutes } from "./routes/rulesets.js";
import { serviceRoutes, type StampTime } from "./routes/service.js";
import { traceRequests } from "./trace-requests.js";
import { tokenRoutes } from "./routes/tokens.js";
import { sourceRoutes } from "./routes/sources.js";
import { submissionRoutes } from "./routes/submissions.js";

export interface AppOptions {
  readonly context: ServiceContext;
  /** The development time-stamp authority, where there is one. */
  readonly tsa?: StampTime;
  readonly requestLog?: Logger;
  /** Aborted when the service stops: answers that wait for something end. */
  readonly stopping?: AbortSignal;
  /** Holds answers against the contract too, and lets faults of ours show their inside. For tests. */
  readonly validateResponses?: boolean;
}

const jsonBytesMax = 256 * 1024;
const reportBytesMax = 16 * 1024;

export function createApp(options: AppOptions): Express {
  const { context, tsa, requestLog, stopping, validateResponses = false } = options;
  const app = express();
  app.disable("x-powered-by").disable("etag");
  app.enable("strict routing").enable("case sensitive routing");
  app.set("query parser", "simple");
  app.use(logAccess(requestLog), servePublicFiles(context.tree));
  app.use(helmet());
  app.use(serveReference());
  app.use(measureRequests(context.meter), traceRequests(context.tracer));
  app.use(["/v1", "/metrics"], noStore, authenticate(context));
  app.use("/v1", limitRequests(context.settings.requestsPerMinute ?? 0));
  app.use("/reports", limitReports(context.settings.reports?.perSourceHour ?? 0));
  app.use("/reports", express.json({ limit: reportBytesMax, inflate: false }));
  app.use(express.json({ limit: jsonBytesMax, inflate: false }));
  app.use(checkContract(validateResponses));
  app.use(recordRequests(context));
  app.use(answerOnce(context));
  app.use(submissionRoutes(context), rulesetRoutes(context), sourceRoutes(context));
  app.use(feedRoutes(context), releaseRoutes(context), ruleRoutes(context), serviceRoutes(context, tsa));
  app.use(releaseListRoutes(context, stopping), eventRoutes(context, stopping));
  app.use(rolloutRoutes(context), accessRoutes(context), tokenRoutes(context));
  app.use(notFound);
  app.use(recordRefusals(context));
  app.use(problemHandler(validateResponses));
  return app;
}

const notFound: RequestHandler = (request) => {
  throw new UsageError("NOT_FOUND", `expected a path of this service, got ${quote(request.path)}`);
};

/** What the desk says is for the one who asked. */
const noStore: RequestHandler = (_request, response, next) => {
  response.set("Cache-Control", "no-store");
  next();
};
