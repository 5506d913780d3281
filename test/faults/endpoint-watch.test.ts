/** `rulemint client watch` as a process: a release that comes, servers that fail, and a death of everybody at any time. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { WatchStatus } from "../../src/client/watch-status.js";
import { digestDatabase } from "../../src/core/format/database.js";
import { memorySource } from "../../src/core/encoding/stream.js";
import { nodeDigest } from "../../src/adapters/node-digest.js";
import { temporaryFolder } from "../support/temporary.js";
import { cliPath, indicators, PublisherProcess, rulemint, until } from "./publisher-process.js";

let folder: { readonly path: string; remove(): Promise<void> };
let publisher: PublisherProcess;
let released = 0;
/** Answers instead of the tree when it says true. */
let instead: (path: string, response: ServerResponse) => boolean = () => false;
const asked: string[] = [];

const server = createServer((request, response) => {
  const path = request.url ?? "/";
  asked.push(path);
  if (instead(path, response)) return;
  const file = join(publisher.data, "public", path);
  if (existsSync(file)) response.end(readFileSync(file));
  else response.writeHead(404).end();
});
const timestamp = "/metadata/timestamp.json";

beforeAll(async () => {
  folder = await temporaryFolder();
  publisher = new PublisherProcess(folder.path);
  await publisher.init();
  await publisher.start();
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  await release();
});
afterAll(async () => {
  await publisher.stop("SIGKILL");
  server.closeAllConnections();
  await new Promise((closed) => server.close(closed));
  await folder.remove();
});

async function release(): Promise<void> {
  released++;
  await publisher.addRules("hosts", { "a.txt": indicators(released) });
  await publisher.release(released);
}

let state = "";
let states = 0;
const daemons: ChildProcess[] = [];
beforeEach(async () => {
  state = join(folder.path, `state-${++states}`);
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const root = join(publisher.data, "root.json");
  const done = await rulemint(["client", "init", "--state", state, "--url", url, "--root", root]);
  expect(done).toMatchObject({ exit: 0 });
});
afterEach(async () => {
  instead = () => false;
  for (const daemon of daemons.splice(0)) await stop(daemon, "SIGTERM");
});

function watch(...options: string[]): ChildProcess {
  const words = [cliPath, "client", "watch", "--state", state, "--interval", "1", "--json", ...options];
  const child = spawn(process.execPath, words, { stdio: ["ignore", "ignore", "ignore"] });
  daemons.push(child);
  return child;
}

async function stop(daemon: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  if (daemon.exitCode !== null || daemon.signalCode !== null) return daemon.exitCode;
  const closed = once(daemon, "close");
  daemon.kill(signal);
  await closed;
  return daemon.exitCode;
}

function said(): WatchStatus | undefined {
  const file = join(state, "watch.json");
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as WatchStatus) : undefined;
}

const says = (what: string, wanted: (status: WatchStatus | undefined) => boolean) =>
  until(what, async () => said(), wanted);

async function status(): Promise<{ installed: { release: number; databaseSha256: string } | null }> {
  return JSON.parse((await rulemint(["client", "status", "--state", state, "--json"])).stdout);
}

async function expectWhole(release: number): Promise<void> {
  const { installed } = await status();
  expect(installed?.release).toBe(release);
  const database = memorySource(readFileSync(join(state, "database")));
  expect(await digestDatabase(database, nodeDigest)).toBe(installed?.databaseSha256);
}

const installs = (release: number) =>
  until(
    `release ${release}`,
    async () => (await status()).installed?.release,
    (one) => one === release,
  );

/** Holds the first pack back until it is told to let go. */
function holdPacks(): { readonly reached: Promise<void>; letGo(): void } {
  let reach: () => void = () => undefined;
  const reached = new Promise<void>((resolve) => {
    reach = resolve;
  });
  const held: (() => void)[] = [];
  instead = (path, response) => {
    if (!path.startsWith("/targets/")) return false;
    held.push(() => response.end(readFileSync(join(publisher.data, "public", path))));
    reach();
    return true;
  };
  return {
    reached,
    letGo: () => {
      instead = () => false;
      for (const answer of held.splice(0)) answer();
    },
  };
}

