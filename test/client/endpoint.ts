/** An endpoint under test: real state folder, real fetcher, a clock that the test sets, events kept. */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { shellEngine } from "../../src/adapters/endpoint-engine/shell.js";
import { openFilesystemEndpointStore } from "../../src/adapters/endpoint-store/filesystem.js";
import { openHTTPFetcher } from "../../src/adapters/fetcher/http.js";
import { memorySource } from "../../src/core/encoding/stream.js";
import { digestDatabase } from "../../src/core/format/database.js";
import type { UpdateEvent } from "../../src/client/model.js";
import { Updater } from "../../src/client/updater.js";
import { nodeDigest } from "../../src/adapters/node-digest.js";
import type { EndpointStore } from "../../src/ports/endpoint-store.js";
import type { StatusAddresses } from "../core/pki/publisher.js";
import { codec } from "../simulator/packs.js";
import { SimulatedPublisher } from "../simulator/publisher.js";
import { SimulatedServer } from "../simulator/server.js";
import { temporaryFolder } from "../support/temporary.js";

export const start = new Date("2026-11-22T12:00:00Z");

export class TestEndpoint {
  readonly folder: string;
  readonly updater: Updater;
  readonly events: UpdateEvent[];
  readonly #cleanup: () => Promise<void>;

  private constructor(folder: string, updater: Updater, events: UpdateEvent[], cleanup: () => Promise<void>) {
    this.folder = folder;
    this.updater = updater;
    this.events = events;
    this.#cleanup = cleanup;
  }

  static async open(
    folder: string,
    clock: { now(): Date },
    change: (store: EndpointStore) => EndpointStore = (store) => store,
  ): Promise<TestEndpoint> {
    const fetcher = openHTTPFetcher({ silenceMs: 1200, bytesPerSecondMin: 100_000 });
    const events: UpdateEvent[] = [];
    const store = change(await openFilesystemEndpointStore(folder));
    const onEvent = (event: UpdateEvent) => void events.push(event);
    const updater = new Updater({
      store,
      fetcher,
      codec,
      clock,
      digest: nodeDigest,
      engine: shellEngine,
      onEvent,
    });
    return new TestEndpoint(folder, updater, events, () => fetcher.close());
  }

  close(): Promise<void> {
    return this.#cleanup();
  }

  read(name: string): Promise<Buffer> {
    return readFile(join(this.folder, name));
  }

  async databaseSha256(which: "database" | "previous" = "database"): Promise<string> {
    return digestDatabase(memorySource(await this.read(which)), nodeDigest);
  }

  types(): string[] {
    return this.events.splice(0).map(({ type }) => type);
  }
}

/** Publisher, server and endpoint, set up and trusting each other. */
export interface Scene {
  readonly publisher: SimulatedPublisher;
  readonly server: SimulatedServer;
  readonly endpoint: TestEndpoint;
  readonly folder: string;
  /** Moves everybody's clock. */
  wait(days: number): void;
  /** Another endpoint on the same or another state folder. */
  endpointOn(folder: string, change?: (store: EndpointStore) => EndpointStore): Promise<TestEndpoint>;
  close(): Promise<void>;
}

export async function openScene(addresses?: StatusAddresses): Promise<Scene> {
  const publisher = await SimulatedPublisher.create(start, addresses);
  const server = await SimulatedServer.start(publisher.tree);
  const { path: folder, remove } = await temporaryFolder();
  const clock = { now: () => publisher.now };
  const endpoints: TestEndpoint[] = [];
  const endpointOn: Scene["endpointOn"] = async (name, change) => {
    const opened = await TestEndpoint.open(join(folder, name), clock, change);
    endpoints.push(opened);
    return opened;
  };
  const endpoint = await endpointOn("state");
  await endpoint.updater.init({ url: server.url, root: publisher.root });
  return {
    publisher,
    server,
    endpoint,
    folder,
    wait: (days) => {
      publisher.now = publisher.in(days);
    },
    endpointOn,
    close: async () => {
      await Promise.all(endpoints.map((one) => one.close()));
      await server.close();
      await remove();
    },
  };
}

let made = 0;
/** Of a folder that nothing of this process is in yet. */
export const freshName = (): string => `fresh-${made++}`;

/** One that has nothing yet, on the scene's server; each time another. `network`: settings as `configure` takes them. */
export async function freshEndpoint(scene: Scene, network: object = {}): Promise<TestEndpoint> {
  const opened = await scene.endpointOn(freshName());
  await opened.updater.init({ url: scene.server.url, root: scene.publisher.root });
  await opened.updater.configure((now) => ({ ...now, ...network }));
  return opened;
}

/** Indicators of release `n`, none like the other: all but five are shared with the release before. */
export function indicators(n: number, count = 400): string[] {
  return Array.from({ length: count }, (_, i) => {
    const name = createHash("sha256")
      .update(String(i + n * 5))
      .digest("hex");
    return `${name.slice(0, 20)}.example`;
  });
}
