/** The owner's word on reports, given and taken back; and what a report of this endpoint would look like. Touches no network. */
import type { JSONObject } from "../core/encoding/json.js";
import type { HealthReport } from "../core/health-report.js";
import type { EndpointFiles } from "../ports/endpoint-store.js";
import type { EndpointConfig, EndpointState } from "./model.js";
import { rounded, saidAlready } from "./note-update.js";
import { type ReportChoices, parseReportChoices, reportAddress } from "./report-choices.js";
import { forgetNotes, writeNotes } from "./report-notes.js";
import { type SentReport, type WaitingReport, forgetOutbox, readMail } from "./report-outbox.js";
import { readConfig, readState, writeConfig } from "./state.js";

/** What an endpoint says about its reports. */
export interface ReportStatus extends ReportChoices {
  readonly address: string;
  readonly waiting: readonly WaitingReport[];
  readonly sent: readonly SentReport[];
}

/** Under the lock. @throws UsageError USAGE; OperationError STORE_* */
export async function chooseReports(
  files: EndpointFiles,
  change: (now: ReportChoices | undefined) => ReportChoices | undefined,
): Promise<ReportChoices | undefined> {
  const { reports: now, ...config } = await readConfig(files);
  const next = parseReportChoices(change(now) as JSONObject | undefined);
  if (next !== undefined) reportAddress(config.url, next);
  // The word is the last thing written, and the first thing taken back.
  if (next !== undefined && now === undefined) await writeNotes(files, saidAlready(await readState(files)));
  await writeConfig(files, { ...config, ...(next && { reports: next }) });
  if (next === undefined) {
    await forgetNotes(files);
    await forgetOutbox(files);
  }
  return next;
}

/** Null where the owner has chosen nothing. */
export async function reportStatus(
  files: EndpointFiles,
  { url, reports }: EndpointConfig,
): Promise<ReportStatus | null> {
  if (reports === undefined) return null;
  const { waiting = [], outbox } = (await readMail(files)) ?? {};
  return { ...reports, address: reportAddress(url, reports), waiting, sent: outbox?.sent ?? [] };
}

/** As if the release that is here had just been installed. */
export function sampleReport({ installed, previous, loadedRules }: EndpointState, now: Date): HealthReport {
  const release = installed?.release ?? (1 as HealthReport["release"]);
  return {
    ...{ release, from: previous?.release ?? 0, path: previous ? "delta" : "full" },
    ...{ hour: now.toISOString().slice(0, 13), outcome: "installed", code: null },
    ...{ rules: loadedRules == null ? null : rounded(loadedRules), count: 1 },
  };
}
