/** `?dryRun=true`: the same work and the same answer or refusal, and nothing is changed. The access log has the call like every other. */
import type { Request, Response } from "express";
import type { ServiceContext } from "../services/context.js";
import { rehearse } from "../services/rehearse.js";
import { recordMade } from "./record-access.js";

/** Before and behind the contract's validator, which makes a boolean of it. */
export function isDryRun(request: Pick<Request, "query">): boolean {
  return String(request.query.dryRun) === "true";
}

export function stageOf(context: ServiceContext, request: Pick<Request, "query">): ServiceContext {
  return isDryRun(request) ? rehearse(context) : context;
}

/** What a request made, with its address and, in the access log, its name; or what it would have made, with neither. */
export async function answerMade(
  context: ServiceContext,
  request: Request,
  response: Response,
  made: {
    readonly status: 201 | 202;
    readonly path: string;
    readonly body: unknown;
    readonly named?: boolean;
  },
): Promise<void> {
  if (isDryRun(request)) {
    response.set("Rulemint-Dry-Run", "true").status(200).json(made.body);
    return;
  }
  if (made.named !== false) await recordMade(context, response, made.path);
  response.location(made.path).status(made.status).json(made.body);
}

/** What a request changed, as it is now, or would be. */
export function answerChanged(request: Pick<Request, "query">, response: Response, body: unknown): void {
  if (isDryRun(request)) response.set("Rulemint-Dry-Run", "true");
  response.json(body);
}
