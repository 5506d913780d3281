/**
 * The tracer port on OpenTelemetry: OTLP over HTTP, in JSON. Spans wait in a queue of fixed length and are sent in batches; a collector
 * that is away loses them, and is told of once until it is back. The context goes along by Node's own async storage, not by the library's
 * global one: two services of one process share nothing.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { type Context, ROOT_CONTEXT, type Span, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { resourceFromAttributes } from "@opentelemetry/resources";
import {
  AlwaysOffSampler,
  BatchSpanProcessor,
  ParentBasedSampler,
  type SpanExporter,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from "@opentelemetry/sdk-trace";
import { RulemintError } from "../../core/errors.js";
import { version } from "../../core/version.js";
import type { OpenSpan, SpanFacts, SpanOrigin, Tracer } from "../../ports/tracer.js";

export interface TracingOptions {
  /** Where batches are posted: the whole address, `…/v1/traces`. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Of the traces that begin here, 0 to 1. */
  readonly share: number;
  readonly serviceName: string;
  /** Told when batches do not arrive, once until one does. */
  readonly onLost: (why: string) => void;
  readonly timeoutMs?: number;
  readonly batchEveryMs?: number;
}

const queueSpansMax = 2048;

export function openOpenTelemetry(options: TracingOptions): Tracer & { close(): Promise<void> } {
  const { serviceName, share, timeoutMs = 5000, batchEveryMs = 2000 } = options;
  const ratio = new TraceIdRatioBasedSampler(share);
  const processor = new BatchSpanProcessor({
    exporter: tellingLosses(exporterOf(options, timeoutMs), options.onLost),
    ...{ maxQueueSize: queueSpansMax, maxExportBatchSize: 512 },
    ...{ scheduledDelayMillis: batchEveryMs, exportTimeoutMillis: timeoutMs },
  });
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ "service.name": serviceName, "service.version": version }),
    // A caller's wish to be sampled is no order: our share holds for it too.
    sampler: new ParentBasedSampler({
      root: ratio,
      remoteParentSampled: ratio,
      remoteParentNotSampled: new AlwaysOffSampler(),
    }),
    spanProcessors: [processor],
  });
  const tracer = provider.getTracer("rulemint", version);
  const around = new AsyncLocalStorage<Context>();
  return {
    span: (name, facts, work, origin = {}) => {
      const parent = around.getStore() ?? remoteContext(origin);
      const kind = origin.answers === true ? SpanKind.SERVER : SpanKind.INTERNAL;
      const span = tracer.startSpan(name, { kind, attributes: { ...facts } }, parent);
      return around.run(trace.setSpan(parent, span), () => finish(span, work));
    },
    // What is left is sent, for as long as one batch may take. Whether that arrived has been told.
    close: () => provider.shutdown().catch(() => undefined),
  };
}

const exporterOf = ({ url, headers }: TracingOptions, timeoutMillis: number): SpanExporter =>
  new OTLPTraceExporter({ url, headers: { ...headers }, timeoutMillis });

async function finish<T>(span: Span, work: (span: OpenSpan) => Promise<T>): Promise<T> {
  const open: OpenSpan = {
    note: (facts: SpanFacts) => void span.setAttributes({ ...facts }),
    rename: (name) => void span.updateName(name),
  };
  try {
    return await work(open);
  } catch (error) {
    // Messages may quote what somebody sent.
    span.setAttribute("error.type", error instanceof RulemintError ? error.code : "INTERNAL");
    span.setStatus({ code: SpanStatusCode.ERROR });
    throw error;
  } finally {
    span.end();
  }
}

/** W3C Trace Context §3.2, version 00. */
function remoteContext({ traceparent = "" }: SpanOrigin): Context {
  const [, traceId, spanId, flags] =
    /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/.exec(traceparent) ?? [];
  if (traceId === undefined || spanId === undefined || flags === undefined) return ROOT_CONTEXT;
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return ROOT_CONTEXT;
  const facts = { traceId, spanId, traceFlags: Number.parseInt(flags, 16) & 1, isRemote: true };
  return trace.setSpanContext(ROOT_CONTEXT, facts);
}

function tellingLosses(exporter: SpanExporter, onLost: (why: string) => void): SpanExporter {
  let away = false;
  return {
    export: (spans, done) =>
      exporter.export(spans, (result) => {
        const lost = result.code !== 0;
        if (lost && !away) onLost(result.error?.message ?? "no reason given");
        away = lost;
        done(result);
      }),
    shutdown: () => exporter.shutdown(),
    forceFlush: () => exporter.forceFlush?.() ?? Promise.resolve(),
  };
}
