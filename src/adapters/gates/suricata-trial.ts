/**
 * Suricata over the exported rules: it loads them, and reads captures of network traffic (`.pcap`, `.pcapng`) against all of them, as one that
 * `pass` keeps silent would be silent at an endpoint.
 */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { copyFile, mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { EngineTrial, TrialFinding } from "../../ports/release-gates.js";
import { storeError, systemCode } from "../durable-files.js";
import { loadRules, readCaptures, suricataVersion } from "../suricata-program.js";
import { reasonNotToAsk } from "../suricata-rules.js";
import { type CleanScan, scanFault } from "./clean-scan.js";
import { nothingScanned, nothingTried, timed, type Trial } from "./trial.js";

const readTimeoutMs = 300_000;
const findingsMax = 100;
/** One alert of each rule says enough, and no rule fills the disk. */
const oneAlertEach = "threshold gen_id 0, sig_id 0, type limit, track by_rule, count 1, seconds 31536000\n";

interface ExportedRule {
  /** As `1:7`. */
  readonly id: string;
  readonly text: string;
}

export async function trySuricata(trial: Trial): Promise<EngineTrial> {
  const version = await suricataVersion();
  if (version === undefined) return { engine: null, ...nothingTried };
  const rules = await exportedRules(trial);
  const asked = rules.filter(({ text }) => reasonNotToAsk(text, version) === undefined);
  const others = rules.length - asked.length;
  const engine = `Suricata ${version}${others === 0 ? "" : `, not asked about ${others} rules`}`;
  const texts = asked.map(({ text }) => text);
  const samples = trial.samples.filter(({ path }) => path !== "");
  const clean = trial.files.some(({ changed }) => changed) ? await trial.clean(isCapture) : [];
  // 15,000 rules are 9 s of CPU: of a release that leaves them as they are, nobody waits for that again.
  const digest = createHash("sha256")
    .update([engine, ...texts].join("\n"))
    .digest("hex");
  const known = samples.length + clean.length === 0 ? trial.loads.secondsOf(digest) : undefined;
  if (known !== undefined) return { engine: `${engine}, as before`, ...nothingTried, loadSeconds: known };
  const load = await loadRules(trial.folder, texts);
  const refusals: TrialFinding[] = load.refused.slice(0, findingsMax).map(({ at, reason }) => {
    return { rule: (asked[at] as ExportedRule).id, message: reason };
  });
  if (load.failure !== undefined) refusals.push({ rule: null, message: load.failure });
  const loadSeconds = load.seconds;
  if (refusals.length > 0) return { engine, ...nothingTried, refusals, loadSeconds };
  trial.loads.remember(digest, loadSeconds);
  const tried = await timed(() => trySamples(trial.folder, samples));
  const held = await timed(async () =>
    clean.length === 0 ? nothingScanned : scanClean(trial.folder, clean),
  );
  return {
    ...{ engine, refusals, loadSeconds, missed: tried.result, samples: samples.length },
    ...{ sampleSeconds: tried.seconds, hits: held.result.hits, cleanFiles: held.result.scanned },
    cleanSeconds: held.seconds,
  };
}

function isCapture(path: string): boolean {
  return /\.pcap(?:ng)?$/i.test(path);
}

/** SPEC §3.11.5: one rule a line, its ids last; the disabled ones are comments. */
async function exportedRules({ folder, files }: Trial): Promise<ExportedRule[]> {
  const rules: ExportedRule[] = [];
  for (const { path } of files) {
    const lines = createInterface({
      input: createReadStream(join(folder, path), "latin1"),
      crlfDelay: Infinity,
    });
    for await (const text of lines) {
      const [, gid = "1", sid] = /(?:[ (]gid:(\d+);)?[ (]sid:(\d+);\)$/.exec(text) ?? [];
      if (!text.startsWith("#") && sid !== undefined) rules.push({ id: `${gid}:${sid}`, text });
    }
  }
  return rules;
}

/** One at a time: alerts of captures that are read together cannot be told apart. */
async function trySamples(folder: string, samples: Trial["samples"]): Promise<TrialFinding[]> {
  const missed: TrialFinding[] = [];
  for (const { rule, path } of samples) {
    const { exit, alerts } = await alertsIn(folder, [path]);
    if (exit === 0 && alerts.has(rule)) continue;
    const got = exit === 0 ? "no alert" : "no answer";
    missed.push({ rule, message: `expected an alert of ${rule} on ${path}, got ${got}` });
  }
  return missed;
}

async function scanClean(folder: string, clean: readonly string[]): Promise<CleanScan> {
  await store(() => writeFile(join(folder, "one-alert-each.config"), oneAlertEach));
  const { alerts, ...run } = await alertsIn(folder, clean, "one-alert-each.config");
  const scanned = Number(/pcap: read (\d+) files?/.exec(run.stdout + run.stderr)?.[1] ?? 0);
  const fault = scanFault(run, { listed: clean.length, scanned, endedWell: [0] });
  if (fault !== undefined) return { hits: [fault], scanned };
  const where = clean.length === 1 ? clean[0] : `one of ${clean.length}`;
  const hits = [...alerts].slice(0, findingsMax).map((rule) => {
    return { rule, message: `gives an alert on clean captures: ${where}` };
  });
  return { hits, scanned };
}

/** Ids of rules that gave one. The captures are copied: the engine sees nothing outside its folder. */
async function alertsIn(folder: string, captures: readonly string[], thresholds?: string) {
  const [copies, out] = [join(folder, "captures"), join(folder, "out")];
  await store(async () => {
    for (const one of [copies, out]) await rm(one, { recursive: true, force: true });
    for (const one of [copies, out]) await mkdir(one);
    for (const [i, path] of captures.entries())
      await copyFile(path, join(copies, `${i}.pcap`)).catch(passOverUnreadable);
  });
  const run = await readCaptures(folder, "captures", {
    ...{ out: "out", timeoutMs: readTimeoutMs },
    ...(thresholds === undefined ? {} : { thresholds }),
  });
  return { ...run, alerts: run.exit === 0 ? await readAlerts(join(out, "eve.json")) : new Set<string>() };
}

/** It is missed where the engine tells how many it read. */
function passOverUnreadable(cause: unknown): void {
  const code = systemCode(cause);
  if (code !== "ENOENT" && code !== "EACCES") throw cause;
}

async function readAlerts(path: string): Promise<Set<string>> {
  const alerts = new Set<string>();
  await store(async () => {
    for await (const line of createInterface({ input: createReadStream(path), crlfDelay: Infinity })) {
      const [, gid, sid] = /"alert":\{"action":"\w+","gid":(\d+),"signature_id":(\d+),/.exec(line) ?? [];
      if (sid !== undefined) alerts.add(`${gid}:${sid}`);
    }
  });
  return alerts;
}

async function store(work: () => Promise<void>): Promise<void> {
  await work().catch((cause: unknown) => {
    throw storeError(cause, "reading captures for a gate");
  });
}
