/**
 * Many endpoints at one `rulemint serve` through whole releases: a ring, a wider ring that two persons skip to, a halt, and the recall. Each
 * is the updater that people run, staying up as a daemon does, with every check, over real connections; only its disk is memory.
 * RULEMINT_FLEET_ENDPOINTS says how many.
 */
import { createHash } from "node:crypto";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { readFileSync } from "node:fs";
import type { Socket } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openHTTPFetcher } from "../../src/adapters/fetcher/http.js";
import { nodeDigest } from "../../src/adapters/node-digest.js";
import type { Turn } from "../../src/client/ring-choices.js";
import { Updater } from "../../src/client/updater.js";
import { codec } from "../simulator/packs.js";
import { memoryEndpointStore } from "../support/memory-endpoint-store.js";
import { temporaryFolder } from "../support/temporary.js";
import { PublisherProcess, indicators, inState, until } from "./publisher-process.js";

const size = Number(process.env.RULEMINT_FLEET_ENDPOINTS ?? 40);
const atOnce = 16;
const stages = [100, 300, 1000].map((permille) => ({ permille, hours: 24 }));

/** SPEC §16.1.4, written down a second time. */
function draw(id: string, release: number): number {
  const digest = createHash("sha256").update(`rulemint-ring-v1\n${id}\nendpoint\n${release}`).digest();
  return Math.floor((digest.readUInt32BE(0) * 1000) / 2 ** 32);
}

interface Endpoint {
  readonly id: string;
  readonly turn: Turn;
  readonly updater: Updater;
}

let folder: { readonly path: string; remove(): Promise<void> };
let publisher: PublisherProcess;
const fetcher = openHTTPFetcher();
const endpoints: Endpoint[] = [];

/** What goes over the wire: connections, and how each request was answered. */
const sockets = new Set<Socket>();
const answers = new Map<number, number>();
/** Not what people do between two rounds. */
let counting = false;
const onConnected = (message: unknown) => void sockets.add((message as { socket: Socket }).socket);
const onHeaders = (message: unknown) => {
  if (!counting) return;
  const { statusCode } = (message as { response: { statusCode: number } }).response;
  answers.set(statusCode, (answers.get(statusCode) ?? 0) + 1);
};
const requests = () => [...answers.values()].reduce((sum, count) => sum + count, 0);
const wireBytes = () =>
  [...sockets].reduce((sum, { bytesRead, bytesWritten }) => sum + bytesRead + bytesWritten, 0);

beforeAll(async () => {
  folder = await temporaryFolder();
  publisher = new PublisherProcess(folder.path);
  await publisher.init();
  const health = {
    reportsMin: 1000,
    failurePermilleMax: 1000,
    rollbackPermilleMax: 1000,
    silenceMinutes: 60,
  };
  publisher.configure({ rings: { endpoint: { stages, health } } });
  await publisher.start();
});
afterAll(async () => {
  unsubscribe("undici:client:connected", onConnected);
  unsubscribe("undici:request:headers", onHeaders);
  await fetcher.close();
  await publisher.stop();
  await folder.remove();
});

async function openEndpoints(): Promise<void> {
  const root = readFileSync(join(publisher.data, "root.json"));
  const clock = { now: () => new Date() };
  for (let i = 0; i < size; i++) {
    const store = memoryEndpointStore();
    const updater = new Updater({ store, fetcher, codec, clock, digest: nodeDigest });
    const id = createHash("sha256").update(`endpoint ${i}`).digest("hex").slice(0, 32);
    const turn = i % 20 === 0 ? "early" : i % 20 === 1 ? "late" : i % 20 === 2 ? "stable" : "drawn";
    await updater.init({ url: publisher.origin, root, exportKinds: [] });
    if (turn !== "drawn") await updater.chooseRings((now) => ({ ...now, turn }));
    await store.files.write("ring-id", new TextEncoder().encode(id));
    endpoints.push({ id, turn, updater });
  }
}

