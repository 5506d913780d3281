/** `rulemint witness …`: a witness as its own process, and what there is to say about it. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { resolve } from "node:path";
import { pino } from "pino";
import { describeWitness } from "../cli/describe-log.js";
import type { Progress, Report } from "../cli/doors.js";
import type { WitnessInitOptions } from "../cli/log-doors.js";
import { OperationError, UsageError } from "../core/errors.js";
import { parseCheckpoint } from "../core/log/checkpoint.js";
import { parseNote } from "../core/log/note.js";
import { formatVerifierKey, parseVerifierKey } from "../core/log/verifier-key.js";
import { createWitnessApp } from "../http/witness-app.js";
import { cosignCheckpoint, cosignedCheckpoint } from "../witness/cosign-checkpoint.js";
import { makeWitness, openWitness, readWitness, setWitnessLogs } from "./compose-witness.js";
import { listenAddress } from "./configuration.js";
import { stopSignal } from "./stop-signal.js";

export async function initWitness({ data, name, logs, key }: WitnessInitOptions): Promise<Report> {
  await makeWitness(resolve(data), name, logs, key);
  return showWitness(data);
}

export async function showWitness(data: string): Promise<Report> {
  const folder = resolve(data);
  const { context, settings, close } = await openWitness(folder);
  await close();
  const logs = await Promise.all(
    settings.logs.map(async (vkey) => {
      const stored = await context.state.read(parseVerifierKey(vkey).name);
      const last = stored === undefined ? null : parseCheckpoint(parseNote(stored).text);
      return { vkey, cosigned: last && { size: last.size, root: Buffer.from(last.root).toString("base64") } };
    }),
  );
  const view = { name: settings.name, vkey: formatVerifierKey(context.key), listen: settings.listen, logs };
  return { ok: true, json: view, text: describeWitness(view) };
}

export async function changeWitnessLogs(
  data: string,
  { add, remove }: { readonly add?: string; readonly remove?: string },
): Promise<Report> {
  const folder = resolve(data);
  const { logs } = readWitness(folder);
  if (remove !== undefined && !logs.includes(remove)) {
    throw new UsageError("USAGE", `expected a log that this witness follows, got ${remove}`);
  }
  const others = logs.filter((one) => one !== remove && one !== add);
  await setWitnessLogs(folder, add === undefined ? others : [...others, add]);
  return showWitness(data);
}

/** Resolves when it has stopped. */
export async function serveWitness(
  data: string,
  listen: string | undefined,
  progress: Progress,
): Promise<void> {
  const folder = resolve(data);
  const { context, settings, close } = await openWitness(folder);
  const { host, port } = listenAddress(listen ?? settings.listen);
  const stopped = stopSignal();
  const log = pino({ level: process.env.RULEMINT_LOG ?? "warn" }, pino.destination(2));
  const door = {
    add: (body: Uint8Array) => cosignCheckpoint(context, body),
    shown: (originSha256: string) => cosignedCheckpoint(context, originSha256),
  };
  const server = createServer(
    { requestTimeout: 30_000, headersTimeout: 10_000 },
    createWitnessApp(door, (error) => log.error({ err: error }, "the witness could not answer")),
  );
  try {
    server.listen(port, host);
    await once(server, "listening").catch((cause: Error) => {
      throw new OperationError("STORE_FAILED", `expected to listen on ${host}:${port}: ${cause.message}`, {
        cause,
      });
    });
    const at = `http://${host.includes(":") ? `[${host}]` : host}:${(server.address() as AddressInfo).port}`;
    progress(`witness ${formatVerifierKey(context.key)} listens on ${at}`);
    await stopped;
  } finally {
    const closed = server.listening ? once(server, "close") : undefined;
    server.close();
    server.closeIdleConnections();
    await closed;
    await close();
  }
}
