/**
 * Many endpoints at one server through a whole release: a ring, a wider ring, a halt, and the release that mends it. Each is the updater
 * that people run, with every check, over real connections; only its disk is memory. RULEMINT_FLEET_ENDPOINTS says how many.
 */
import { createHash } from "node:crypto";
import { expect, it } from "vitest";
import { openHTTPFetcher } from "../../src/adapters/fetcher/http.js";
import { nodeDigest } from "../../src/adapters/node-digest.js";
import { Updater } from "../../src/client/updater.js";
import type { EndpointStore } from "../../src/ports/endpoint-store.js";
import { codec } from "../simulator/packs.js";
import { SimulatedPublisher } from "../simulator/publisher.js";
import { SimulatedServer } from "../simulator/server.js";
import { memoryEndpointStore } from "../support/memory-endpoint-store.js";
import { indicators, start } from "./endpoint.js";

const size = Number(process.env.RULEMINT_FLEET_ENDPOINTS ?? 40);
const atOnce = 16;

/** SPEC §16.1.4, written down a second time. */
function draw(id: string, release: number): number {
  const digest = createHash("sha256").update(`rulemint-ring-v1\n${id}\nendpoint\n${release}`).digest();
  return Math.floor((digest.readUInt32BE(0) * 1000) / 2 ** 32);
}

it("ends as the policy says, endpoint by endpoint, and no answer is an error", {
  timeout: 60_000 + size * 1000,
}, async () => {
  const publisher = await SimulatedPublisher.create(start);
  const server = await SimulatedServer.start(publisher.tree);
  const fetcher = openHTTPFetcher();
  const clock = { now: () => publisher.now };
  const stores = Array.from({ length: size }, memoryEndpointStore);
  const ids = stores.map((_, i) => createHash("sha256").update(`endpoint ${i}`).digest("hex").slice(0, 32));
  // As in a program that starts for every update: nothing is remembered but what the store has.
  const updater = (store: EndpointStore) => new Updater({ store, fetcher, codec, clock, digest: nodeDigest });

  let failures = 0;
  /** Everybody updates; then each has the release that `wanted` says of its draw. */
  const round = async (what: string, wanted: (id: string) => number) => {
    const queue = [...stores.entries()];
    const [requests, sent, began] = [server.requests.length, server.sent, process.cpuUsage()];
    const wrong: number[] = [];
    const work = async () => {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
        const [i, store] = next;
        const result = await updater(store)
          .update()
          .catch((error: unknown) => error);
        const release = (result as { release?: number }).release;
        if (release === undefined) failures++;
        if (release !== wanted(ids[i] as string)) wrong.push(i);
      }
    };
    await Promise.all(Array.from({ length: atOnce }, work));
    const { user, system } = process.cpuUsage(began);
    const each = (value: number) => (value / size).toFixed(2);
    console.log(
      `fleet, ${what}: ${size} endpoints, each ${each(server.requests.length - requests)} requests, ` +
        `${each(server.sent - sent)} bytes of bodies, ${each((user + system) / 1000)} ms of CPU, server included`,
    );
    expect(wrong, what).toEqual([]);
  };

  try {
    await publisher.release(indicators(1));
    for (const [i, store] of stores.entries()) {
      await updater(store).init({ url: server.url, root: publisher.root, exportKinds: [] });
      await store.files.write("ring-id", new TextEncoder().encode(ids[i]));
    }
    await round("the first release", () => 1);
    await round("nothing new", () => 1);
    await publisher.release(indicators(2));
    await publisher.ring(100);
    await round("a candidate for 100 of 1000", (id) => (draw(id, 2) < 100 ? 2 : 1));
    await publisher.ring(300);
    await round("for 300", (id) => (draw(id, 2) < 300 ? 2 : 1));
    await publisher.ring(0);
    await round("halted", (id) => (draw(id, 2) < 300 ? 2 : 1));
    await publisher.release(indicators(3));
    await publisher.ring(500, 1, 3);
    await round("what mends it, for 500", (id) => (draw(id, 3) < 500 ? 3 : draw(id, 2) < 300 ? 2 : 1));
    await publisher.ring(1000, 1, 3);
    await round("for everybody", () => 3);
    expect(failures).toBe(0);
    // Whoever asked for it was served: what is not there is the next root, and a delta that nobody made.
    const absent = server.requests.filter((path) => !publisher.tree.has(path));
    expect(
      [...new Set(absent)].every((path) =>
        /^metadata\/\d+\.root\.json$|^(crl|ocsp|log|evidence)\//.test(path),
      ),
    ).toBe(true);
  } finally {
    await fetcher.close();
    await server.close();
  }
});
