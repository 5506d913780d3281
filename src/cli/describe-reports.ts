/** An endpoint's own reports for a person. */
import type { ReportStatus } from "../client/choose-reports.js";
import type { ReportChoices } from "../client/report-choices.js";
import type { HealthReport } from "../core/health-report.js";
import { formatFacts, formatTime } from "./figures.js";

export function describeReportChoices(reports: ReportChoices | undefined): string {
  if (reports === undefined) return "none: nobody is told anything";
  const { url = "the publisher", region, delaySeconds } = reports;
  return `to ${url}, region ${region}, within ${delaySeconds} seconds`;
}

/** For a line of `client status`. */
export function reportLine(reports: ReportStatus | null): string {
  if (reports === null) return "none: nobody is told anything";
  const { address, waiting, sent } = reports;
  const last = sent.at(-1);
  const told = last && `; last: release ${last.report.release} ${last.report.outcome}, ${last.answer}`;
  return `to ${address}, ${waiting.length} waiting${told ?? ""}`;
}

export function describeReports(reports: ReportStatus | null): string {
  if (reports === null) return "Nobody is told anything (client configure --report on --region NAME).";
  const waiting = reports.waiting.map(({ report, dueAt }): [string, string] => [
    "waits",
    `${said(report)}; due ${formatTime(dueAt)}`,
  ]);
  const sent = reports.sent.map(({ report, at, answer }): [string, string] => [
    answer,
    `${said(report)}; ${formatTime(at)}`,
  ]);
  return formatFacts([["reports", `to ${reports.address}`], ...waiting, ...sent]);
}

function said({ release, outcome, path, code, rules }: HealthReport): string {
  const parts = [path === "none" ? null : `by ${path}`, code, rules === null ? null : `${rules} rules`];
  return [`release ${release} ${outcome}`, ...parts.filter((part) => part !== null)].join(", ");
}
