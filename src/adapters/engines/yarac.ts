/**
 * A second opinion on YARA rules by the engine's own compiler, `yarac`, where it is installed. It knows
 * what our parser cannot: the members of modules and the limits of its regular expressions.
 *
 * It sees only rules in which our parser found no error. So no `include` reaches it: it would read whatever
 * file of this machine an author named. Every run has its own scratch directory and a limit on its time.
 */
import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { OperationError, quote } from "../../core/errors.js";
import type { Finding, RuleKind, SourceFile } from "../../core/rules/model.js";
import { yaraLanguage } from "../../core/rules/yara/language.js";
import type { ParsedSource, RuleEngine } from "../../ports/rule-engine.js";
import { storeError } from "../durable-files.js";
import { inScratchFolder } from "../scratch-folder.js";
import { type Question, SharedRuns } from "./shared-runs.js";

const command = "yarac";
const fileTimeoutMs = 30_000;
const outputBytesMax = 1024 * 1024;
/** `error: rule "name" in FILE(LINE): text`, or without the rule. */
const errorLine = /^error: (?:rule "[^"]*" in )?.*\((\d+)\): (.*)$/;

interface Run {
  readonly exit: "ok" | "refused" | "killed";
  readonly errors: string;
}

/** Undefined where there is no such program. */
export async function openYaracEngine(): Promise<RuleEngine | undefined> {
  const version = await readVersion();
  return version === undefined ? undefined : new YaracEngine(version);
}

class YaracEngine implements RuleEngine {
  readonly name: string;
  readonly kinds: readonly RuleKind[] = ["yara"];
  readonly fileByFile = true;
  readonly soundRulesOnly = true;
  readonly #runs = new SharedRuns(answer);

  constructor(version: string) {
    this.name = `yarac ${version}`;
  }

  async check(kind: RuleKind, files: readonly ParsedSource[]): Promise<Finding[]> {
    if (kind !== "yara") return [];
    const sound = files.filter(isSound);
    return sound.length === 0 ? [] : this.#runs.ask(sound);
  }
}

async function answer(questions: readonly Question[]): Promise<Finding[][]> {
  if (questions.length > 1 && (await allSound(questions.flat()))) return questions.map(() => []);
  const answers: Finding[][] = [];
  for (const files of questions) answers.push(await checkFiles(files));
  return answers;
}

async function allSound(files: readonly SourceFile[]): Promise<boolean> {
  const whole = await inFolder(files, (folder, names) => compile(folder, names, fileTimeoutMs));
  return whole.exit === "ok";
}

/** One run for all; only when it fails, one for each, because the compiler stops at the first bad file. */
function checkFiles(files: readonly SourceFile[]): Promise<Finding[]> {
  return inFolder(files, async (folder, names) => {
    const whole = await compile(folder, names, fileTimeoutMs * 4);
    if (whole.exit === "ok") return [];
    const findings: Finding[] = [];
    for (const [i, name] of names.entries()) {
      const { path } = files[i] as SourceFile;
      findings.push(...readFindings(path, await compile(folder, [name], fileTimeoutMs)));
    }
    return findings;
  });
}

function inFolder<T>(
  files: readonly SourceFile[],
  work: (folder: string, names: readonly string[]) => Promise<T>,
): Promise<T> {
  return inScratchFolder("yarac", async (folder) => {
    const names = files.map((_, i) => `${i}.yar`);
    for (const [i, { bytes }] of files.entries())
      await writeFile(join(folder, names[i] as string), bytes).catch(failStore);
    return work(folder, names);
  });
}

/**
 * The port asks only about sound rules; whatever else happens, no `include` gets further. Most files have not even the word, and those that
 * have it are parsed again.
 */
function isSound(file: SourceFile): boolean {
  const { buffer, byteOffset, byteLength } = file.bytes;
  if (!Buffer.from(buffer, byteOffset, byteLength).includes("include")) return true;
  return !yaraLanguage.parse(file).findings.some((finding) => finding.severity === "error");
}

function readFindings(path: string, run: Run): Finding[] {
  if (run.exit === "ok") return [];
  const refusal = { path, column: 1, severity: "error", code: "YARA_ENGINE" } as const;
  if (run.exit === "killed") {
    return [
      {
        ...refusal,
        ...{ line: 1, code: "YARA_ENGINE_FAILED" },
        message: `expected the engine to compile the file, got a crash or no answer`,
      },
    ];
  }
  const found = run.errors.split("\n").flatMap((line): Finding[] => {
    const match = errorLine.exec(line);
    if (match === null) return [];
    return [
      { ...refusal, line: Number(match[1]), message: `expected what the engine takes, got: ${match[2]}` },
    ];
  });
  if (found.length > 0) return found;
  return [
    {
      ...refusal,
      ...{ line: 1, code: "YARA_ENGINE_FAILED" },
      message: `expected what the engine takes, got: ${quote(run.errors.trim())}`,
    },
  ];
}

/** Each file is a namespace of its own, as in a release. */
function compile(folder: string, names: readonly string[], timeoutMs: number): Promise<Run> {
  const sources = names.map((name, i) => `n${i}:${name}`);
  const options = {
    cwd: folder,
    timeout: timeoutMs,
    killSignal: "SIGKILL",
    maxBuffer: outputBytesMax,
  } as const;
  return new Promise((resolve, reject) => {
    execFile(command, ["--no-warnings", ...sources, "out.yarc"], options, (error, _stdout, stderr) => {
      if (error === null) resolve({ exit: "ok", errors: "" });
      else if (typeof error.code === "number") resolve({ exit: "refused", errors: stderr });
      else if (error.killed || error.signal) resolve({ exit: "killed", errors: stderr });
      else reject(new OperationError("STORE_FAILED", `${command} could not be run`, { cause: error }));
    });
  });
}

function readVersion(): Promise<string | undefined> {
  return new Promise((resolve) => {
    execFile(
      command,
      ["--version"],
      { timeout: fileTimeoutMs, maxBuffer: outputBytesMax },
      (error, stdout) => {
        resolve(error === null ? stdout.trim().slice(0, 40) : undefined);
      },
    );
  });
}

function failStore(cause: unknown): never {
  throw storeError(cause, "writing rules for yarac");
}
