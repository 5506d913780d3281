/** Strangers' programs: of this machine, or of those that `scripts/fetch-peer` has unpacked beside it. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

const cache = process.env.XDG_CACHE_HOME || join(homedir(), ".cache");

export function peerFolder(suite: string, packageName: string): string {
  return join(cache, "rulemint", "peers", suite, packageName);
}

/** Where the program is; undefined, and said aloud, when it is not there. `suite/package` as given to `scripts/fetch-peer`. */
export function peerProgram(name: string, suite: string, packageName = name): string | undefined {
  const fetched = join(peerFolder(suite, packageName), "usr", "bin", name);
  if (existsSync(fetched)) return fetched;
  if (spawnSync(name, ["--help"], { stdio: "ignore" }).error === undefined) return name;
  console.warn(`${name} is not here (scripts/fetch-peer ${suite} ${packageName}): it was not asked`);
  return undefined;
}
