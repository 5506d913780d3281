/** The meter over prom-client, with the process's own figures (memory, CPU, event loop) beside ours. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import type { Labels, Meter, MetricFacts } from "../../ports/meter.js";

/** From a quick answer to a release of millions of indicators. */
const secondsBuckets = [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];

type Metric = Counter | Gauge | Histogram;

export function openPrometheusMeter(table: Readonly<Record<string, MetricFacts>>): Meter {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const metrics = new Map<string, Metric>();
  for (const [name, facts] of Object.entries(table)) metrics.set(name, make(registry, name, facts));
  const find = (name: string): Metric => {
    const metric = metrics.get(name);
    if (metric === undefined) throw new Error(`no metric ${name}`);
    return metric;
  };
  return {
    note: (name, labels, value = 1) => note(find(name), labels, value),
    clear: (name) => find(name).reset(),
    text: () => registry.metrics(),
  };
}

function make(registry: Registry, name: string, { type, help, labels }: MetricFacts): Metric {
  const options = { name, help, labelNames: [...labels], registers: [registry] };
  if (type === "counter") return new Counter(options);
  if (type === "gauge") return new Gauge(options);
  return new Histogram({ ...options, buckets: secondsBuckets });
}

function note(metric: Metric, labels: Labels, value: number): void {
  if (metric instanceof Counter) metric.inc(labels, value);
  else if (metric instanceof Gauge) metric.set(labels, value);
  else metric.observe(labels, value);
}
