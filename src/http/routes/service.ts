/** Tag `service` of openapi.yaml: who am I, is the service well, what time is it. */
import express, { type Router } from "express";
import { RulemintError, UsageError } from "../../core/errors.js";
import type { ServiceContext } from "../../services/context.js";
import { identityOf } from "../authenticate.js";
import { newRoutes } from "./routes.js";

/** Takes a TimeStampReq, gives a TimeStampResp, both DER. */
export type StampTime = (request: Uint8Array) => Promise<Uint8Array>;

const queryBytesMax = 16 * 1024;

export function serviceRoutes(context: ServiceContext, tsa: StampTime | undefined): Router {
  const routes = newRoutes();
  routes.get("/v1/whoami", (_request, response) => {
    const { name, roles } = identityOf(response);
    response.json({ name, roles });
  });
  routes.get("/healthz", (_request, response) => {
    response.set("Cache-Control", "no-store").json({ status: "ok" });
  });
  routes.get("/readyz", async (_request, response) => {
    const checks = [await checkRecords(context), await checkTimestamp(context)];
    const ready = checks.every((check) => check.ok);
    response.set("Cache-Control", "no-store").status(ready ? 200 : 503);
    response.json({ status: ready ? "ready" : "unready", checks });
  });
  routes.post(
    "/tsa",
    express.raw({ type: "application/timestamp-query", limit: queryBytesMax }),
    async (request, response) => {
      if (tsa === undefined)
        throw new UsageError("NOT_FOUND", "expected a time-stamp authority, got none here");
      const reply = await tsa(new Uint8Array(request.body as Buffer));
      response.type("application/timestamp-reply").send(Buffer.from(reply));
    },
  );
  return routes;
}

interface Check {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
}

async function checkRecords(context: ServiceContext): Promise<Check> {
  try {
    await context.records.list("feeds", { limit: 1 });
    return { name: "records", ok: true, detail: "readable" };
  } catch (error) {
    return { name: "records", ok: false, detail: codeOf(error) };
  }
}

/** Before the first publication there is no head; that is no fault. */
async function checkTimestamp(context: ServiceContext): Promise<Check> {
  const name = "timestamp";
  try {
    const file = await context.tree.read("metadata/timestamp.json");
    if (file === undefined) return { name, ok: true, detail: "nothing is published yet" };
    const { signed } = JSON.parse(new TextDecoder().decode(file)) as { signed: { expires: string } };
    const fresh = Date.parse(signed.expires) > context.clock.now().getTime();
    return { name, ok: fresh, detail: `${fresh ? "fresh until" : "expired at"} ${signed.expires}` };
  } catch (error) {
    return { name, ok: false, detail: codeOf(error) };
  }
}

function codeOf(error: unknown): string {
  return error instanceof RulemintError ? error.code : "INTERNAL";
}
