/** The README's session, command by command as it stands there, and its program; only the port is another one. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { afterAll, expect, it } from "vitest";
import { projectRoot } from "../architecture/source-tree.js";

const work = mkdtempSync(join(tmpdir(), "rulemint-readme-"));
const cli = join(projectRoot, "dist/main/cli.js");
const readme = readFileSync(join(projectRoot, "README.md"), "utf8");
const lines = [...readme.matchAll(/^\$ (.+)$/gm)].map(([, line]) => line as string);
const [, program = ""] = /```ts\n(.*?)```/s.exec(readme) ?? [];
let service: ChildProcess | undefined;

afterAll(async () => {
  if (service !== undefined && service.exitCode === null) {
    const ended = once(service, "exit");
    service.kill("SIGTERM");
    // Until then it writes down that it stops.
    await ended;
  }
  rmSync(work, { recursive: true, force: true });
});

/** One line in a shell that knows `rulemint`. */
function shell(line: string, environment: NodeJS.ProcessEnv): string {
  const script = `rulemint() { "${process.execPath}" "${cli}" "$@"; }\n${line}`;
  return execFileSync("bash", ["-euo", "pipefail", "-c", script], {
    cwd: work,
    env: environment,
    encoding: "utf8",
  });
}

async function serve(): Promise<string> {
  const args = [cli, "serve", "--data", "pub", "--listen", "127.0.0.1:0"];
  service = spawn(process.execPath, args, { cwd: work, stdio: ["ignore", "pipe", "pipe"] });
  for await (const line of createInterface({ input: service.stderr as NodeJS.ReadableStream })) {
    const found = /http:\/\/127\.0\.0\.1:\d+/.exec(line);
    if (found) return found[0];
  }
  throw new Error("the service ended before it listened");
}

it("does what it says, from init to an updated endpoint", async () => {
  cpSync(join(projectRoot, "scripts/sample-rules/v1/yara"), join(work, "rules"), { recursive: true });
  const environment = { ...process.env };
  let said = "";
  for (const line of lines) {
    if (/ serve .*&$/.test(line)) environment.RULEMINT_SERVER = await serve();
    else if (!line.startsWith("export ")) said = shell(line, environment);
  }
  expect(lines.length).toBeGreaterThanOrEqual(10);
  expect(said).toContain("Release 1 applied");
  expect(shell("rulemint client status --state endpoint", environment)).toContain("files of this release");

  mkdirSync(join(work, "node_modules"));
  symlinkSync(projectRoot, join(work, "node_modules/rulemint"));
  writeFileSync(join(work, "program.mjs"), program);
  const run = () => shell(`"${process.execPath}" program.mjs 2>&1`, environment);
  expect(run()).toMatch(/^endpoint\/1\.full\.rmp: \d+ bytes\nupdated: release 1 is in use\n$/);
  expect(run()).toMatch(/^USAGE: .* set up already; the last good release stays\n$/);
});
