/** ClamAV's scanner with the exported files as its only databases. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { EngineTrial, TrialFinding } from "../../ports/release-gates.js";
import { type CleanScan, scanFault } from "./clean-scan.js";
import { type CommandRun, runCommand, versionOf } from "../commands.js";
import { nothingScanned, nothingTried, timed, type Trial } from "./trial.js";

const timeoutMs = 300_000;
/** Nothing found, something found, and some files that could not be read: the summary says how many were. */
const endedWell = [0, 1, 2];
const findingsMax = 100;

export async function tryClamAV(trial: Trial): Promise<EngineTrial> {
  const version = await versionOf("clamscan");
  if (version === undefined) return { engine: null, ...nothingTried };
  const engine = version.split("/", 1)[0] as string;
  const { result: load, seconds: loadSeconds } = await timed(() => scan(trial.folder, ["empty"]));
  if (load.exit !== 0) return { engine, ...nothingTried, loadSeconds, refusals: [refusalOf(load)] };
  const samples = trial.samples.filter(({ path }) => path !== "");
  const tried = await timed(() => trySamples(trial.folder, samples));
  const changed = trial.files.some((file) => file.changed);
  const clean = changed ? await trial.clean() : [];
  const held = await timed(async () =>
    clean.length === 0 ? nothingScanned : scanClean(trial.folder, clean),
  );
  return {
    ...{ engine, refusals: [], loadSeconds, missed: tried.result, samples: samples.length },
    ...{ sampleSeconds: tried.seconds, hits: held.result.hits, cleanFiles: held.result.scanned },
    cleanSeconds: held.seconds,
  };
}

async function trySamples(folder: string, samples: Trial["samples"]): Promise<TrialFinding[]> {
  const missed: TrialFinding[] = [];
  for (const { rule, path } of samples) {
    const { stdout } = await scan(folder, [path]);
    if (hitsIn(stdout).some((hit) => hit.rule === rule)) continue;
    missed.push({ rule, message: `expected ${rule} to match ${path}, got no match` });
  }
  return missed;
}

function scan(folder: string, words: readonly string[]): Promise<CommandRun> {
  return runCommand("clamscan", ["-d", "rules", ...words], { cwd: folder, timeoutMs });
}

function refusalOf({ exit, stderr }: CommandRun): TrialFinding {
  if (typeof exit !== "number") return { rule: null, message: "the engine died or did not end in time" };
  const [first = ""] = stderr.split("\n");
  return { rule: /Signature for (\S+)/.exec(stderr)?.[1] ?? null, message: first.slice(0, 300) };
}

async function scanClean(folder: string, clean: readonly string[]): Promise<CleanScan> {
  await writeFile(join(folder, "clean.txt"), `${clean.join("\n")}\n`);
  const run = await scan(folder, ["--infected", "--file-list=clean.txt"]);
  const scanned = Number(/^Scanned files: (\d+)$/m.exec(run.stdout)?.[1] ?? 0);
  const fault = scanFault(run, { listed: clean.length, scanned, endedWell });
  if (fault !== undefined) return { hits: [fault], scanned };
  const first = new Map(hitsIn(run.stdout).map(({ rule, path }) => [rule, path]));
  const hits = [...first]
    .slice(0, findingsMax)
    .map(([rule, path]) => ({ rule, message: `matches the clean file ${path}` }));
  return { hits, scanned };
}

/** `PATH: NAME.UNOFFICIAL FOUND` */
function hitsIn(stdout: string): { readonly rule: string; readonly path: string }[] {
  return stdout.split("\n").flatMap((line) => {
    const [, path, rule] = /^(.*): (\S+?)(?:\.UNOFFICIAL)? FOUND$/.exec(line) ?? [];
    return path === undefined || rule === undefined ? [] : [{ path, rule }];
  });
}