/** Everybody updates; then each has the release that `wanted` says. */
async function round(what: string, wanted: (endpoint: Endpoint) => number): Promise<void> {
  const queue = [...endpoints];
  const [asked, bytes, cpu, began] = [requests(), wireBytes(), process.cpuUsage(), performance.now()];
  const wrong: string[] = [];
  const work = async () => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const due = wanted(next);
      const got = await next.updater.update().then(
        ({ release }) => release,
        (error: unknown) => error,
      );
      if (got !== due) wrong.push(`${next.turn} ${next.id}: expected ${due}, got ${got}`);
    }
  };
  counting = true;
  await Promise.all(Array.from({ length: atOnce }, work));
  counting = false;
  const { user, system } = process.cpuUsage(cpu);
  const each = (value: number, digits: number) => (value / size).toFixed(digits);
  console.log(
    `fleet, ${what}: ${size} endpoints in ${((performance.now() - began) / 1000).toFixed(1)} s, each ${each(requests() - asked, 2)} requests, ` +
      `${each(wireBytes() - bytes, 0)} bytes on the wire, ${each((user + system) / 1000, 1)} ms of CPU without the server's`,
  );
  expect(wrong.slice(0, 5), what).toEqual([]);
}

/** The timestamp that endpoints read says so. */
async function offered(permille: number): Promise<void> {
  const path = join(publisher.data, "public/metadata/timestamp.json");
  await until(
    `a ring of ${permille}`,
    async () => JSON.parse(readFileSync(path, "utf8")).signed["x-rulemint"]?.rings?.endpoint?.permille,
    (now) => now === permille,
  );
}

it("ends as the policy says, endpoint by endpoint, and no answer is an error", {
  timeout: 120_000 + size * 2000,
}, async () => {
  await publisher.addRules("hosts", { "a.txt": indicators(1) });
  await publisher.release(1);
  subscribe("undici:client:connected", onConnected);
  subscribe("undici:request:headers", onHeaders);
  await openEndpoints();
  await round("the first release", () => 1);
  await round("nothing new", () => 1);

  await publisher.addRules("hosts", { "a.txt": indicators(2) });
  await publisher.release(2);
  const hasIt = ({ turn, id }: Endpoint, permille: number) =>
    turn === "early" || (turn === "drawn" && draw(id, 2) < permille);
  await offered(100);
  await round("a candidate for 100 of 1000", (one) => (hasIt(one, 100) ? 2 : 1));
  const words = ["--feed", "endpoint", "--permille", "300", "--reason", "urgent", "--json"];
  expect((await publisher.cli("release-manager", "rollout", "skip", ...words)).exit).toBe(0);
  await round("one person alone skips nothing", (one) => (hasIt(one, 100) ? 2 : 1));
  expect((await publisher.cli("reviewer", "rollout", "skip", ...words)).exit).toBe(0);
  await offered(300);
  await round("for 300", (one) => (hasIt(one, 300) ? 2 : 1));
  await publisher
    .as("release-manager")
    .haltRollout("endpoint", { release: 2, reason: "calls from customers" });
  await offered(0);
  await round("halted", (one) => (hasIt(one, 300) ? 2 : 1));

  await publisher.as("release-manager").withdrawRelease("endpoint", 2, { reason: "it is bad" });
  await publisher.reaches(3, inState("signed"));
  expect((await publisher.assay()).exit).toBe(0);
  await publisher.publish(3);
  await publisher.reaches(3, inState("published"));
  await round("recalled, for everybody", () => 3);

  const said = [...answers].map(([status, count]) => `${count} of ${status}`).join(", ");
  console.log(`fleet: answers ${said}; ${sockets.size} connections`);
  // What is not there is the next root.
  expect([...answers.keys()].sort().filter((status) => ![200, 304, 404].includes(status))).toEqual([]);
});
