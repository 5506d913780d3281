/** `rulemint audit release`: the whole chain from the pinned root to a release, redone. */
import type { Command } from "commander";
import { answers, parseNumber, parseTime } from "../command.js";
import type { CLIDoors } from "../doors.js";

interface Options {
  readonly url: string;
  readonly root: string;
  readonly feed: string;
  readonly release?: number;
  readonly policy?: string;
  readonly rebuild?: boolean;
  readonly token?: string;
  readonly at?: string;
}

export function auditRelease(noun: Command, doors: CLIDoors): void {
  const command = noun
    .command("release")
    .description("verify a release from the pinned root on, and report who signed what")
    .requiredOption("--url <url>", "where the public tree is")
    .requiredOption("--root <path>", "the pinned root.json")
    .requiredOption("--feed <feed>", "feed")
    .option("--release <number>", "release (default: the newest)", parseNumber)
    .option("--policy <path>", "signature policy that overrides the root's")
    .option("--rebuild", "fetch the sources and compile them again")
    .option("--token <token>", "an auditor's token, for --rebuild (or RULEMINT_TOKEN)")
    .option("--at <time>", "judge as of this time, ISO 8601", parseTime);
  answers<Options>(command, doors, ({ progress }, options) => {
    const { url, root, feed, release, policy, rebuild = false, at } = options;
    const token = options.token ?? doors.terminal.environment.RULEMINT_TOKEN;
    return doors.auditRelease({ url, root, feed, release, policy, rebuild, token, at }, progress);
  });
}
