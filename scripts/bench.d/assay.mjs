// From approval to published, with every party a process of its own (publisher with its witnesses and time-stamp authority, an overseer that
// watches), and where the time goes; and what the overseer's rebuild costs against the publisher's own compile.
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { corpora } from "./corpora.mjs";
import { cli, feed, openPublisher, reaches, rulemint } from "./service.mjs";

const secondsMax = { sigma: 10 };
const ratioMax = { ioc: 1.2 };
const ticks = Number(execFileSync("getconf", ["CLK_TCK"], { encoding: "utf8" }));

/** Seconds of CPU that a process has used, all its threads. */
function cpuOf(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / ticks;
}

/** Seconds that steps of releases have taken so far, by step. */
async function stepsOf(publisher) {
  const text = await publisher.api("monitor").getMetrics();
  const found = new Map();
  for (const [, labels, seconds] of text.matchAll(
    /^rulemint_release_(?:step|gate)_seconds_sum\{(.*)\} (\S+)$/gm,
  )) {
    const step = /(?:step|gate)="([^"]*)"/.exec(labels)[1];
    found.set(step, (found.get(step) ?? 0) + Number(seconds));
  }
  return (step, before) => (found.get(step) ?? 0) - (before?.(step) ?? 0);
}

function startOverseer(publisher) {
  const words = ["assay", "watch", "--data", publisher.overseer];
  return spawn(process.execPath, [cli, ...words], {
    env: { ...process.env, ...publisher.as("overseer") },
    stdio: "ignore",
  });
}

/** One version, from the approval on. The overseer hears of it by itself; a person's order to publish comes at once. */
async function publishWatched(publisher, overseer, kind, folder) {
  const words = ["submission", "create", "--ruleset", kind, "--kind", kind, "--leave-out-invalid", folder];
  const { id, digest, rules } = await rulemint(words, publisher.as("analyst"));
  const manager = publisher.api("release-manager");
  const before = await stepsOf(publisher);
  const start = performance.now();
  const at = () => (performance.now() - start) / 1000;
  const cpu = { publisher: cpuOf(publisher.pid), overseer: cpuOf(overseer.pid) };
  await publisher.api("reviewer").approveSubmission(id, digest);
  const approved = at();
  const { release } = await manager.buildRelease(feed, {});
  await reaches(manager, release, "signed", "assayed");
  const signed = at();
  const buildCPU = cpuOf(publisher.pid) - cpu.publisher;
  await reaches(manager, release, "assayed");
  const assayed = at();
  const assayCPU = cpuOf(overseer.pid) - cpu.overseer;
  await manager.publishRelease(feed, release);
  await reaches(manager, release, "published");
  const whole = at();
  const steps = await stepsOf(publisher);
  const own = (step) => steps(step, before);
  const gates = ["shrink-guard", "delta-paths", "clean-hashes"].reduce((sum, gate) => sum + own(gate), 0);
  // Each pack is a step of its own, after which the release is still "queued".
  const [compile, rest] = [own("queued") + own("built") - gates, own("signed")];
  const rows = [
    ["approve", approved],
    ["compile, make and prove packs", compile],
    ["gates", gates],
    ["publisher's signature and provenance", rest],
    ["overseer: hear of it, rebuild, compare, sign", assayed - signed],
    ["seal: CMS and time-stamps", own("sealed")],
    ["log, witnesses' cosignatures, proof", own("logged")],
    ["public tree", own("published")],
  ];
  const named = rows.reduce((sum, [, seconds]) => sum + seconds, 0);
  rows.push(["between the steps: requests, waiting, the machine's other work", Math.max(0, whole - named)]);
  return { kind, release, rules, whole, rows, compile, assay: assayed - signed, buildCPU, assayCPU };
}

function print(row, date) {
  const most = secondsMax[row.kind];
  const bar = most === undefined ? "" : `; ${row.whole <= most ? "within" : "NOT within"} ${most} s`;
  console.log(
    `\n${row.kind} ${date}, ${JSON.stringify(row.rules)} rules, release ${row.release}: ${row.whole.toFixed(2)} s${bar}`,
  );
  for (const [what, seconds] of row.rows) console.log(`  ${seconds.toFixed(2).padStart(7)} s  ${what}`);
  const cpu = row.assayCPU / row.buildCPU;
  const ratio = ratioMax[row.kind];
  const judged = ratio === undefined ? "" : `; ${cpu <= ratio ? "within" : "NOT within"} ${ratio}`;
  // The publisher has parsed the files when they were submitted; the overseer parses them here, and its program is cold at the first.
  console.log(
    `  CPU, overseer from the approval on, against publisher up to its signature: ` +
      `${row.assayCPU.toFixed(2)} s / ${row.buildCPU.toFixed(2)} s = ${cpu.toFixed(2)}${judged}`,
  );
}

/** The first and the newest version of each kind: a whole corpus, then a change of it. */
export async function assayRows(wanted = ["sigma", "ioc"]) {
  const scratch = mkdtempSync(join(tmpdir(), "rulemint-bench-assay-"));
  const rows = [];
  try {
    for (const { kind, versions } of corpora(wanted, scratch)) {
      const publisher = await openPublisher();
      const overseer = startOverseer(publisher);
      try {
        for (const { date, folder } of [versions[0], versions.at(-1)]) {
          const row = await publishWatched(publisher, overseer, kind, folder);
          rows.push({ date, ...row });
          print(row, date);
        }
      } finally {
        overseer.kill("SIGTERM");
        await publisher.close();
      }
    }
    return rows;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}
