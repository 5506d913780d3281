/** Spans as a real collector decodes them, and what happens when there is none. */
import { afterEach, describe, expect, it } from "vitest";
import { openOpenTelemetry } from "../../../src/adapters/tracing/opentelemetry.js";
import { UsageError } from "../../../src/core/errors.js";
import { traceCalls } from "../../../src/services/trace-calls.js";
import { TraceCollector } from "../../support/trace-collector.js";

const lost: string[] = [];
let collector: TraceCollector | undefined;
afterEach(async () => {
  await collector?.close();
  collector = undefined;
  lost.length = 0;
});

const open = (url: string, more: { share?: number; headers?: Record<string, string> } = {}) =>
  openOpenTelemetry({
    ...{ url, share: 1, headers: {}, serviceName: "desk-test", ...more },
    ...{ timeoutMs: 2000, batchEveryMs: 60_000, onLost: (why) => void lost.push(why) },
  });

describe("spans", () => {
  it("arrive with their facts, one inside the other, and with what the operator wants sent along", async () => {
    collector = await TraceCollector.start();
    const tracer = open(collector.url, { headers: { "x-collector-key": "for the collector alone" } });
    const answer = await tracer.span("outer", { kind: "yara", files: 3 }, async (span) => {
      span.note({ status: 201 });
      span.rename("outer, renamed");
      return tracer.span("inner", {}, async () => "the work's answer");
    });
    await tracer.span("beside", {}, async () => undefined);
    await tracer.close();
    expect(answer).toBe("the work's answer");
    const [outer, inner, beside] = await Promise.all(
      ["outer, renamed", "inner", "beside"].map((name) => collector?.span(name)),
    );
    expect(outer).toMatchObject({ facts: { kind: "yara", files: 3, status: 201 }, status: {} });
    expect(outer?.parentSpanId ?? "").toBe("");
    expect(inner).toMatchObject({ traceId: outer?.traceId, parentSpanId: outer?.spanId });
    expect(beside?.traceId).not.toBe(outer?.traceId);
    expect(collector.resources[0]).toMatchObject({ "service.name": "desk-test" });
    expect(collector.headers[0]).toMatchObject({ "x-collector-key": "for the collector alone" });
    expect(collector.text).not.toContain("for the collector alone");
    expect(lost).toEqual([]);
  });

  it("say of an error its code, and not a word of its message", async () => {
    collector = await TraceCollector.start();
    const tracer = open(collector.url);
    const known = new UsageError("REQUEST_INVALID", 'expected a name, got "a caller\'s secret"');
    const unknown = new Error("the password is hunter2");
    await expect(tracer.span("known", {}, () => Promise.reject(known))).rejects.toBe(known);
    await expect(tracer.span("unknown", {}, () => Promise.reject(unknown))).rejects.toBe(unknown);
    await tracer.close();
    expect(await collector.span("known")).toMatchObject({
      ...{ status: { code: 2 }, facts: { "error.type": "REQUEST_INVALID" }, events: [] },
    });
    expect(await collector.span("unknown")).toMatchObject({ facts: { "error.type": "INTERNAL" } });
    expect(collector.text).not.toMatch(/secret|hunter2/);
  });

  const id = { trace: "0af7651916cd43dd8448eb211c80319c", span: "b7ad6b7169203331" };
  it.each([
    ["a caller's trace", `00-${id.trace}-${id.span}-01`, true],
    ["nothing of a version that we do not know", `cc-${id.trace}-${id.span}-01`, false],
    ["nothing of a trace of zeros", `00-${"0".repeat(32)}-${id.span}-01`, false],
    ["nothing of other text", "' or 1=1 --", false],
  ])("go on with %s", async (_what, traceparent, goesOn) => {
    collector = await TraceCollector.start();
    const tracer = open(collector.url);
    await tracer.span("answer", {}, async () => undefined, { traceparent, answers: true });
    await tracer.close();
    const { traceId, parentSpanId, kind } = await collector.span("answer");
    expect({ goesOn: traceId === id.trace && parentSpanId === id.span, kind }).toEqual({ goesOn, kind: 2 });
  });

  it("are of the share that the operator asked for, whatever callers ask for", async () => {
    collector = await TraceCollector.start();
    const tracer = open(collector.url, { share: 0 });
    await tracer.span("root", {}, async () => undefined);
    await tracer.span("of a caller", {}, async () => undefined, {
      traceparent: `00-${id.trace}-${id.span}-01`,
    });
    await tracer.close();
    expect(collector.spans).toEqual([]);
  });
});

it("a collector that is away takes nothing from the work, and is told of once", async () => {
  const gone = await TraceCollector.start();
  await gone.close();
  const tracer = open(gone.url);
  for (let i = 0; i < 3000; i++) expect(await tracer.span("work", {}, async () => i)).toBe(i);
  await tracer.close();
  expect(lost).toHaveLength(1);
});

describe("a port whose calls are traced", () => {
  it("answers as it did, with its other methods, its fields and its errors", async () => {
    collector = await TraceCollector.start();
    const tracer = open(collector.url);
    class Port {
      readonly #secret = 42;
      readonly name = "port";
      async sign(message: number) {
        if (message < 0) throw new UsageError("USAGE", "expected more");
        return message + this.#secret;
      }
      plain() {
        return this.#secret;
      }
    }
    const port = traceCalls(tracer, "key publisher", new Port(), ["sign"]);
    expect([await port.sign(1), port.plain(), port.name]).toEqual([43, 42, "port"]);
    await expect(port.sign(-1)).rejects.toMatchObject({ code: "USAGE" });
    await tracer.close();
    expect(collector.spans.map(({ name }) => name)).toEqual(["key publisher sign", "key publisher sign"]);
  });

  it("is the port itself where nobody traces", () => {
    const port = { sign: async () => 1 };
    expect(traceCalls(undefined, "key", port, ["sign"])).toBe(port);
  });
});
