/** One line for each request: who, what, how it ended. No query, no headers, no bodies, so no secrets. */
import { randomUUID } from "node:crypto";
import type { RequestHandler } from "express";
import type { Logger } from "pino";
import { RulemintError } from "../core/errors.js";
import type { Identity } from "../services/model.js";

export function logAccess(log: Logger | undefined): RequestHandler {
  return (request, response, next) => {
    const id = randomUUID();
    response.set("X-Request-Id", id);
    if (log === undefined) return next();
    const began = performance.now();
    const { method, path } = request;
    response.on("close", () => {
      const identity = response.locals.identity as Identity | undefined;
      const error: unknown = response.locals.error;
      const status = response.statusCode;
      const line = {
        id,
        method,
        path: path.slice(0, 300),
        status,
        whole: response.writableFinished,
        milliseconds: Math.round(performance.now() - began),
        ...(identity === undefined ? {} : { identity: identity.name }),
        ...(error instanceof RulemintError ? { code: error.code } : {}),
      };
      if (status >= 500 && error !== undefined) log.error({ ...line, err: error }, "failed");
      else log.info(line, "answered");
    });
    return next();
  };
}
