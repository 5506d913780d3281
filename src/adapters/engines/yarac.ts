/**
 * A second opinion on YARA rules by the engine's own compiler, `yarac`, where it is installed. It knows
 * what our parser cannot: the members of modules and the limits of its regular expressions.
 *
 * It sees only rules in which our parser found no error. So no `include` reaches it: it would read whatever
 * file of this machine an author named. Every run has its own scratch directory and a limit on its time.
 */
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { OperationError, quote } from "../../core/errors.js";
import type { Finding, RuleKind, SourceFile } from "../../core/rules/model.js";
import { yaraLanguage } from "../../core/rules/yara/language.js";
import type { RuleEngine } from "../../ports/rule-engine.js";

const command = "yarac";
const fileTimeoutMs = 30_000;
const outputBytesMax = 1024 * 1024;
const gatherMs = { quiet: 30, longest: 300 };
/** Of several questions that one process answers. */
const togetherFilesMax = 500;
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

/** The files of one question, and who waits for the findings. */
interface Asked {
  readonly files: readonly SourceFile[];
  readonly settle: (findings: Finding[]) => void;
  readonly fail: (error: unknown) => void;
}

class YaracEngine implements RuleEngine {
  readonly name: string;
  readonly kinds: readonly RuleKind[] = ["yara"];
  readonly fileByFile = true;
  readonly soundRulesOnly = true;
  #waiting: Asked[] = [];
  #runs = false;

  constructor(version: string) {
    this.name = `yarac ${version}`;
  }

  async check(kind: RuleKind, files: readonly SourceFile[]): Promise<Finding[]> {
    if (kind !== "yara") return [];
    const sound = files.filter(isSound);
    if (sound.length === 0) return [];
    return new Promise((settle, fail) => {
      this.#waiting.push({ files: sound, settle, fail });
      if (!this.#runs) void this.#answerAll();
    });
  }

  /** One process at a time. Whoever asks meanwhile is answered together by the next: 200 people cost two runs, not 200. */
  async #answerAll(): Promise<void> {
    this.#runs = true;
    while (this.#waiting.length > 0) {
      await this.#gather();
      const asked = takeTogether(this.#waiting);
      try {
        if (asked.length > 1 && (await allSound(asked))) for (const { settle } of asked) settle([]);
        else for (const one of asked) await checkFiles(one.files).then(one.settle, one.fail);
      } catch (error) {
        for (const { fail } of asked) fail(error);
      }
    }
    this.#runs = false;
  }

  /** A process costs 0.1 s of CPU before it looks at a rule: while others keep coming it waits for them. */
  async #gather(): Promise<void> {
    const until = performance.now() + gatherMs.longest;
    for (let known = 0; this.#waiting.length > known && performance.now() < until; ) {
      known = this.#waiting.length;
      await pause(gatherMs.quiet);
    }
  }
}

/** Takes the first, and who follows as long as their files are few together: a large question is asked by itself. */
function takeTogether(waiting: Asked[]): Asked[] {
  let files = 0;
  const end = waiting.findIndex((one, i) => {
    files += one.files.length;
    return i > 0 && files > togetherFilesMax;
  });
  return waiting.splice(0, end === -1 ? waiting.length : end);
}

async function allSound(asked: readonly Asked[]): Promise<boolean> {
  const whole = await inFolder(
    asked.flatMap(({ files }) => files),
    (folder, names) => compile(folder, names, fileTimeoutMs),
  );
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

async function inFolder<T>(
  files: readonly SourceFile[],
  work: (folder: string, names: readonly string[]) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "rulemint-yarac-")).catch(failStore);
  try {
    const names = files.map((_, i) => `${i}.yar`);
    for (const [i, { bytes }] of files.entries())
      await writeFile(join(folder, names[i] as string), bytes).catch(failStore);
    return await work(folder, names);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
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
  throw new OperationError("STORE_FAILED", "the scratch directory for yarac cannot be written", { cause });
}
