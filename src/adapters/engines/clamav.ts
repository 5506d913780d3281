/**
 * A second opinion on ClamAV signatures by the engine itself, where `clamscan` is installed: it loads each file as an endpoint would, over
 * an empty file. It stops at the first line that it refuses; the line is then made a comment and the rest is tried again.
 */
import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { OperationError, quote } from "../../core/errors.js";
import type { Finding, SourceFile } from "../../core/rules/model.js";
import type { RuleEngine } from "../../ports/rule-engine.js";
import { storeError } from "../durable-files.js";
import { inScratchFolder } from "../scratch-folder.js";

const command = "clamscan";
const timeoutMs = 60_000;
const outputBytesMax = 1024 * 1024;
/** Of one file; behind that, the author has enough to do. */
const refusalsMax = 100;
const badLine = /(?:Problem parsing (?:database|signature)|Malformed hash string) at line (\d+)/;

interface Run {
  readonly exit: "ok" | "refused" | "killed";
  readonly said: string;
}

/** Undefined where there is no such program. */
export async function openClamAVEngine(): Promise<RuleEngine | undefined> {
  const found = await run(["--version"]).catch(() => undefined);
  if (found?.exit !== "ok") return undefined;
  const version = /ClamAV ([\w.]+)/.exec(found.said)?.[1] ?? "unknown";
  return { name: `clamav ${version}`, kinds: ["clamav"], soundRulesOnly: true, fileByFile: true, check };
}

async function check(kind: string, files: readonly SourceFile[]): Promise<Finding[]> {
  if (kind !== "clamav" || files.length === 0) return [];
  return inScratchFolder("clamav", async (folder) => {
    await writeFile(join(folder, "empty"), "").catch(failStore);
    const findings: Finding[] = [];
    for (const [i, file] of files.entries()) {
      const extension = /\.([a-z0-9]{1,8})$/i.exec(file.path)?.[1]?.toLowerCase() ?? "ndb";
      findings.push(...(await checkFile(folder, `${i}.${extension}`, file)));
    }
    return findings;
  });
}

async function checkFile(folder: string, name: string, { path, bytes }: SourceFile): Promise<Finding[]> {
  const lines = Buffer.from(bytes).toString("latin1").split("\n").map(withoutBlank);
  const findings: Finding[] = [];
  const refuse = (line: number, message: string, code = "CLAMAV_ENGINE") =>
    findings.push({ path, line, column: 1, severity: "error", code, message });
  while (findings.length < refusalsMax) {
    await writeFile(join(folder, name), Buffer.from(lines.join("\n"), "latin1")).catch(failStore);
    const { exit, said } = await run(["--no-summary", "-d", name, "empty"], folder);
    if (exit === "ok") return findings;
    const line = Number(badLine.exec(said)?.[1]);
    const known =
      exit === "refused" && line >= 1 && line <= lines.length && !lines[line - 1]?.startsWith("#");
    if (!known) {
      const got = exit === "killed" ? "a crash or no answer" : quote(said.trim().split("\n", 1)[0] ?? "");
      refuse(1, `expected the engine to load the file, got ${got}`, "CLAMAV_ENGINE_FAILED");
      return findings;
    }
    refuse(line, `expected what the engine takes, got: ${reasonOf(said)}`);
    lines[line - 1] = "#";
  }
  refuse(
    1,
    `expected at most ${refusalsMax} lines that the engine refuses, got more`,
    "CLAMAV_ENGINE_FAILED",
  );
  return findings;
}

/** The engine takes a blank line for a signature, and a release has none. The end of the last line is none. */
function withoutBlank(line: string, i: number, { length }: readonly string[]): string {
  return i < length - 1 && /^\r?$/.test(line) ? "#" : line;
}

/** The first thing that it said, without its prefix. */
function reasonOf(said: string): string {
  const first = said.split("\n", 1)[0] ?? "";
  return first.replace(/^LibClamAV (?:Error|Warning): /, "").slice(0, 200);
}

function run(words: readonly string[], cwd?: string): Promise<Run> {
  const options = { cwd, timeout: timeoutMs, killSignal: "SIGKILL", maxBuffer: outputBytesMax } as const;
  return new Promise((resolve, reject) => {
    execFile(command, [...words], options, (error, stdout, stderr) => {
      const said = stderr === "" ? stdout : stderr;
      if (error === null) resolve({ exit: "ok", said });
      else if (typeof error.code === "number") resolve({ exit: "refused", said });
      else if (error.killed || error.signal) resolve({ exit: "killed", said });
      else reject(new OperationError("STORE_FAILED", `${command} could not be run`, { cause: error }));
    });
  });
}

function failStore(cause: unknown): never {
  throw storeError(cause, "writing signatures for clamscan");
}
