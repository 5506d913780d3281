/**
 * Whether the service can do its work now. Without records or a fresh timestamp it cannot; without its key or a time-stamp authority it
 * still takes submissions and reviews, and releases wait: it is degraded.
 */
import { RulemintError } from "../core/errors.js";
import type { ServiceContext } from "./context.js";
import { keptAccess } from "./keep-access-log.js";

export interface Check {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
}

export interface Readiness {
  readonly status: "ready" | "degraded" | "unready";
  readonly checks: readonly Check[];
}

type ReadinessContext = Pick<ServiceContext, "records" | "tree" | "clock" | "devices" | "accessLog">;

export async function checkReadiness(context: ReadinessContext): Promise<Readiness> {
  const needed = [await checkRecords(context), await checkTimestamp(context)];
  const devices = (context.devices?.states() ?? []).map(({ device, ok, at, detail }) => {
    return { name: device, ok, detail: `${detail}, at ${at}` };
  });
  const checks = [...needed, ...devices, ...(await checkAccess(context))];
  if (needed.some(({ ok }) => !ok)) return { status: "unready", checks };
  return { status: checks.every(({ ok }) => ok) ? "ready" : "degraded", checks };
}

async function checkRecords(context: ReadinessContext): Promise<Check> {
  try {
    await context.records.list("feeds", { limit: 1 });
    return { name: "records", ok: true, detail: "readable" };
  } catch (error) {
    return { name: "records", ok: false, detail: codeOf(error) };
  }
}

/** SPEC §13.3.8: an alarm of the access log does not stop the service; it says that somebody must look. */
async function checkAccess(context: ReadinessContext): Promise<Check[]> {
  const { accessLog, clock } = context;
  if (accessLog === undefined) return [];
  const name = "access log";
  try {
    const { beatAt, alarms } = await keptAccess(context);
    const seconds = Math.round((clock.now().getTime() - Date.parse(beatAt)) / 1000);
    if (alarms.length > 0) {
      const named = alarms.slice(0, 5).map(({ code, index }) => `${code} at ${index ?? "an anchor"}`);
      return [{ name, ok: false, detail: `${alarms.length} alarms: ${named.join(", ")}` }];
    }
    if (seconds > 2 * accessLog.intervalSeconds)
      return [{ name, ok: false, detail: `ACCESS_LOG_SILENT: no heartbeat for ${seconds} seconds` }];
    return [{ name, ok: true, detail: `heartbeat at ${beatAt}` }];
  } catch (error) {
    return [{ name, ok: false, detail: codeOf(error) }];
  }
}

/** Before the first publication there is no head; that is no fault. */
async function checkTimestamp(context: ReadinessContext): Promise<Check> {
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
