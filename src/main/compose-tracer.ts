/** The tracer, where a collector is configured: what speaks to it is loaded then, and takes nothing of a service without one. */
import type { Logger } from "pino";
import type { Tracer } from "../ports/tracer.js";
import { readSecret } from "./configuration.js";
import type { TraceSettings } from "./trace-settings.js";

export async function openTracer(
  folder: string,
  { url, headers, share, serviceName }: TraceSettings,
  log: Logger | undefined,
): Promise<Tracer & { close(): Promise<void> }> {
  const { openOpenTelemetry } = await import("../adapters/tracing/opentelemetry.js");
  const named = Object.entries(headers).map(([name, place]) => [name, readSecret(folder, place)] as const);
  const onLost = (why: string) => log?.warn({ why }, "traces do not reach their collector");
  return openOpenTelemetry({ url, share, serviceName, headers: Object.fromEntries(named), onLost });
}
