/** What can be measured: a number that only grows, one that goes up and down, or how long something took. */
export interface MetricFacts {
  readonly type: "counter" | "gauge" | "seconds";
  readonly help: string;
  readonly labels: readonly string[];
}

export type Labels = Readonly<Record<string, string>>;

/**
 * Keeps measurements in memory for whoever collects them. Names and labels are those of the table that it was made with; anything else
 * is a programmer's error. Nothing here ever fails what is being measured.
 */
export interface Meter {
  /** Adds one to a counter, or sets a gauge, or notes a duration in seconds. */
  note(name: string, labels: Labels, value?: number): void;
  /** Forgets all values of a gauge, before it is set anew. */
  clear(name: string): void;
  /** In the text format of Prometheus, version 0.0.4. */
  text(): Promise<string>;
}
