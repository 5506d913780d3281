/**
 * Takes what endpoints report and keeps counts by region, never a report and never an address (SPEC §16.5.3). Many endpoints report in the
 * same minute, so everything that arrives while one commit is under way is added up and goes into the next.
 */
import { type HealthReport, type ReportBatch, readReports } from "../../core/health-report.js";
import { UsageError, quote } from "../../core/errors.js";
import type { FeedName } from "../../core/brands.js";
import type { RecordWrite, Records } from "../../ports/records.js";
import type { ServiceContext } from "../context.js";
import { releaseID, untilCommitted } from "../documents.js";
import type { FeedRecord } from "../model.js";
import { serially } from "../serially.js";
import { reportsAgainst } from "./attend-rollout.js";
import { type ReportCounts, noReports, withReports } from "./judge-rollout.js";
import type { RolloutRecord } from "./model.js";

export interface ReportRules {
  /** Names that customers choose from: where their reports are kept apart. */
  readonly regions: readonly string[];
  /** Fewer endpoints than this are not told apart in what is shown. */
  readonly anonymous: number;
  /** Reports that one source (an IPv4 /24 or IPv6 /48) may send in an hour; 0 asks for nothing. */
  readonly perSourceHour: number;
}

/** Collection `report-counts`, id = region, that of the release, hour, outcome, path and code. */
export interface CountRecord {
  readonly count: number;
  /** Of the rules that engines loaded: least, most. */
  readonly rules: readonly [number, number] | null;
}

/** Older releases are not asked about. */
const releasesBack = 64;
const hourMs = 3_600_000;
const clockHoursMax = 48;

interface Heap {
  readonly waiting: Map<
    string,
    { readonly report: HealthReport; readonly feed: FeedName; readonly region: string }[]
  >;
  flush: Promise<void> | undefined;
}
const heaps = new WeakMap<Records, Heap>();

/** Durable when it resolves. @throws UsageError NOT_FOUND for an unknown region or feed, REQUEST_INVALID; OperationError of the stores */
export async function takeReports(context: ServiceContext, region: string, body: unknown): Promise<void> {
  if (context.settings.reports?.regions.includes(region) !== true) {
    throw new UsageError("NOT_FOUND", `expected a region that takes reports, got ${quote(region)}`);
  }
  const batch: ReportBatch = readReports(body);
  const feed = await context.records.get<FeedRecord>("feeds", batch.feed);
  if (feed === undefined) throw new UsageError("NOT_FOUND", `expected a feed, got ${quote(batch.feed)}`);
  const { published } = feed.body;
  const known = batch.reports.filter(
    ({ release }) => release <= published && release > published - releasesBack,
  );
  if (known.length === 0) return;
  const heap = heaps.get(context.records) ?? { waiting: new Map(), flush: undefined };
  heaps.set(context.records, heap);
  for (const report of known) {
    const id = countID(region, batch.feed, report, context.clock.now());
    heap.waiting.set(id, [...(heap.waiting.get(id) ?? []), { report, feed: batch.feed, region }]);
  }
  heap.flush ??= serially(context.records, "reports", () => flush(context, heap));
  await heap.flush;
}

async function flush(context: ServiceContext, heap: Heap): Promise<void> {
  const taken = [...heap.waiting];
  heap.waiting.clear();
  heap.flush = undefined;
  await untilCommitted(() => commit(context, taken));
  for (const feed of new Set(taken.flatMap(([, all]) => all.map((one) => one.feed))))
    await wakeIfBad(context, feed);
}

async function commit(
  { records }: ServiceContext,
  taken: readonly (readonly [string, Heap["waiting"] extends Map<string, infer V> ? V : never])[],
) {
  const writes: RecordWrite[] = [];
  // Each with the version that it was read with: another process may add at the same time.
  const totals = new Map<string, { counts: ReportCounts; readonly expected: number }>();
  for (const [id, all] of taken) {
    const found = await records.get<CountRecord>("report-counts", id);
    let body = found?.body ?? { count: 0, rules: null };
    for (const { report, feed } of all) {
      body = { count: body.count + report.count, rules: widened(body.rules, report.rules) };
      const release = releaseID(feed, report.release);
      const total = totals.get(release) ?? (await readTotal(records, release));
      const counts = withReports(total.counts, report.outcome, report.count);
      totals.set(release, { ...total, counts });
    }
    writes.push({ collection: "report-counts", id, expected: found?.version ?? 0, body });
  }
  for (const [id, { counts: body, expected }] of totals) {
    writes.push({ collection: "report-totals", id, expected, body });
  }
  await records.commit(writes);
}

async function readTotal(records: Records, release: string) {
  const found = await records.get<ReportCounts>("report-totals", release);
  return { counts: found?.body ?? noReports, expected: found?.version ?? 0 };
}

function widened(range: CountRecord["rules"], rules: number | null): CountRecord["rules"] {
  if (rules === null) return range;
  return range === null ? [rules, rules] : [Math.min(range[0], rules), Math.max(range[1], rules)];
}

/** An hour that no honest clock gives counts as now. */
function countID(region: string, feed: FeedName, report: HealthReport, now: Date): string {
  const { release, outcome, path, code } = report;
  const off = Math.abs(Date.parse(`${report.hour}:00:00Z`) - now.getTime());
  const hour = off <= clockHoursMax * hourMs ? report.hour : now.toISOString().slice(0, 13);
  return [region, releaseID(feed, release), hour, outcome, path, code ?? "-"].join("/");
}

/** SPEC §16.4.3: the rollout does not wait for the clock. */
async function wakeIfBad(context: ServiceContext, feed: FeedName): Promise<void> {
  const found = await context.records.get<RolloutRecord>("rollouts", feed);
  if (found?.body.state !== "running") return;
  if ((await reportsAgainst(context, found.body, context.clock.now())) !== undefined) context.wake();
}
