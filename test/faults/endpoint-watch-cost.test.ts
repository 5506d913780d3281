/** What `rulemint client watch` costs a machine that it waits on, as the kernel counts it: memory at its highest, and CPU by polls and by seconds. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { WatchStatus } from "../../src/client/watch-status.js";
import { corpusDates, corpusFiles } from "../support/corpora.js";
import { temporaryFolder } from "../support/temporary.js";
import { cliPath, PublisherProcess, rulemint, until } from "./publisher-process.js";

const residentMiBMax = 80;
const polls = 20;
/** A minute apart, as they are unless somebody chooses otherwise, this is a thousandth of one core. */
const pollMsMax = 60;

let folder: { readonly path: string; remove(): Promise<void> };
let publisher: PublisherProcess;
let daemon: ChildProcess;
const state = () => join(folder.path, "state");

/** The Sigma corpus where it is; as many rules where it is not. */
async function sigmaRules(): Promise<Record<string, string>> {
  const date = corpusDates("sigma").at(-1);
  const files = date === undefined ? [] : await corpusFiles("sigma", date);
  const texts = files
    .filter(({ path }) => path.endsWith(".yml"))
    .map(({ bytes }) => new TextDecoder().decode(bytes));
  if (texts.length > 0) return numbered(texts);
  const rule = (n: number) => `title: Rule ${n}
id: 00000000-0000-4000-8000-${String(n).padStart(12, "0")}
logsource:
  category: process_creation
detection:
  selection:
    CommandLine|contains: word-${n}
  condition: selection
`;
  return numbered(Array.from({ length: 3700 }, (_, n) => rule(n)));
}

const numbered = (texts: readonly string[]) => Object.fromEntries(texts.map((text, n) => [`${n}.yml`, text]));

beforeAll(async () => {
  folder = await temporaryFolder();
  publisher = new PublisherProcess(folder.path);
  await publisher.init();
  await publisher.start();
  await publisher.addRules("sigma", await sigmaRules(), "sigma");
  await publisher.release(1);
  const words = ["--state", state(), "--url", publisher.origin, "--root", join(publisher.data, "root.json")];
  expect(await rulemint(["client", "init", ...words])).toMatchObject({ exit: 0 });
  daemon = spawn(process.execPath, [cliPath, "client", "watch", "--state", state(), "--interval", "3600"], {
    stdio: "ignore",
  });
});
afterAll(async () => {
  const ended = once(daemon, "close");
  daemon.kill("SIGTERM");
  await ended;
  await publisher.stop();
  await folder.remove();
});

function said(): WatchStatus | undefined {
  const file = join(state(), "watch.json");
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as WatchStatus) : undefined;
}
const says = (what: string, wanted: (status: WatchStatus | undefined) => boolean) =>
  until(what, async () => said(), wanted);

/** Looks so many times, one after the other. */
async function poll(times: number): Promise<void> {
  for (let i = 0; i < times; i++) {
    const before = said()?.polls ?? 0;
    daemon.kill("SIGHUP");
    await says("one more poll", (one) => one?.polls === before + 1 && one.nextPollAt !== null);
  }
}

/** Of the daemon alone: its updates are processes of their own, which end. proc(5): utime and stime are the 14th and 15th. */
function cpuMs(): number {
  const fields = readFileSync(`/proc/${daemon.pid}/stat`, "utf8")
    .replace(/^.*\) /, "")
    .split(" ");
  const ticksPerSecond = Number(execFileSync("getconf", ["CLK_TCK"], { encoding: "utf8" }));
  return ((Number(fields[11]) + Number(fields[12])) * 1000) / ticksPerSecond;
}

function residentMiB(which: "VmRSS" | "VmHWM"): number {
  const status = readFileSync(`/proc/${daemon.pid}/status`, "utf8");
  return Number(new RegExp(`^${which}:\\s+(\\d+) kB$`, "m").exec(status)?.[1]) / 1024;
}

it("a daemon that follows a feed of Sigma rules stays small, and does nothing between two looks", async () => {
  await says("a first update", (one) => one?.lastUpdate?.outcome === "updated" && one.nextPollAt !== null);
  await poll(5);
  const start = cpuMs();
  await poll(polls);
  const pollMs = (cpuMs() - start) / polls;
  const idleFrom = cpuMs();
  await pause(3000);
  const idleMs = cpuMs() - idleFrom;
  const [now, highest] = [residentMiB("VmRSS"), residentMiB("VmHWM")];
  console.log(
    `watch: ${now.toFixed(0)} MiB resident, ${highest.toFixed(0)} at most; ${pollMs.toFixed(1)} ms of CPU a poll, ${idleMs} in 3 s without one`,
  );
  expect(highest).toBeLessThanOrEqual(residentMiBMax);
  expect(pollMs).toBeLessThanOrEqual(pollMsMax);
  // Two ticks of the kernel's clock.
  expect(idleMs).toBeLessThanOrEqual(20);
});
