/** The endpoint for Prometheus' textfile collector. Only what holds is there: no release, no line about it. */
import type { EndpointState } from "./model.js";
import type { WatchStatus } from "./watch-status.js";

type Row = readonly [name: string, type: "gauge" | "counter", help: string, value: number | null];

export function formatWatchMetrics(watch: WatchStatus, state: EndpointState): string {
  const { installed, lastSuccess, lastFailure, waiting, spent } = state;
  const rows: Row[] = [
    ["release", "gauge", "Release in use.", installed?.release ?? null],
    ["release_created_timestamp_seconds", "gauge", "When it was made.", unix(installed?.createdAt)],
    ["newest_release", "gauge", "Newest release proven here.", state.trusted?.release ?? null],
    ["waiting", "gauge", "1 while a ring or a choice keeps the newest release away.", waiting ? 1 : 0],
    ["last_success_timestamp_seconds", "gauge", "Last update that succeeded.", unix(lastSuccess?.at)],
    ["last_failure_timestamp_seconds", "gauge", "Last failure since then.", unix(lastFailure?.at)],
    ["exported", "gauge", "1 when the export is of the release in use.", isExported(state) ? 1 : 0],
    ["log_forked", "gauge", "1 when the log showed two histories.", state.logFork ? 1 : 0],
    ["bytes_today", "gauge", "Bytes of bodies on the UTC day of the last update.", spent?.bytes ?? 0],
    ["watch_running", "gauge", "1 while the daemon has not ended.", watch.stoppedAt === null ? 1 : 0],
    ["watch_polls_total", "counter", "Polls since the start.", watch.polls],
    ["watch_updates_total", "counter", "Updates since the start.", watch.updates],
    ["watch_failures", "gauge", "Failures since the last round that went well.", watch.failures],
    ["watch_last_poll_timestamp_seconds", "gauge", "Last poll.", unix(watch.lastPoll?.at)],
    ["watch_next_poll_timestamp_seconds", "gauge", "Next poll.", unix(watch.nextPollAt)],
  ];
  const known = rows.filter(([, , , value]) => value !== null);
  return known
    .map(([name, type, help, value]) => {
      const full = `rulemint_client_${name}`;
      return `# HELP ${full} ${help}\n# TYPE ${full} ${type}\n${full} ${value}\n`;
    })
    .join("");
}

function isExported({ installed, exportedSha256 }: EndpointState): boolean {
  return installed !== null && installed.databaseSha256 === exportedSha256;
}

function unix(time: string | null | undefined): number | null {
  return time ? Math.floor(Date.parse(time) / 1000) : null;
}
