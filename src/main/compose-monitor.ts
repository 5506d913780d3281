/** `rulemint monitor` put together: its folder, its looks, and how it shouts. */
import { spawn } from "node:child_process";
import { once as first } from "node:events";
import { resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { systemClock } from "../adapters/clock/system.js";
import { openFilesystemEndpointStore } from "../adapters/endpoint-store/filesystem.js";
import { openFetcher } from "../adapters/fetcher/open.js";
import { nodeDigest } from "../adapters/node-digest.js";
import { describeAlarm, describeEntry, describeLook } from "../cli/describe-log.js";
import type { Progress, Report } from "../cli/doors.js";
import type { MonitorOptions } from "../cli/log-doors.js";
import { utf8Text } from "../core/encoding/bytes.js";
import { OperationError, UsageError } from "../core/errors.js";
import { parseLogPolicy } from "../core/log/log-policy.js";
import { noteKeyType, parseVerifierKey } from "../core/log/verifier-key.js";
import { lookAtLog, markTold } from "../monitor/look-at-log.js";
import type { Alarm, Look, MonitorContext } from "../monitor/model.js";
import { readInput } from "./compose-endpoint.js";
import { stopSignal } from "./stop-signal.js";

/** Until it is told to stop, or for one look. The answer is no when there is an alarm, or the log could not be asked. */
export async function monitorLog(options: MonitorOptions, progress: Progress): Promise<Report> {
  const key = parseVerifierKey(options.vkey);
  if (key.type !== noteKeyType)
    throw new UsageError("USAGE", "expected the verifier key of a log, got a witness's");
  const { policy, tree, staleSeconds } = options;
  const store = await openFilesystemEndpointStore(resolve(options.data));
  const unlock = await store.lock();
  const fetcher = openFetcher();
  const context: MonitorContext = {
    ...{ files: store.files, fetcher, clock: systemClock, digest: nodeDigest, key, url: options.url },
    ...(policy !== undefined && { policy: parseLogPolicy(utf8Text(readInput(policy))) }),
    ...(tree !== undefined && { tree }),
    ...(staleSeconds !== undefined && { staleSeconds }),
    expected: new Set(options.expected),
  };
  try {
    return await follow(context, options, progress);
  } finally {
    await fetcher.close();
    await unlock();
  }
}

async function follow(context: MonitorContext, options: MonitorOptions, progress: Progress): Promise<Report> {
  const stop = stopSignal();
  for (;;) {
    const look = await lookAtLog(context);
    await shout(look, options, progress);
    await markTold(context);
    const ended =
      options.once || (await Promise.race([stop.then(() => true), sleep(options.seconds * 1000, false)]));
    if (!ended) continue;
    const unreached = look.unreached.some((what) => what.startsWith("the log:"));
    const ok = look.alarms.length === 0 && !unreached;
    const { head, ...rest } = look;
    const json = {
      ok,
      head: head && { size: head.size, root: Buffer.from(head.root).toString("base64") },
      ...rest,
    };
    return { ok, json, text: describeLook(look) };
  }
}

async function shout(look: Look, { onAlarm, once }: MonitorOptions, progress: Progress): Promise<void> {
  if (!once) for (const seen of look.entries) progress(describeEntry(seen));
  for (const what of look.unreached) progress(`not reached: ${what}`);
  for (const alarm of look.fresh) {
    progress(describeAlarm(alarm));
    if (onAlarm !== undefined) await runHook(onAlarm, alarm, progress);
  }
}

/** A hook that fails must not keep the others from being called. */
async function runHook(command: string, alarm: Alarm, progress: Progress): Promise<void> {
  try {
    const child = spawn("/bin/sh", ["-c", command], {
      stdio: ["pipe", "ignore", "inherit"],
      env: { ...process.env, RULEMINT_ALARM: alarm.code },
    });
    child.stdin.on("error", () => undefined);
    child.stdin.end(`${JSON.stringify(alarm)}\n`);
    const [code] = (await first(child, "close")) as [number | null];
    if (code !== 0) throw new OperationError("INTERNAL", `expected exit 0, got ${code}`);
  } catch (error) {
    progress(`the alarm's command failed: ${error instanceof Error ? error.message : String(error)}`);
  }
}
