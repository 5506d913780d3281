/** Rollouts and reports for a person. */
import type { ReportCurve, Rollout } from "./api-client.js";
import { formatFacts, formatTable, formatTime } from "./figures.js";

export function describeRollout(rollout: Rollout): string {
  const { feed, candidate, stable, stages, stage, state, asked, events } = rollout;
  const ring = stages[stage];
  const where = {
    running: `${ring?.permille ?? 0} of 1000 endpoints, ring ${stage + 1} of ${stages.length}`,
    halted: "HALTED: nobody else gets it",
    done: "everybody",
  }[state];
  const facts = formatFacts([
    ["release", `${candidate} of ${feed}`],
    ["for", where],
    ["since", formatTime(rollout.stageSince)],
    ["others have", state === "done" ? null : `release ${stable}`],
    [
      "asked",
      asked === null
        ? null
        : `${asked.what} by ${asked.by}, ${formatTime(asked.at)}; a second person must ask for the same`,
    ],
  ]);
  const rows = events.map((one) => [
    formatTime(one.at),
    one.what,
    String(one.permille),
    one.by.join(" and ") || "policy",
    one.reason,
  ]);
  return `${facts}\n\n${formatTable(["when", "what", "per mille", "by", "why"], rows)}`;
}

export function describeReports({
  release,
  feed,
  region,
  total,
  hours,
  groups,
  anonymous,
}: ReportCurve): string {
  const facts = formatFacts([
    ["release", `${release} of ${feed}`],
    ["region", region ?? "all"],
    ["installed", String(total.installed)],
    ["failed", String(total.failed)],
    ["rolled back", String(total.rolledBack)],
    ["not told apart", `fewer than ${anonymous} endpoints`],
  ]);
  let adopted = 0;
  const rows = hours.map((one) => {
    adopted += one.installed;
    return [one.hour, ...[one.installed, adopted, one.failed, one.rolledBack].map(String)];
  });
  const curve = formatTable(["hour", "installed", "in all", "failed", "rolled back"], rows);
  const parts = groups.map((one) => [
    one.outcome,
    one.path ?? "few",
    one.code ?? "",
    String(one.count),
    one.rules === null ? "" : [...new Set(one.rules)].join(" to "),
  ]);
  return `${facts}\n\n${curve}\n\n${formatTable(["outcome", "path", "code", "endpoints", "rules loaded"], parts)}`;
}
