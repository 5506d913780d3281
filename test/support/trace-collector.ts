/** A collector of OTLP over HTTP on this machine: it decodes what comes, and keeps it. */
import type { IncomingHttpHeaders } from "node:http";
import { once } from "node:events";
import { listen, stop } from "./listen.js";

export interface CollectedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly status: { readonly code?: number; readonly message?: string };
  readonly facts: Readonly<Record<string, unknown>>;
  readonly events: readonly unknown[];
}

interface Attribute {
  readonly key: string;
  readonly value: Readonly<Record<string, unknown>>;
}

interface Batch {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly Attribute[] };
    readonly scopeSpans: readonly {
      readonly spans: readonly (Omit<CollectedSpan, "facts" | "events"> & {
        readonly attributes?: readonly Attribute[];
        readonly events?: readonly unknown[];
      })[];
    }[];
  }[];
}

const factsOf = (attributes: readonly Attribute[] = []): Record<string, unknown> =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));

export class TraceCollector {
  readonly spans: CollectedSpan[] = [];
  readonly resources: Record<string, unknown>[] = [];
  readonly headers: IncomingHttpHeaders[] = [];
  /** Every byte that came. */
  text = "";
  url = "";
  #close = async (): Promise<void> => undefined;
  readonly #arrived = new EventTarget();

  static async start(): Promise<TraceCollector> {
    const collector = new TraceCollector();
    const { server, origin } = await listen((request, response) => {
      const parts: Buffer[] = [];
      request.on("data", (part: Buffer) => parts.push(part));
      request.on("end", () => {
        collector.#take(request.headers, Buffer.concat(parts).toString("utf8"));
        response.writeHead(200, { "content-type": "application/json" }).end("{}");
      });
    });
    collector.url = `${origin}/v1/traces`;
    collector.#close = () => stop(server);
    return collector;
  }

  #take(headers: IncomingHttpHeaders, text: string): void {
    this.headers.push(headers);
    this.text += text;
    const { resourceSpans } = JSON.parse(text) as Batch;
    for (const { resource, scopeSpans } of resourceSpans) {
      this.resources.push(factsOf(resource.attributes));
      for (const { attributes, events = [], ...span } of scopeSpans.flatMap(({ spans }) => spans))
        this.spans.push({ ...span, events, facts: factsOf(attributes) });
    }
    this.#arrived.dispatchEvent(new Event("batch"));
  }

  /** The first span of this name, once it has come. */
  async span(name: string | RegExp): Promise<CollectedSpan> {
    for (;;) {
      const found = this.spans.find((span) =>
        typeof name === "string" ? span.name === name : name.test(span.name),
      );
      if (found !== undefined) return found;
      await once(this.#arrived, "batch");
    }
  }

  close(): Promise<void> {
    return this.#close();
  }
}
