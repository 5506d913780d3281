/** An endpoint's reports, tied to the network and to this process. */
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { systemClock } from "../adapters/clock/system.js";
import { openFilesystemEndpointStore } from "../adapters/endpoint-store/filesystem.js";
import { acquireFileLock } from "../adapters/file-lock.js";
import { httpReportSender, reportRequestText } from "../adapters/fetcher/post-report.js";
import { describeReports } from "../cli/describe-reports.js";
import type { Report } from "../cli/doors.js";
import type { ClientReportOptions } from "../cli/report-doors.js";
import { reportStatus, sampleReport } from "../client/choose-reports.js";
import { parseReportChoices, reportAddress } from "../client/report-choices.js";
import { dueInMs, readMail } from "../client/report-outbox.js";
import { type SendingParts, reportBody, sendReport } from "../client/send-report.js";
import { readConfig, readState } from "../client/state.js";
import { OperationError } from "../core/errors.js";
import type { EndpointStore } from "../ports/endpoint-store.js";
import { networkOf } from "./compose-network.js";
import { openEndpoint } from "./compose-endpoint-folder.js";

export async function reportClient(options: ClientReportOptions): Promise<Report> {
  const store = await openEndpoint(options.state);
  if (options.show) return showRequests(store, options);
  if (options.send) await sendAll(store, resolve(options.state));
  const status = await reportStatus(store.files, await readConfig(store.files));
  return { ok: true, json: { reports: status }, text: describeReports(status) };
}

/** What waits, or an example where nothing does. */
async function showRequests(store: EndpointStore, { region, url }: ClientReportOptions): Promise<Report> {
  const config = await readConfig(store.files);
  const chosen = { region: "region", ...config.reports, ...(region && { region }), ...(url && { url }) };
  const choices = parseReportChoices(chosen) ?? chosen;
  const address = reportAddress(config.url, choices);
  const waiting = (await readMail(store.files))?.waiting ?? [];
  const isExample = config.reports === undefined || waiting.length === 0;
  const reports = isExample
    ? [sampleReport(await readState(store.files), systemClock.now())]
    : waiting.map(({ report }) => report);
  const requests = reports.map((report) => reportRequestText(address, reportBody(config.feed, report)));
  return { ok: true, json: { isExample, address, requests }, text: requests.join("\n\n") };
}

async function sendAll(store: EndpointStore, state: string): Promise<void> {
  for (;;) {
    const mail = await readMail(store.files);
    const wait = mail && dueInMs(mail, systemClock.now());
    if (wait === undefined) return;
    await sleep(wait);
    if ((await sendOne(store, state)) === undefined) return;
  }
}

/** After an update, when its answer is out: one report that is due. Nothing that goes wrong here is worth a word. */
export async function mailReport(state: string): Promise<void> {
  const folder = resolve(state);
  if (!existsSync(folder)) return;
  await sendOne(await openFilesystemEndpointStore(folder), folder);
}

/** One sender at a time: what is marked as being out, and nobody has the lock, was lost with its sender. */
async function sendOne(store: EndpointStore, state: string) {
  try {
    // Most endpoints report nothing: they need no lock for that.
    if ((await readMail(store.files)) === undefined) return undefined;
    const unlock = await acquireFileLock(join(state, "report-lock"), { tries: 1 });
    try {
      return await sendReport(partsOf(store));
    } finally {
      await unlock();
    }
  } catch (error) {
    // Somebody else sends, or the disk takes nothing: no news about reports, and the next update says what is wrong with the disk.
    if (error instanceof OperationError) return undefined;
    throw error;
  }
}

function partsOf({ files }: EndpointStore): SendingParts {
  const sender = httpReportSender(() => networkOf(files));
  return { files, sender, now: () => systemClock.now(), random: Math.random };
}

/** A daemon's: a timer for what is due next, set anew whenever it looks. */
export class ReportMail {
  readonly #store: EndpointStore;
  readonly #state: string;
  #timer: NodeJS.Timeout | undefined;
  #isBusy = false;

  constructor(store: EndpointStore, state: string) {
    this.#store = store;
    this.#state = state;
  }

  async look(): Promise<void> {
    if (this.#isBusy) return;
    clearTimeout(this.#timer);
    const wait = await this.#waitMs();
    if (wait !== undefined) this.#timer = setTimeout(() => void this.#send(), Math.min(wait, 3_600_000));
  }

  async #waitMs(): Promise<number | undefined> {
    try {
      const mail = await readMail(this.#store.files);
      return mail && dueInMs(mail, systemClock.now());
    } catch (error) {
      if (error instanceof OperationError) return undefined;
      throw error;
    }
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  async #send(): Promise<void> {
    this.#isBusy = true;
    try {
      await sendOne(this.#store, this.#state);
    } finally {
      this.#isBusy = false;
    }
  }
}
