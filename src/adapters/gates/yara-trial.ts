/** YARA's own compiler and scanner over the exported files; each file is a name space of its own, as at an endpoint. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { EngineTrial, TrialFinding } from "../../ports/release-gates.js";
import { type CleanScan, scanFault } from "./clean-scan.js";
import { runCommand, versionOf } from "../commands.js";
import { nothingScanned, nothingTried, timed, type Trial, type WrittenFile } from "./trial.js";

const compileTimeoutMs = 300_000;
const scanTimeoutMs = 300_000;
const findingsMax = 100;

export async function tryYara(trial: Trial): Promise<EngineTrial> {
  const version = await versionOf("yarac");
  if (version === undefined || (await versionOf("yara")) === undefined)
    return { engine: null, ...nothingTried };
  const engine = `yara ${version}`;
  const load = await timed(() => compile(trial.folder, trial.files, "all.yarc"));
  const loadSeconds = load.seconds;
  if (load.result.length > 0) return { engine, ...nothingTried, refusals: load.result, loadSeconds };
  const samples = trial.samples.filter(({ path }) => path !== "");
  const tried = await timed(() => trySamples(trial.folder, samples));
  const changed = trial.files.filter((file) => file.changed);
  const clean = changed.length === 0 ? [] : await trial.clean();
  const held = await timed(async () =>
    clean.length === 0 ? nothingScanned : scanClean(trial.folder, changed, clean),
  );
  return {
    ...{ engine, refusals: [], loadSeconds, missed: tried.result, samples: samples.length },
    ...{ sampleSeconds: tried.seconds, hits: held.result.hits, cleanFiles: held.result.scanned },
    cleanSeconds: held.seconds,
  };
}

async function compile(folder: string, files: readonly WrittenFile[], out: string): Promise<TrialFinding[]> {
  const sources = files.map(({ path }, i) => `n${i}:${path}`);
  const words = ["--no-warnings", ...sources, out];
  const { exit, stderr } = await runCommand("yarac", words, { cwd: folder, timeoutMs: compileTimeoutMs });
  if (exit === 0) return [];
  if (typeof exit !== "number") return [{ rule: null, message: "the compiler died or did not end in time" }];
  const lines = stderr.split("\n").filter((line) => line.startsWith("error:"));
  return lines.slice(0, findingsMax).map((line) => {
    return { rule: /rule "([^"]*)"/.exec(line)?.[1] ?? null, message: line.slice(7, 300) };
  });
}

async function trySamples(folder: string, samples: Trial["samples"]): Promise<TrialFinding[]> {
  const missed: TrialFinding[] = [];
  for (const { rule, path } of samples) {
    const words = ["-C", "-w", "-N", "all.yarc", path];
    const { exit, stdout } = await runCommand("yara", words, { cwd: folder, timeoutMs: scanTimeoutMs });
    const matched = stdout.split("\n").map((line) => line.split(" ", 1)[0]);
    if (exit === 0 && matched.includes(rule)) continue;
    missed.push({
      rule,
      message: `expected ${rule} to match ${path}, got ${exit === 0 ? "no match" : "no answer"}`,
    });
  }
  return missed;
}

async function scanClean(
  folder: string,
  changed: readonly WrittenFile[],
  clean: readonly string[],
): Promise<CleanScan> {
  const refused = await compile(folder, changed, "changed.yarc");
  if (refused.length > 0) return { hits: refused, scanned: 0 };
  await writeFile(join(folder, "clean.txt"), `${clean.join("\n")}\n`);
  const words = ["-C", "-w", "-N", "-f", "-p", "2", "--scan-list", "changed.yarc", "clean.txt"];
  const run = await runCommand("yara", words, { cwd: folder, timeoutMs: scanTimeoutMs });
  // It ends well whatever it could not open, with a line for each.
  const scanned = clean.length - (run.stderr.match(/^error scanning /gm)?.length ?? 0);
  const fault = scanFault(run, { listed: clean.length, scanned, endedWell: [0] });
  if (fault !== undefined) return { hits: [fault], scanned };
  const first = new Map<string, { path: string; count: number }>();
  for (const line of run.stdout.split("\n").filter((one) => one !== "")) {
    const [rule = "", ...rest] = line.split(" ");
    const known = first.get(rule);
    first.set(rule, { path: known?.path ?? rest.join(" "), count: (known?.count ?? 0) + 1 });
  }
  const hits = [...first].slice(0, findingsMax).map(([rule, { path, count }]) => {
    return { rule, message: `matches ${count} clean ${count === 1 ? "file" : "files"}, ${path} among them` };
  });
  return { hits, scanned };
}
