/** The service with a collector, from a submission to the public tree; and with one that nobody answers at. */
import { afterEach, expect, it } from "vitest";
import { temporaryFolder } from "../support/temporary.js";
import { TraceCollector } from "../support/trace-collector.js";
import { indicators, PublisherProcess } from "./publisher-process.js";

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function publisherWith(traces: object, environment: NodeJS.ProcessEnv = {}): Promise<PublisherProcess> {
  const folder = await temporaryFolder();
  ends.push(() => folder.remove());
  const publisher = new PublisherProcess(folder.path, environment);
  await publisher.init();
  publisher.configure({ traces });
  await publisher.start();
  ends.push(() => publisher.stop("SIGKILL"));
  return publisher;
}

it("tells a collector of requests, lint, steps, gates, keys and stores, and none of the secrets", async () => {
  const collector = await TraceCollector.start();
  ends.push(() => collector.close());
  const key = "secret-of-the-collector";
  const headers = { "x-collector-key": { environment: "COLLECTOR_KEY" } };
  const publisher = await publisherWith({ url: collector.url, headers }, { COLLECTOR_KEY: key });
  await publisher.addRules("hosts", { "a.txt": indicators(1) });
  await publisher.release(1);
  expect(await publisher.stop()).toBe(0);

  const request = await collector.span("POST /v1/submissions");
  expect(request).toMatchObject({ kind: 2, facts: { "http.response.status_code": expect.anything() } });
  const lint = await collector.span("lint");
  expect(lint).toMatchObject({ traceId: request.traceId, facts: { "rulemint.ruleset": "hosts" } });
  expect(await collector.span("rules parse")).toMatchObject({
    traceId: request.traceId,
    parentSpanId: lint.spanId,
  });
  const gates = await collector.span("release gates");
  expect(await collector.span("gate shrink-guard")).toMatchObject({ parentSpanId: gates.spanId });
  const steps = ["queued", "built", "assayed", "sealed", "logged"].map((state) => `release after ${state}`);
  for (const name of [...steps, "key publisher sign", "time-stamp stamp", "records commit", "objects put"]) {
    expect((await collector.span(name)).status).toEqual(expect.objectContaining({}));
  }
  expect(collector.headers[0]).toMatchObject({ "x-collector-key": key });
  const tokens = (["analyst", "reviewer", "release-manager", "overseer"] as const).map((role) =>
    publisher.token(role),
  );
  for (const secret of [key, ...tokens]) expect(collector.text.includes(secret)).toBe(false);
  expect(collector.text).not.toMatch(/bearer|authorization|host-1\.example|passphrase/i);
});

it("works and stops as ever when the collector is away, and says so once", async () => {
  const collector = await TraceCollector.start();
  await collector.close();
  const publisher = await publisherWith({ url: collector.url }, { RULEMINT_LOG: "warn" });
  await publisher.addRules("hosts", { "a.txt": indicators(1, 50) });
  await publisher.release(1);
  expect(await publisher.stop()).toBe(0);
  expect(publisher.said.filter((line) => line.includes("traces do not reach their collector"))).toHaveLength(
    1,
  );
});
