/** ClamAV's scanner with the exported files as its only databases. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { EngineTrial, TrialFinding } from "../../ports/release-gates.js";
import { type CommandRun, runCommand, versionOf } from "./commands.js";
import type { Trial } from "./engines.js";

const timeoutMs = 300_000;
const findingsMax = 100;

export async function tryClamAV(trial: Trial): Promise<EngineTrial> {
  const version = await versionOf("clamscan");
  const empty = { refusals: [], loadSeconds: 0, missed: [], samples: 0, hits: [], cleanFiles: 0 };
  if (version === undefined) return { engine: null, ...empty };
  const engine = version.split("/", 1)[0] as string;
  const began = performance.now();
  const load = await scan(trial.folder, ["empty"]);
  const loadSeconds = (performance.now() - began) / 1000;
  if (load.exit !== 0) return { engine, ...empty, loadSeconds, refusals: [refusalOf(load)] };
  const samples = trial.samples.filter(({ path }) => path !== "");
  const missed: TrialFinding[] = [];
  for (const { rule, path } of samples) {
    const { stdout } = await scan(trial.folder, [path]);
    if (hitsIn(stdout).some((hit) => hit.rule === rule)) continue;
    missed.push({ rule, message: `expected ${rule} to match ${path}, got no match` });
  }
  const changed = trial.files.some((file) => file.changed);
  const clean = changed ? await trial.clean() : [];
  const hits = clean.length === 0 ? [] : await scanClean(trial.folder, clean);
  return {
    engine,
    refusals: [],
    loadSeconds,
    missed,
    samples: samples.length,
    hits,
    cleanFiles: clean.length,
  };
}

function scan(folder: string, words: readonly string[]): Promise<CommandRun> {
  return runCommand("clamscan", ["--no-summary", "-d", "rules", ...words], { cwd: folder, timeoutMs });
}

function refusalOf({ exit, stderr }: CommandRun): TrialFinding {
  if (typeof exit !== "number") return { rule: null, message: "the engine died or did not end in time" };
  const [first = ""] = stderr.split("\n");
  return { rule: /Signature for (\S+)/.exec(stderr)?.[1] ?? null, message: first.slice(0, 300) };
}

async function scanClean(folder: string, clean: readonly string[]): Promise<TrialFinding[]> {
  await writeFile(join(folder, "clean.txt"), `${clean.join("\n")}\n`);
  const { exit, stdout } = await scan(folder, ["--infected", "--file-list=clean.txt"]);
  if (typeof exit !== "number")
    return [{ rule: null, message: "the scan of clean files died or did not end in time" }];
  const first = new Map(hitsIn(stdout).map(({ rule, path }) => [rule, path]));
  return [...first]
    .slice(0, findingsMax)
    .map(([rule, path]) => ({ rule, message: `matches the clean file ${path}` }));
}

/** `PATH: NAME.UNOFFICIAL FOUND` */
function hitsIn(stdout: string): { readonly rule: string; readonly path: string }[] {
  return stdout.split("\n").flatMap((line) => {
    const [, path, rule] = /^(.*): (\S+?)(?:\.UNOFFICIAL)? FOUND$/.exec(line) ?? [];
    return path === undefined || rule === undefined ? [] : [{ path, rule }];
  });
}
