/**
 * What reports say about a rollout. Pure: counts, policy and time in, a reason to halt out.
 *
 * Reports are unauthenticated, so anybody can send some. A flood of failures halts, which is the safe side; a flood of successes must not
 * hide failures, so successes count only up to twice of what the fleet is expected to send (SPEC §16.4.4).
 */
import type { ReportOutcome } from "../../core/health-report.js";
import type { HealthPolicy, RolloutRecord } from "./model.js";

export interface ReportCounts {
  readonly installed: number;
  readonly failed: number;
  readonly rolledBack: number;
}

export const noReports: ReportCounts = { installed: 0, failed: 0, rolledBack: 0 };

export function withReports(counts: ReportCounts, outcome: ReportOutcome, count: number): ReportCounts {
  const name = outcome === "rolled-back" ? "rolledBack" : outcome;
  return { ...counts, [name]: counts[name] + count };
}

const floodFactor = 2;

/** Why it must halt; undefined while nothing speaks against it. SPEC §16.4.3 */
export function reasonToHalt(
  rollout: Pick<RolloutRecord, "stages" | "stage" | "stageSince">,
  policy: HealthPolicy,
  candidate: ReportCounts,
  /** Of the release that everybody has. */
  stable: ReportCounts,
  now: Date,
): string | undefined {
  const permille = rollout.stages[rollout.stage]?.permille ?? 0;
  const fleet = Math.max(policy.fleetReports, stable.installed);
  const expected = (fleet * permille) / 1000;
  const total = candidate.installed + candidate.failed + candidate.rolledBack;
  const isKnown = expected >= policy.reportsMin;
  if (total >= policy.reportsMin) {
    const bad = candidate.failed + candidate.rolledBack;
    const all = isKnown ? Math.max(bad, Math.min(total, floodFactor * expected)) : total;
    const failed = share(candidate.failed, all, policy.failurePermilleMax, "failures");
    const back = share(candidate.rolledBack, all, policy.rollbackPermilleMax, "rollbacks");
    if (failed ?? back) return failed ?? back;
  }
  const minutes = (now.getTime() - Date.parse(rollout.stageSince)) / 60_000;
  const least = Math.ceil((expected * policy.silencePermilleMin) / 1000);
  if (isKnown && minutes >= policy.silenceMinutes && total < least) {
    return `silence: expected at least ${least} reports after ${policy.silenceMinutes} minutes, got ${total}`;
  }
  return undefined;
}

function share(bad: number, all: number, permilleMax: number, what: string): string | undefined {
  if (bad * 1000 <= permilleMax * all) return undefined;
  return `${what}: expected at most ${permilleMax} of 1000 reports, got ${bad} of ${Math.round(all)}`;
}
