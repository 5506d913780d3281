/** What can be told to a collector of traces. */
export type SpanFacts = Readonly<Record<string, string | number | boolean>>;

export interface SpanOrigin {
  /** Of a caller who traces too: a `traceparent` header of W3C Trace Context. Anything else is ignored. */
  readonly traceparent?: string;
  /** Answers somebody, where most spans are steps of our own. */
  readonly answers?: boolean;
}

export interface OpenSpan {
  /** What is known only later. */
  note(facts: SpanFacts): void;
  rename(name: string): void;
}

/**
 * Tells a collector what took how long, and what was part of what: a span that begins while another one's work goes on is inside it. The
 * work's answer and its errors pass through as they are; of an error the span says its code alone. Nothing here ever fails what is
 * traced, or waits for the collector. Names and facts come from a fixed list: never a secret, never a path or a text that a caller wrote.
 */
export interface Tracer {
  span<T>(
    name: string,
    facts: SpanFacts,
    work: (span: OpenSpan) => Promise<T>,
    origin?: SpanOrigin,
  ): Promise<T>;
}
