/**
 * Behind the contract and before the routes: what is about to happen is in the access log before it happens. A refusal gets an
 * entry of its own before it goes out. Requests that break the contract reach nothing, and leave none.
 */
import type { ErrorRequestHandler, Request, RequestHandler, Response } from "express";
import { RulemintError, UsageError } from "../core/errors.js";
import type { ServiceContext } from "../services/context.js";
import { type Access, recordAccess, recordOutcome, recordRefusal } from "../services/record-access.js";
import { identityOf } from "./authenticate.js";

const doors = "/v1/";
const objectsMax = 64;

export function recordRequests(context: ServiceContext): RequestHandler {
  return async (request, response, next) => {
    if (!request.path.startsWith(doors)) return next();
    const access = accessOf(request);
    response.locals.access = access;
    response.locals.accessIndex = await recordAccess(context, identityOf(response), access);
    next();
  };
}

/** SPEC §13.2.2: before `problemHandler`, which sends the refusal. */
export function recordRefusals(context: ServiceContext): ErrorRequestHandler {
  return async (error: unknown, _request, response, next) => {
    const { access, accessIndex: of } = response.locals as { access?: Access; accessIndex?: number };
    if (access === undefined || of === undefined || response.headersSent) return next(error);
    const code = error instanceof RulemintError ? error.code : "INTERNAL";
    await recordRefusal(context, identityOf(response), { ...access, of, code });
    next(error);
  };
}

/** SPEC §13.2.9: `made` is the path of what this request made, known only now; the answer waits for its entry. */
export async function recordMade(
  context: ServiceContext,
  response: Response,
  made: string,
  visit?: string,
): Promise<void> {
  const { access, accessIndex: of } = response.locals as { access?: Access; accessIndex?: number };
  if (access === undefined || of === undefined) return;
  const review = visit ?? access.review;
  await recordOutcome(context, identityOf(response), { ...access, target: made, objects: [], review, of });
}

function accessOf(request: Request): Access {
  const body = request.body as { sha256?: unknown; digest?: unknown; reason?: unknown } | undefined;
  const named = Array.isArray(body?.sha256) ? body.sha256 : [body?.digest];
  const said = header(request, "Rulemint-Reason");
  return {
    operation: operationOf(request),
    target: request.originalUrl.slice(0, 1000),
    objects: named.filter((one) => typeof one === "string").slice(0, objectsMax),
    from: callerOf(request),
    why: said === "" && typeof body?.reason === "string" ? body.reason : said,
    review: header(request, "Rulemint-Visit"),
  };
}

/** As the contract names it. */
function operationOf(request: Request): string {
  const found = request as Request & { openapi?: { schema?: { operationId?: string } } };
  return found.openapi?.schema?.operationId ?? `${request.method} ${request.path}`;
}

/** The address that the connection has; what a proxy says about it stands beside, as what it says. */
function callerOf(request: Request): string {
  const { remoteAddress = "unknown" } = request.socket;
  const said = request.get("X-Forwarded-For");
  return said === undefined ? remoteAddress : `${remoteAddress} for ${said.slice(0, 200)}`;
}

/** UTF-8, percent-encoded: headers have no other way to hold every language. @throws UsageError REQUEST_INVALID */
function header(request: Request, name: string): string {
  const value = request.get(name) ?? "";
  try {
    return decodeURIComponent(value).slice(0, 1000);
  } catch (cause) {
    throw new UsageError("REQUEST_INVALID", `expected ${name} as percent-encoded UTF-8`, { cause });
  }
}
