/** A program with a limit on its time and on what it may say. One that dies or is late is an answer like any other. */
import { execFile } from "node:child_process";

export interface CommandRun {
  readonly exit: number | "killed" | "absent";
  readonly stdout: string;
  readonly stderr: string;
}

const outputBytesMax = 16 * 1024 * 1024;

export function runCommand(
  command: string,
  words: readonly string[],
  { cwd, timeoutMs }: { readonly cwd?: string; readonly timeoutMs: number },
): Promise<CommandRun> {
  const options = { cwd, timeout: timeoutMs, killSignal: "SIGKILL", maxBuffer: outputBytesMax } as const;
  return new Promise((resolve) => {
    execFile(command, [...words], options, (error, stdout, stderr) => {
      const { code } = (error ?? {}) as { code?: number | string | null };
      const exit =
        error === null ? 0 : typeof code === "number" ? code : code === "ENOENT" ? "absent" : "killed";
      resolve({ exit, stdout, stderr });
    });
  });
}

/** The program's version as it says it, or undefined where there is none. */
export async function versionOf(command: string): Promise<string | undefined> {
  const { exit, stdout } = await runCommand(command, ["--version"], { timeoutMs: 30_000 });
  return exit === 0 ? stdout.trim().split("\n", 1)[0]?.slice(0, 60) : undefined;
}
