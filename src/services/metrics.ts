/** What the service measures. Labels take few values each; never a name that a caller chose freely. */
import type { Meter, MetricFacts } from "../ports/meter.js";
import type { ServiceContext } from "./context.js";
import { releaseID } from "./documents.js";
import { listExpiries } from "./expiries.js";
import { type FeedRecord, type ReleaseRecord, releaseStates } from "./model.js";

const dayMs = 86_400_000;

export const metricTable = {
  rulemint_expiry_days: {
    type: "gauge",
    help: "Days until something that publishing depends on ends",
    labels: ["kind", "name"],
  },
  rulemint_http_request_seconds: {
    type: "seconds",
    help: "Requests by route of the contract and status",
    labels: ["method", "route", "status"],
  },
  rulemint_release_step_seconds: {
    type: "seconds",
    help: "Steps of releases: built, signed, sealed, logged, published, or failed",
    labels: ["feed", "step", "outcome"],
  },
  rulemint_release_gate_seconds: {
    type: "seconds",
    help: "Gates on compiled releases",
    labels: ["feed", "gate", "outcome"],
  },
  rulemint_release_seconds: {
    type: "seconds",
    help: "From the order to build to the public tree",
    labels: ["feed"],
  },
  rulemint_releases_waiting: {
    type: "gauge",
    help: "Releases under way by state; 1 or 0 for each feed",
    labels: ["feed", "state"],
  },
  rulemint_release_blocked: {
    type: "gauge",
    help: "1 while the newest release of the feed waits for the world to be mended",
    labels: ["feed"],
  },
  rulemint_release_failed: {
    type: "gauge",
    help: "1 while the newest release of the feed is one that failed, by a gate or by its rules",
    labels: ["feed"],
  },
  rulemint_release_newest: {
    type: "gauge",
    help: "Number of the newest and of the newest published release",
    labels: ["feed", "which"],
  },
  rulemint_device_up: {
    type: "gauge",
    help: "1 when the last use or probe of the key or authority succeeded",
    labels: ["device"],
  },
  rulemint_device_seconds: {
    type: "seconds",
    help: "Uses and probes of keys and of the time-stamp authority",
    labels: ["device", "outcome"],
  },
  rulemint_leading: {
    type: "gauge",
    help: "1 while this process does the scheduled work: it leads those on the same PostgreSQL, or is the only one",
    labels: [],
  },
  rulemint_scheduler_failures_total: {
    type: "counter",
    help: "Scheduled work that failed and is tried again",
    labels: [],
  },
} as const satisfies Record<string, MetricFacts>;

type MetricName = keyof typeof metricTable;
type MetricContext = ServiceContext & { readonly meter: Meter };

/** A measurement, when somebody measures. */
export function measure(
  { meter }: Pick<ServiceContext, "meter">,
  name: MetricName,
  labels: Readonly<Record<string, string>>,
  value?: number,
): void {
  meter?.note(name, labels, value);
}

/** All measurements as text; what stands in the records is read now. @throws OperationError of the stores */
export async function readMetrics(context: MetricContext): Promise<string> {
  const { meter } = context;
  const now = context.clock.now().getTime();
  const gauges: [MetricName, Readonly<Record<string, string>>, number][] = [];
  for (const { kind, name, expires } of await listExpiries(context)) {
    gauges.push(["rulemint_expiry_days", { kind, name }, (expires.getTime() - now) / dayMs]);
  }
  for (const { body } of await context.records.list<FeedRecord>("feeds")) {
    gauges.push(...(await feedGauges(context, body)));
  }
  for (const [name] of gauges) meter.clear(name);
  for (const [name, labels, value] of gauges) meter.note(name, labels, value);
  return meter.text();
}

async function feedGauges(
  { records }: Pick<ServiceContext, "records">,
  { name: feed, newest, published }: FeedRecord,
): Promise<[MetricName, Readonly<Record<string, string>>, number][]> {
  const found = await records.get<ReleaseRecord>("releases", releaseID(feed, newest));
  const state = found?.body.state;
  const over = state === undefined || state === "published" || state === "failed";
  return [
    ["rulemint_release_newest", { feed, which: "newest" }, newest],
    ["rulemint_release_newest", { feed, which: "published" }, published],
    ["rulemint_release_blocked", { feed }, Number(!over && found?.body.waitingFor !== null)],
    ["rulemint_release_failed", { feed }, Number(state === "failed")],
    ...releaseStates
      .filter((one) => one !== "published" && one !== "failed")
      .map((one) => {
        const labels = { feed, state: one };
        return ["rulemint_releases_waiting", labels, Number(one === state)] as [
          MetricName,
          typeof labels,
          number,
        ];
      }),
  ];
}
