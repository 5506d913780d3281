/** How long each route takes, by its pattern: a path that nobody serves, or a file of the public tree, is one label each. */
import type { RequestHandler } from "express";
import type { ServiceContext } from "../services/context.js";

export function measureRequests(meter: ServiceContext["meter"]): RequestHandler {
  return (request, response, next) => {
    if (meter === undefined) return next();
    const began = performance.now();
    const { method } = request;
    response.on("close", () => {
      const { route } = request as { route?: { path?: unknown } };
      const path = typeof route?.path === "string" ? route.path : "other";
      const labels = { method: knownMethod(method), route: path, status: String(response.statusCode) };
      meter.note("rulemint_http_request_seconds", labels, (performance.now() - began) / 1000);
    });
    return next();
  };
}

function knownMethod(method: string): string {
  return ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"].includes(method) ? method : "other";
}
