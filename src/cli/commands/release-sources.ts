/** `rulemint release sources`: what a release was compiled from, by whom and approved by whom; with `--out` the files themselves. */
import type { Command } from "commander";
import { answers, parseNumber, type ServiceOptions, withService } from "../command.js";
import type { CLIDoors } from "../doors.js";
import { callOf } from "./access.js";

interface Options extends ServiceOptions {
  readonly feed: string;
  readonly release: number;
  readonly out?: string;
}

export function releaseSources(noun: Command, doors: CLIDoors): void {
  const command = withService(noun.command("sources"))
    .description("show what a release was compiled from: every file, its author, who approved it")
    .requiredOption("--feed <feed>", "feed")
    .requiredOption("--release <number>", "release", parseNumber)
    .option("--out <dir>", "write the files there, one folder a ruleset; it must not be there yet");
  answers<Options>(command, doors, (_call, options) => {
    const { feed, release, out } = options;
    return doors.readSources({ call: callOf(doors, options), feed, release, ...(out && { out }) });
  });
}
