/** `rulemint serve`: one process that listens, keeps metadata fresh, and takes releases forward until it is told to stop. */
import { stopSignal } from "./stop-signal.js";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createServer } from "node:http";
import { resolve } from "node:path";
import type { Progress, ServeOptions } from "../cli/doors.js";
import { OperationError } from "../core/errors.js";
import { createApp } from "../http/app.js";
import { probeDevices } from "../services/probe-devices.js";
import { beginAccessLog, endAccessLog } from "../services/keep-access-log.js";
import { takeFromOthers } from "../services/open-access.js";
import { composeService, requireHonestKeys } from "./compose-service.js";
import { checkConfiguration } from "./check-configuration.js";
import { type Configuration, listenAddress } from "./configuration.js";
import { giveBackMemory, optimiseLater } from "./give-back.js";
import { beginWork, leads, timer, type Work } from "./leaders-work.js";
import { openLog } from "./open-log.js";
import type { ServiceContext } from "../services/context.js";

/** Commands on this machine hand their entries to this process, and wait. */
const handedMs = 200;
const shutdownMs = 10_000;
const idlePauseMs = 50;
/** The first probes and stamps load what the service does not load again. */
const settleMs = 10_000;

/** Resolves when the service has stopped. */
export async function serve(options: ServeOptions, progress: Progress): Promise<void> {
  const folder = resolve(options.data);
  const configuration = checkConfiguration(folder);
  const { host, port } = listenAddress(options.listen ?? configuration.listen);
  requireHonestKeys(folder, configuration, host);
  optimiseLater();

  // From here on, also while it starts: whoever hears that it listens may tell it to stop at once.
  const stopped = stopSignal();
  const log = openLog(process.env.RULEMINT_LOG ?? configuration.logLevel);
  let work: Work | undefined;
  let endProbes = async (): Promise<void> => undefined;
  let address = "";
  const service = await composeService(folder, configuration, {
    ownAddress: () => address,
    wake: () => work?.wake(),
    serves: true,
    log,
  });
  const { context, stampTime } = service;
  const stopping = new AbortController();
  const parts = { context, requestLog: log, stopping: stopping.signal };
  const server = createServer(createApp({ ...parts, ...(stampTime && { tsa: stampTime }) }));
  let handed: NodeJS.Timeout | undefined;
  let forgetSettling = (): void => undefined;
  try {
    work = await beginWork(service, log);
    handed = setInterval(() => {
      if (!leads(context)) return;
      takeFromOthers(context).catch((error: unknown) => log.error({ err: error }, "access log"));
    }, handedMs);
    await beginAccessLog(context);
    server.listen(port, host);
    await once(server, "listening").catch((cause: Error) => {
      throw new OperationError("STORE_FAILED", `expected to listen on ${host}:${port}: ${cause.message}`, {
        cause,
      });
    });
    address = `http://${host.includes(":") ? `[${host}]` : host}:${(server.address() as AddressInfo).port}`;
    await work.start();
    endProbes = probe(context, configuration);
    forgetSettling = timer(settleMs, giveBackMemory);
    progress(`rulemint listens on ${address}`);
    await stopped;
    progress("stopping");
  } finally {
    stopping.abort();
    forgetSettling();
    await endProbes();
    await work?.pause();
    await closeServer(server);
    clearInterval(handed);
    await endAccessLog(context).catch((error: unknown) => log.error({ err: error }, "access log"));
    await work?.end();
    await service.close();
  }
}

function probe(context: ServiceContext, { probeMinutes }: Configuration): () => Promise<void> {
  return probeDevices(context, {
    timer,
    ...{ signerMinutes: probeMinutes.signer, timestampMinutes: probeMinutes.timestamp },
    random: (bytes) => crypto.getRandomValues(new Uint8Array(bytes)),
  });
}

/** Lets answers under way finish, for a while. Connections that callers keep for later are closed as they fall idle. */
async function closeServer(server: ReturnType<typeof createServer>): Promise<void> {
  if (!server.listening) return;
  const closed = once(server, "close");
  server.close();
  const idle = setInterval(() => server.closeIdleConnections(), idlePauseMs);
  const cancel = timer(shutdownMs, () => server.closeAllConnections());
  await closed;
  clearInterval(idle);
  cancel();
}
