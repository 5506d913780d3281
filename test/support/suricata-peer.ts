/**
 * Suricata for the tests that ask it: this machine's own, or the one that `scripts/fetch-peer` has unpacked beside the system with its
 * libraries, as a `suricata` on the path of this process.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, renameSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { peerFolder } from "./peers.js";

const suites = ["bookworm-backports", "bookworm"];

/** Whether it is there now; said aloud when it is not. */
export function haveSuricata(): boolean {
  if (runs()) return true;
  const program = join(peerFolder("bookworm-backports", "suricata"), "usr", "bin", "suricata");
  if (existsSync(program)) process.env.PATH = wrapped(program) + delimiter + (process.env.PATH ?? "");
  if (runs()) return true;
  console.warn("suricata is not here (scripts/setup fetches it): it was not asked");
  return false;
}

function runs(): boolean {
  return spawnSync("suricata", ["-V"], { stdio: "ignore" }).status === 0;
}

/** A folder with a script that runs it with its libraries. */
function wrapped(program: string): string {
  const libraries = suites.flatMap((suite) => {
    const packages = existsSync(peerFolder(suite, "")) ? readdirSync(peerFolder(suite, "")) : [];
    return packages.flatMap((one) => {
      const lib = join(peerFolder(suite, one), "usr", "lib");
      if (!existsSync(lib)) return [];
      return readdirSync(lib)
        .filter((name) => name.endsWith("-linux-gnu"))
        .map((name) => join(lib, name));
    });
  });
  const folder = peerFolder("built", "suricata");
  mkdirSync(folder, { recursive: true });
  const script = `#!/bin/sh\nLD_LIBRARY_PATH=${libraries.join(":")} exec ${program} "$@"\n`;
  const temporary = join(folder, `suricata.${process.pid}`);
  writeFileSync(temporary, script, { mode: 0o755 });
  renameSync(temporary, join(folder, "suricata"));
  return folder;
}
