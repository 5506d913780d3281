/** `rulemint monitor` as a stranger runs it: a process that knows a log by address and key, and shouts by exit code and hook. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { feedName, releaseNumber, sha256Hex } from "../../src/core/brands.js";
import { formatNote, parseNote } from "../../src/core/log/note.js";
import { formatReleaseLogEntry } from "../../src/core/log/release-entries.js";
import { rulemint, until } from "../faults/publisher-process.js";
import { serveFolder, type StaticTree } from "../faults/static-tree.js";
import { TestLog } from "../support/log-world.js";
import { Running } from "../support/running.js";
import { temporaryFolder } from "../support/temporary.js";

const time = `${new Date().toISOString().slice(0, 19)}Z`;
const heartbeat = (n: number) =>
  formatReleaseLogEntry({ kind: "heartbeat", time, intervalSeconds: 3600, releases: { endpoint: n } });
const withdrawal = formatReleaseLogEntry({
  ...{ kind: "withdrawal", time, feed: feedName("endpoint"), release: releaseNumber(1), restores: null },
});
const root = formatReleaseLogEntry({ kind: "root", time, version: 1, sha256: sha256Hex("0".repeat(64)) });

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let server: StaticTree;
let log: TestLog;
const at = (name: string) => join(folder.path, name);
const words = () => ["monitor", "--data", at("m"), "--url", server.url, "--vkey", log.log.vkey];
const hook = () => ["--on-alarm", `cat >> '${at("alarms")}'`];
const alarms = () =>
  existsSync(at("alarms"))
    ? readFileSync(at("alarms"), "utf8")
        .trim()
        .split("\n")
        // The shell makes the file before it writes to it.
        .filter((line) => line !== "")
        .map((line) => JSON.parse(line).code)
    : [];

function show(one: TestLog): void {
  const checkpoint = formatNote(one.checkpoint());
  for (const [name, bytes] of [...one.files, ["checkpoint", checkpoint] as const]) {
    mkdirSync(dirname(at(`log/${name}`)), { recursive: true });
    writeFileSync(at(`log/${name}`), bytes);
  }
}

async function look(...more: string[]) {
  const { exit, stdout } = await rulemint([...words(), "--once", "--json", ...hook(), ...more]);
  return { exit, answer: JSON.parse(stdout) };
}

beforeEach(async () => {
  folder = await temporaryFolder();
  log = new TestLog().append(root, heartbeat(0));
  show(log);
  server = await serveFolder(at("log"));
});
afterEach(async () => {
  await server.close();
  await folder.remove();
});

describe("rulemint monitor --once", () => {
  it("SPEC §11.11.3 shouts at a fork by exit code and hook, keeps both checkpoints, and never lets go", async () => {
    expect(await look()).toMatchObject({ exit: 0, answer: { ok: true, head: { size: 2 } } });
    expect(alarms()).toEqual([]);
    const fork = new TestLog().append(root, heartbeat(1), heartbeat(2));
    show(fork);
    const { exit, answer } = await look();
    expect([exit, answer.alarms[0].code]).toEqual([1, "LOG_FORK"]);
    const texts = answer.alarms[0].evidence.map(
      (name: string) => parseNote(new Uint8Array(readFileSync(at(`m/${name}`)))).text,
    );
    expect(texts).toEqual([log.checkpoint().text, fork.checkpoint().text]);
    show(log.append(heartbeat(3)));
    expect((await look()).exit).toBe(1);
    expect(alarms()).toEqual(["LOG_FORK"]);
  });

  it("exits with 1 for what nobody announced, with 0 when it was, and with 1 for a log that is away", async () => {
    await look();
    show(log.append(withdrawal));
    expect(await look("--expect", "withdrawal:endpoint/1")).toMatchObject({ exit: 0 });
    show(log.append(withdrawal));
    expect(await look()).toMatchObject({ exit: 1, answer: { alarms: [{ code: "LOG_ENTRY_UNEXPECTED" }] } });
    expect(alarms()).toEqual(["LOG_ENTRY_UNEXPECTED"]);
    const { close } = server;
    await close();
    expect(await look()).toMatchObject({ exit: 1, answer: { alarms: [] } });
    server = await serveFolder(at("log"));
  });

  it.each<[string, string[], number, RegExp]>([
    ["a witness's key", ["--vkey", "w+00000000+AAAA"], 1, /NOTE_MALFORMED/],
    ["no address", ["--vkey", "x"], 2, /--url/],
  ])("says what is wrong with %s", async (_rule, more, exit, said) => {
    const given = exit === 2 ? ["monitor", "--data", at("m"), ...more] : [...words(), ...more, "--once"];
    expect(await rulemint(given)).toMatchObject({ exit, stderr: expect.stringMatching(said) });
  });
});

describe("rulemint monitor, running", () => {
  it("prints entries as they come, shouts once, and goes on where it was after it was killed", async () => {
    const start = () => new Running([...words(), "--every", "1", ...hook()]);
    const first = start();
    await first.line(/^1 {2}\S+ {2}heartbeat/);
    expect(await rulemint([...words(), "--once"])).toMatchObject({
      ...{ exit: 1, stderr: expect.stringContaining("STATE_LOCKED") },
    });
    show(log.append(heartbeat(5)));
    await first.line(/^2 {2}\S+ {2}heartbeat/);
    await first.stop("SIGKILL");
    show(log.append(heartbeat(6), withdrawal));
    const second = start();
    await second.line(/^ALARM: LOG_ENTRY_UNEXPECTED/);
    await until(
      "the hook",
      async () => alarms(),
      (codes) => codes.length > 0,
    );
    expect(second.said.filter((line) => /^\d/.test(line)).map((line) => Number.parseInt(line, 10))).toEqual([
      3, 4,
    ]);
    show(log.append(heartbeat(7)));
    await second.line(/^5 {2}/);
    expect(await second.stop()).toBe(0);
    expect(alarms()).toEqual(["LOG_ENTRY_UNEXPECTED"]);
  });

  it("ends with 1 while an alarm stands, and with a hook that fails says so and goes on", async () => {
    await look();
    const monitor = new Running([...words(), "--every", "1", "--on-alarm", "exit 3"]);
    show(new TestLog().append(root, heartbeat(8)));
    await monitor.line(/the alarm's command failed: expected exit 0, got 3/);
    expect(await monitor.stop()).toBe(1);
    expect(monitor.stdout).toContain("LOG_FORK");
  });
});
