/**
 * What endpoints tell their publisher about a release, when their owners let them (SPEC §16.5). It names no endpoint: the words of a
 * report are few enough that many endpoints say the same. Reports are claims; nobody signs them.
 */
import { type FeedName, type ReleaseNumber, feedName, releaseNumber } from "./brands.js";
import { type JSONValue, isJSONObject } from "./encoding/json.js";
import { type ErrorCode, UsageError, isErrorCode, quote } from "./errors.js";

export const reportOutcomes = ["installed", "failed", "rolled-back"] as const;
export type ReportOutcome = (typeof reportOutcomes)[number];
export const reportPaths = ["full", "delta", "none"] as const;
export type ReportPath = (typeof reportPaths)[number];

export interface HealthReport {
  readonly release: ReleaseNumber;
  /** The release before; 0 for none. */
  readonly from: number;
  readonly path: ReportPath;
  /** `YYYY-MM-DDTHH`, UTC: no finer, or the time would tell endpoints apart. */
  readonly hour: string;
  readonly outcome: ReportOutcome;
  readonly code: ErrorCode | null;
  /** That the engine loaded; null when nobody counted. */
  readonly rules: number | null;
  /** Endpoints that say so: 1, or more from a customer's own collector. */
  readonly count: number;
}

export interface ReportBatch {
  readonly schema: 1;
  readonly feed: FeedName;
  readonly reports: readonly HealthReport[];
}

export const reportLimits = { reportsMax: 32, countMax: 10_000, rulesMax: 2 ** 31 } as const;

/** SPEC §16.5.2 @throws UsageError REQUEST_INVALID */
export function readReports(value: unknown): ReportBatch {
  const { schema, feed, reports, ...rest } = object(value);
  if (schema !== 1 || Object.keys(rest).length > 0) throw wrong("a batch of schema 1", value);
  if (!Array.isArray(reports) || reports.length === 0 || reports.length > reportLimits.reportsMax) {
    throw wrong(`1 to ${reportLimits.reportsMax} reports`, reports);
  }
  return { schema, feed: plain(() => feedName(feed), feed), reports: reports.map(readReport) };
}

function readReport(value: JSONValue): HealthReport {
  const { release, from, path, hour, outcome, code, rules, count, ...rest } = object(value);
  // SPEC §16.5.2: what is not in the list could say who reports.
  if (Object.keys(rest).length > 0) throw wrong("the members of a report and no other", Object.keys(rest));
  const isPath = reportPaths.find((one) => one === path);
  const isOutcome = reportOutcomes.find((one) => one === outcome);
  if (isPath === undefined || isOutcome === undefined) throw wrong("a path and an outcome", [path, outcome]);
  if (typeof hour !== "string" || !/^\d{4}-\d\d-\d\dT\d\d$/.test(hour)) throw wrong("an hour", hour);
  const known = isErrorCode(code) ? code : null;
  if (code !== null && known === null) throw wrong("an error code or null", code);
  if (rules !== null && !isCount(rules, 0, reportLimits.rulesMax)) throw wrong("a count of rules", rules);
  if (!isCount(count, 1, reportLimits.countMax)) throw wrong("a count of endpoints", count);
  if (!isCount(from, 0, Number.MAX_SAFE_INTEGER)) throw wrong("a release or 0", from);
  const number = plain(() => releaseNumber(release), release);
  return { release: number, from, path: isPath, hour, outcome: isOutcome, code: known, rules, count };
}

function isCount(value: JSONValue | undefined, least: number, most: number): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= least && value <= most;
}

function object(value: unknown): { readonly [name: string]: JSONValue } {
  if (isJSONObject(value as JSONValue)) return value as { readonly [name: string]: JSONValue };
  throw wrong("an object", value);
}

function plain<T>(read: () => T, got: unknown): T {
  try {
    return read();
  } catch (cause) {
    throw new UsageError("REQUEST_INVALID", `expected a name or number of a release, got ${said(got)}`, {
      cause,
    });
  }
}

function wrong(expected: string, got: unknown): UsageError {
  return new UsageError("REQUEST_INVALID", `expected ${expected}, got ${said(got)}`);
}

const said = (value: unknown): string => quote(JSON.stringify(value) ?? "nothing");
