/**
 * `rulemint client watch`, tied to this process. It loads what a poll needs and no more: an update is a process of its own, whose
 * memory ends with it.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { dirname, join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { systemClock } from "../adapters/clock/system.js";
import { makeFolderDurably, writeFileDurably } from "../adapters/durable-files.js";
import { acquireFileLock } from "../adapters/file-lock.js";
import type { Progress, Report } from "../cli/doors.js";
import type { ClientWatchOptions } from "../cli/watch-options.js";
import { Poller } from "../client/poller.js";
import { readConfig, readState } from "../client/state.js";
import { type UpdateEnd, Watch } from "../client/watch.js";
import { formatWatchMetrics } from "../client/watch-metrics.js";
import { type WatchStatus, writeWatchStatus } from "../client/watch-status.js";
import type { EndpointFiles } from "../ports/endpoint-store.js";
import { Connection } from "./compose-network.js";
import { ReportMail } from "./compose-reports.js";
import { tuneForEndpoint } from "./give-back.js";
import { stopSignal } from "./stop-signal.js";
import { openEndpoint } from "./compose-endpoint-folder.js";

const program = fileURLToPath(new URL("./cli.js", import.meta.url));
const answerCharactersMax = 4 * 1024 * 1024;

/** @throws UsageError USAGE before `init`; OperationError STATE_LOCKED beside another daemon, STORE_* */
export async function watchClient(options: ClientWatchOptions, progress: Progress): Promise<Report> {
  tuneForEndpoint();
  const pauses = new Pauses();
  const state = resolve(options.state);
  const told = new AbortController();
  void stopSignal().then(() => told.abort());
  const store = await openEndpoint(state);
  await readConfig(store.files);
  // SPEC §8.8.1
  const unlock = await acquireFileLock(join(state, "watch-lock"), { tries: 1 });
  const network = new Connection(store.files);
  const tell = teller(store.files, options.textfile, progress);
  const mail = new ReportMail(store, state);
  try {
    progress(`watching; a look at least every ${options.intervalSeconds} seconds`);
    await pauses.wait(Math.random() * options.splaySeconds * 1000, told.signal);
    const watch = new Watch({
      poller: new Poller(store, systemClock, () => network.open()),
      clock: systemClock,
      elapsedMs: () => performance.now(),
      random: Math.random,
      pid: process.pid,
      intervalSeconds: options.intervalSeconds,
      update: (stop) => updateInChild(state, stop),
      wait: pauses.wait,
      stop: told.signal,
      onStatus: async (status) => {
        await tell(status);
        await mail.look();
      },
    });
    const last = await watch.run();
    return { ok: true, json: last, text: `Stopped after ${last.polls} polls and ${last.updates} updates.` };
  } finally {
    pauses.close();
    mail.close();
    await network.close();
    await unlock();
  }
}

/** SIGHUP ends a pause: a look now. One that comes amid a poll or an update ends the pause after it; it never ends the process. */
class Pauses {
  #asked = false;
  #wake = () => {};
  readonly #hear = () => {
    this.#asked = true;
    this.#wake();
  };

  constructor() {
    process.on("SIGHUP", this.#hear);
  }

  readonly wait = async (milliseconds: number, stop: AbortSignal): Promise<void> => {
    const over = new AbortController();
    this.#wake = () => over.abort();
    if (this.#asked) over.abort();
    const signal = AbortSignal.any([stop, over.signal]);
    await sleep(milliseconds, undefined, { signal }).catch(() => undefined);
    this.#asked = false;
  };

  close(): void {
    process.off("SIGHUP", this.#hear);
  }
}

/** Its progress goes where ours goes; its answer is read. Told to stop, it ends between two steps. */
async function updateInChild(state: string, stop: AbortSignal): Promise<UpdateEnd> {
  const words = [program, "client", "update", "--state", state, "--json", "--no-report"];
  const child = spawn(process.execPath, words, { stdio: ["ignore", "pipe", "inherit"] });
  const end = () => void child.kill("SIGTERM");
  stop.addEventListener("abort", end, { once: true });
  try {
    let answer = "";
    child.stdout.setEncoding("utf8").on("data", (part: string) => {
      if (answer.length < answerCharactersMax) answer += part;
    });
    const [exit, signal] = (await once(child, "close")) as [number | null, string | null];
    return readAnswer(answer, signal ?? `exit ${exit}`);
  } catch (cause) {
    return { ok: false, code: "INTERNAL", message: `expected to start an update, got ${String(cause)}` };
  } finally {
    stop.removeEventListener("abort", end);
  }
}

function readAnswer(text: string, how: string): UpdateEnd {
  try {
    const { outcome, error } = JSON.parse(text) as {
      outcome?: string;
      error?: { code: string; message: string };
    };
    if (error !== undefined) return { ok: false, code: error.code, message: error.message };
    if (how === "exit 0" && outcome !== undefined) return { ok: true, outcome };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  return { ok: false, code: "INTERNAL", message: `expected an update to end with an answer, got ${how}` };
}

/** A disk that takes no status is no reason to stop looking for updates. */
function teller(files: EndpointFiles, textfile: string | undefined, progress: Progress) {
  let said = "";
  return async (status: WatchStatus): Promise<void> => {
    const line = lineOf(status);
    if (line !== undefined && line !== said) progress(line);
    if (line !== undefined) said = line;
    try {
      await writeWatchStatus(files, status);
      if (textfile !== undefined) await writeTextfile(textfile, status, files);
    } catch (error) {
      progress(`no status written: ${error instanceof Error ? error.message : String(error)}`);
    }
  };
}

async function writeTextfile(path: string, status: WatchStatus, files: EndpointFiles): Promise<void> {
  const file = resolve(path);
  await makeFolderDurably(dirname(file));
  const text = formatWatchMetrics(status, await readState(files));
  await writeFileDurably(file, new TextEncoder().encode(text));
}

/** Undefined where there is nothing to say. */
function lineOf({ isUpdating, failures, lastError, lastUpdate }: WatchStatus): string | undefined {
  if (isUpdating) return undefined;
  if (failures > 0 && lastError) return `${lastError.code}: ${lastError.message}`;
  return lastUpdate === null ? undefined : `${lastUpdate.at}: ${lastUpdate.outcome}`;
}
