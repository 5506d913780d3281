/** YARA's own compiler and scanner over the exported files; each file is a name space of its own, as at an endpoint. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { EngineTrial, TrialFinding } from "../../ports/release-gates.js";
import { runCommand, versionOf } from "./commands.js";
import type { Trial, WrittenFile } from "./engines.js";

const compileTimeoutMs = 300_000;
const scanTimeoutMs = 300_000;
const findingsMax = 100;

export async function tryYara(trial: Trial): Promise<EngineTrial> {
  const version = await versionOf("yarac");
  const empty = { refusals: [], loadSeconds: 0, missed: [], samples: 0, hits: [], cleanFiles: 0 };
  if (version === undefined || (await versionOf("yara")) === undefined) return { engine: null, ...empty };
  const began = performance.now();
  const refusals = await compile(trial.folder, trial.files, "all.yarc");
  const loadSeconds = (performance.now() - began) / 1000;
  const engine = `yara ${version}`;
  if (refusals.length > 0) return { engine, ...empty, refusals, loadSeconds };
  const { missed, samples } = await trySamples(trial);
  const changed = trial.files.filter((file) => file.changed);
  const clean = changed.length === 0 ? [] : await trial.clean();
  const hits = clean.length === 0 ? [] : await scanClean(trial.folder, changed, clean);
  return { engine, refusals, loadSeconds, missed, samples, hits, cleanFiles: clean.length };
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

async function trySamples({ folder, samples }: Trial): Promise<{ missed: TrialFinding[]; samples: number }> {
  const files = samples.filter(({ path }) => path !== "");
  const missed: TrialFinding[] = [];
  for (const { rule, path } of files) {
    const words = ["-C", "-w", "-N", "all.yarc", path];
    const { exit, stdout } = await runCommand("yara", words, { cwd: folder, timeoutMs: scanTimeoutMs });
    const matched = stdout.split("\n").map((line) => line.split(" ", 1)[0]);
    if (exit === 0 && matched.includes(rule)) continue;
    missed.push({
      rule,
      message: `expected ${rule} to match ${path}, got ${exit === 0 ? "no match" : "no answer"}`,
    });
  }
  return { missed, samples: files.length };
}

async function scanClean(
  folder: string,
  changed: readonly WrittenFile[],
  clean: readonly string[],
): Promise<TrialFinding[]> {
  const refused = await compile(folder, changed, "changed.yarc");
  if (refused.length > 0) return refused;
  await writeFile(join(folder, "clean.txt"), `${clean.join("\n")}\n`);
  const words = ["-C", "-w", "-N", "-f", "-p", "2", "--scan-list", "changed.yarc", "clean.txt"];
  const { exit, stdout } = await runCommand("yara", words, { cwd: folder, timeoutMs: scanTimeoutMs });
  if (typeof exit !== "number")
    return [{ rule: null, message: "the scan of clean files died or did not end in time" }];
  const first = new Map<string, { path: string; count: number }>();
  for (const line of stdout.split("\n").filter((one) => one !== "")) {
    const [rule = "", ...rest] = line.split(" ");
    const known = first.get(rule);
    first.set(rule, { path: known?.path ?? rest.join(" "), count: (known?.count ?? 0) + 1 });
  }
  return [...first].slice(0, findingsMax).map(([rule, { path, count }]) => {
    return { rule, message: `matches ${count} clean ${count === 1 ? "file" : "files"}, ${path} among them` };
  });
}
