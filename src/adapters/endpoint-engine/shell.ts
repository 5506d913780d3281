/** The owner's engine as a command of the system's shell, in a process group that ends with it. */
import { spawn } from "node:child_process";
import { createReadStream } from "node:fs";
import { readdir } from "node:fs/promises";
import { constants } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { EndpointEngine, EngineAnswer, EngineCommand } from "../../ports/endpoint-engine.js";
import { storeError, systemCode } from "../durable-files.js";

const outputCharactersMax = 64 * 1024;

/**
 * Beside the command, in its group, somebody waits for the end of a pipe that we alone hold open: when we are killed, so is the group
 * (SPEC §16.6.8). The command takes the shell's place, so that its exit is the shell's.
 */
const guarded = '(read -r _ <&3; kill -KILL 0) >/dev/null 2>&1 & exec 3<&-; exec /bin/sh -c "$0"';

export const shellEngine: EndpointEngine = { run, isListed };

function run({ command, folder, variables, timeoutMs, signal }: EngineCommand): Promise<EngineAnswer> {
  return new Promise((resolve) => {
    const env = { ...process.env, ...variables };
    const child = spawn("/bin/sh", ["-c", guarded, command], {
      detached: true,
      cwd: folder,
      env,
      stdio: ["ignore", "pipe", "pipe", "pipe"],
    });
    const ours = child.stdio[3];
    ours?.on("error", () => undefined);
    let [stdout, stderr, isLate] = ["", "", false];
    const kill = () => endGroup(child.pid);
    const endLimit = limitTime(timeoutMs, () => {
      isLate = true;
      kill();
    });
    const settle = (answer: EngineAnswer) => {
      endLimit();
      signal?.removeEventListener("abort", kill);
      resolve(answer);
    };
    signal?.addEventListener("abort", kill);
    if (signal?.aborted) kill();
    child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      stdout = (stdout + text).slice(-outputCharactersMax);
    });
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      stderr = (stderr + text).slice(-outputCharactersMax);
    });
    // What it left in the background would hold its output open, and the endpoint up.
    child.on("exit", () => {
      kill();
      ours?.destroy();
    });
    child.on("error", (error) => settle({ exit: "absent", stdout, stderr: error.message }));
    child.on("close", (code, died) => {
      settle({ exit: isLate ? "late" : exitOf(code, died), stdout, stderr });
    });
  });
}

/** What a person, a service manager or a closing terminal ends programs with; engines do not fail by these. */
const stops: ReadonlySet<number> = new Set([1, 2, 15].map((one) => one + 128));

function exitOf(code: number | null, died: NodeJS.Signals | null): EngineAnswer["exit"] {
  // The shell's own words for a program that is not there, or is none.
  if (code === 126 || code === 127) return "absent";
  if (code === null) return stops.has(128 + constants.signals[died ?? "SIGKILL"]) ? "stopped" : "died";
  return stops.has(code) ? "stopped" : code;
}

const stepMs = 250;

/** Counted in steps: of a pause in which nothing here ran, two count. */
function limitTime(limitMs: number, onEnd: () => void): () => void {
  let [leftMs, lastMs] = [limitMs, performance.now()];
  const timer = setInterval(
    () => {
      const nowMs = performance.now();
      leftMs -= Math.min(nowMs - lastMs, 2 * stepMs);
      lastMs = nowMs;
      if (leftMs <= 0) onEnd();
    },
    Math.min(stepMs, limitMs),
  );
  return () => clearInterval(timer);
}

function endGroup(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(-pid, "SIGKILL");
  } catch (error) {
    // It has ended, with all that it started.
    if (systemCode(error) !== "ESRCH" && systemCode(error) !== "EPERM") throw error;
  }
}

async function isListed(folder: string, value: string): Promise<boolean> {
  try {
    for (const name of (await readdir(folder)).filter((one) => one.endsWith(".txt"))) {
      for await (const line of createInterface({ input: createReadStream(join(folder, name)) })) {
        if (line === value) return true;
      }
    }
    return false;
  } catch (cause) {
    if (systemCode(cause) === "ENOENT") return false;
    throw storeError(cause, "reading the exported lists");
  }
}
