/** A span for each request of the interface, by its route's pattern and never by its path, which a caller chose. */
import type { RequestHandler } from "express";
import type { ServiceContext } from "../services/context.js";

const methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];

export function traceRequests(tracer: ServiceContext["tracer"]): RequestHandler {
  return (request, response, next) => {
    if (tracer === undefined) return next();
    const method = methods.includes(request.method) ? request.method : "other";
    const facts = { "http.request.method": method };
    const ended = tracer.span(
      method,
      facts,
      (span) =>
        new Promise<void>((resolve) => {
          response.on("close", () => {
            const { route } = request as { route?: { path?: unknown } };
            const path = typeof route?.path === "string" ? route.path : "other";
            span.rename(`${method} ${path}`);
            span.note({ "http.route": path, "http.response.status_code": response.statusCode });
            resolve();
          });
          next();
        }),
      {
        answers: true,
        ...(request.get("traceparent") && { traceparent: request.get("traceparent") as string }),
      },
    );
    ended.catch(next);
  };
}
