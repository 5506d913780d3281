/** Runs a child that works and acknowledges, and kills it in the middle: no handler of its own can run. */
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

/**
 * Starts `test/support/children/<name>.mjs` on the built files, waits for `lines` acknowledgements, sends SIGKILL, and
 * returns the lines that were complete. The kill lands wherever the child happens to be after that many lines.
 */
export function killDuringWork(name: string, args: readonly string[], lines: number): Promise<string[]> {
  const script = fileURLToPath(new URL(`./children/${name}.mjs`, import.meta.url));
  const child = spawn(process.execPath, [script, ...args], { stdio: ["ignore", "pipe", "inherit"] });
  return new Promise((resolve, reject) => {
    let text = "";
    child.stdout.setEncoding("utf8").on("data", (part: string) => {
      text += part;
      if (text.split("\n").length > lines) child.kill("SIGKILL");
    });
    child.on("error", reject);
    child.on("close", (code, signal) => {
      if (signal === "SIGKILL") resolve(text.split("\n").slice(0, -1));
      else reject(new Error(`expected to kill ${name}, got exit ${code} by itself`));
    });
  });
}