describe("client watch", () => {
  it("SPEC §8.8.1 takes what is published, says so in its files, is alone, and ends when told to", async () => {
    const metrics = join(folder.path, "metrics", "rulemint.prom");
    const daemon = watch("--textfile", metrics);
    await installs(released);
    await release();
    await installs(released);
    const now = await says("a next poll", (one) => one?.nextPollAt != null && !one.isUpdating);
    expect(now).toMatchObject({
      schema: 1,
      pid: daemon.pid,
      intervalSeconds: 1,
      failures: 0,
      stoppedAt: null,
    });
    // They are written after the status.
    await until(
      "its metrics",
      async () => readFileSync(metrics, "utf8"),
      (text) => text.includes(`\nrulemint_client_release ${released}\n`),
    );
    const second = await rulemint(["client", "watch", "--state", state, "--json"]);
    expect(second.exit).toBe(1);
    expect(JSON.parse(second.stdout)).toMatchObject({ error: { code: "STATE_LOCKED" } });
    expect(await stop(daemon, "SIGTERM")).toBe(0);
    expect(said()?.stoppedAt).not.toBeNull();
    expect(readFileSync(metrics, "utf8")).toMatch(/^rulemint_client_watch_running 0$/m);
    await expectWhole(released);
  });

  it("is in the endpoint's status, with what its polls met", async () => {
    const daemon = watch();
    await installs(released);
    const shown = async () => (await rulemint(["client", "status", "--state", state])).stdout;
    await until("the daemon in the status", shown, (text) => /^next +\S+ .*, every 1 s$/m.test(text));
    instead = (path, response) => path === timestamp && !!response.writeHead(500).end();
    await until("its failures", shown, (text) =>
      /^daemon fails +(once|\d+ times in a row), FETCH_FAILED/m.test(text),
    );
    await stop(daemon, "SIGTERM");
    expect(await shown()).toMatch(/^next +the daemon ended /m);
  });

  it("looks at once on SIGHUP", async () => {
    const daemon = watch("--interval", "3600");
    const first = await says("a first update", (one) => one?.nextPollAt != null);
    daemon.kill("SIGHUP");
    await says("one more poll", (one) => one?.polls === (first?.polls ?? 0) + 1);
  });

  it("SIGHUP in an update does not end it: the look comes after it", async () => {
    const { reached, letGo } = holdPacks();
    const daemon = watch("--interval", "3600");
    await reached;
    daemon.kill("SIGHUP");
    letGo();
    await says("a poll after the update", (one) => one?.polls === 1 && one.nextPollAt !== null);
    expect(daemon.signalCode).toBeNull();
    await expectWhole(released);
  });

  it("keeps what it has while a server lies, names the fault, and goes on when it is over", async () => {
    watch();
    await installs(released);
    const before = released;
    instead = (path, response) => path === timestamp && Boolean(response.end("{}"));
    await says("the fault", (one) => one?.lastError?.code === "METADATA_MALFORMED");
    await expectWhole(before);
    await release();
    instead = () => false;
    await installs(released);
    await says("no fault", (one) => one?.failures === 0 && one.lastError === null);
  });

  it("SPEC §8.3.5 does not ask again a server that wants to be left alone, not even after a restart", async () => {
    const daemon = watch();
    await installs(released);
    instead = (path, response) =>
      path === timestamp && Boolean(response.writeHead(503, { "retry-after": "600" }).end());
    await says("the pause", (one) => one?.lastPoll?.outcome === "FETCH_DEFERRED");
    const waits = Date.parse(said()?.nextPollAt ?? "") - Date.now();
    expect(waits).toBeGreaterThan(300_000);
    const requests = asked.length;
    await stop(daemon, "SIGTERM");
    watch();
    await says("the pause again", (one) => one?.lastUpdate?.outcome === "FETCH_DEFERRED");
    expect(asked.length).toBe(requests);
    await expectWhole(released);
  });
});

describe("death", () => {
  it("of the daemon by kill -9: its update ends by itself, and the next daemon goes on", async () => {
    const { reached, letGo } = holdPacks();
    const daemon = watch();
    await reached;
    await stop(daemon, "SIGKILL");
    watch();
    await says("the other at work", (one) => one?.lastUpdate?.outcome === "STATE_LOCKED");
    letGo();
    await installs(released);
    await says("a round that is well", (one) => one?.lastPoll != null && one.failures === 0);
    await expectWhole(released);
  });

  it("of its update by kill -9: it is named, and tried again", async () => {
    const { reached, letGo } = holdPacks();
    watch();
    await reached;
    const { pid } = JSON.parse(readFileSync(join(state, "lock"), "utf8")) as { pid: number };
    process.kill(pid, "SIGKILL");
    letGo();
    const died = await says("the death", (one) => one?.lastError?.code === "INTERNAL");
    expect(died?.lastError?.message).toContain("SIGKILL");
    await installs(released);
    await says("no fault", (one) => one?.lastError === null);
    await expectWhole(released);
  });

  it("SIGTERM in an update ends both between two steps, and the next one goes on", async () => {
    const { reached, letGo } = holdPacks();
    const daemon = watch();
    await reached;
    expect(await stop(daemon, "SIGTERM")).toBe(0);
    expect(said()).toMatchObject({ lastUpdate: { outcome: "INTERRUPTED" } });
    expect(existsSync(join(state, "lock"))).toBe(false);
    expect(existsSync(join(state, "watch-lock"))).toBe(false);
    letGo();
    watch();
    await installs(released);
    await expectWhole(released);
  });
});
