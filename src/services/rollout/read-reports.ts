/** Adoption and failures of a release, hour by hour, from the counts of reports. What too few endpoints say is not told apart. */
import type { FeedName, ReleaseNumber } from "../../core/brands.js";
import { type ReportOutcome, type ReportPath, reportOutcomes } from "../../core/health-report.js";
import type { ServiceContext } from "../context.js";
import { releaseID, requireRelease } from "../documents.js";
import type { Identity } from "../model.js";
import { requireRole } from "../roles.js";
import { type ReportCounts, noReports, withReports } from "./judge-rollout.js";
import type { CountRecord } from "./take-reports.js";

export interface ReportHour extends ReportCounts {
  readonly hour: string;
}

/** Null stands for "few": groups of fewer endpoints than may be told apart, put together. */
export interface ReportGroup {
  readonly outcome: ReportOutcome;
  readonly path: ReportPath | null;
  readonly code: string | null;
  readonly count: number;
  readonly rules: readonly [number, number] | null;
}

export interface ReportCurve {
  readonly feed: FeedName;
  readonly release: ReleaseNumber;
  /** Null: all regions. */
  readonly region: string | null;
  readonly anonymous: number;
  readonly total: ReportCounts;
  /** Oldest first. */
  readonly hours: readonly ReportHour[];
  readonly groups: readonly ReportGroup[];
}

/** @throws PolicyError ROLE_REFUSED; UsageError NOT_FOUND */
export async function readReportCurve(
  context: ServiceContext,
  identity: Identity,
  {
    feed,
    release,
    region,
  }: { readonly feed: FeedName; readonly release: ReleaseNumber; readonly region?: string },
): Promise<ReportCurve> {
  requireRole(identity, "release-manager", "reviewer", "auditor");
  await requireRelease(context.records, feed, release);
  const rules = context.settings.reports;
  const anonymous = rules?.anonymous ?? 1;
  const hours = new Map<string, ReportCounts>();
  const groups = new Map<string, ReportGroup>();
  let total = noReports;
  for (const one of region === undefined ? (rules?.regions ?? []) : [region]) {
    const prefix = `${one}/${releaseID(feed, release)}/`;
    for (const { id, body } of await context.records.list<CountRecord>("report-counts", { prefix })) {
      const [hour = "", outcome, path, code] = id.slice(prefix.length).split("/");
      const said = outcome as ReportOutcome;
      total = withReports(total, said, body.count);
      hours.set(hour, withReports(hours.get(hour) ?? noReports, said, body.count));
      addGroup(groups, {
        outcome: said,
        path: path as ReportPath,
        code: code === "-" ? null : (code ?? null),
        ...body,
      });
    }
  }
  return {
    ...{ feed, release, region: region ?? null, anonymous, total },
    hours: inHours(hours, anonymous),
    groups: fold([...groups.values()], anonymous),
  };
}

/** SPEC §16.5.4: too few endpoints go with the next hour, and the last few with the one before. */
function inHours(hours: ReadonlyMap<string, ReportCounts>, anonymous: number): ReportHour[] {
  const shown: ReportHour[] = [];
  for (const [hour, counts] of [...hours].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const last = shown.at(-1);
    if (last === undefined || sum(last) >= anonymous) shown.push({ hour, ...counts });
    else shown.splice(-1, 1, { hour, ...added(last, counts) });
  }
  const [before, last] = shown.slice(-2);
  if (before !== undefined && last !== undefined && sum(last) < anonymous)
    shown.splice(-2, 2, { hour: last.hour, ...added(before, last) });
  return shown;
}

const sum = ({ installed, failed, rolledBack }: ReportCounts): number => installed + failed + rolledBack;

const added = (a: ReportCounts, b: ReportCounts): ReportCounts => ({
  installed: a.installed + b.installed,
  failed: a.failed + b.failed,
  rolledBack: a.rolledBack + b.rolledBack,
});

function addGroup(groups: Map<string, ReportGroup>, group: ReportGroup): void {
  const key = `${group.outcome}/${group.path}/${group.code}`;
  const known = groups.get(key);
  groups.set(key, known === undefined ? group : merged(known, group));
}

function merged(a: ReportGroup, b: ReportGroup): ReportGroup {
  const ranges = [a.rules, b.rules].filter((range) => range !== null).flat();
  const rules = ranges.length === 0 ? null : ([Math.min(...ranges), Math.max(...ranges)] as const);
  return { ...a, count: a.count + b.count, rules };
}

/** SPEC §16.5.4 */
function fold(groups: readonly ReportGroup[], anonymous: number): ReportGroup[] {
  const shown = groups.filter(({ count }) => count >= anonymous);
  for (const outcome of reportOutcomes) {
    const few = groups.filter((one) => one.outcome === outcome && one.count < anonymous);
    if (few.length === 0) continue;
    const count = few.reduce((all, one) => all + one.count, 0);
    shown.push({ outcome, path: null, code: null, count, rules: null });
  }
  return shown.sort((a, b) => b.count - a.count);
}
