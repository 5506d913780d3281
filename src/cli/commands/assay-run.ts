/** `rulemint assay run`: the overseer rebuilds a release and co-signs it, or says what differs. */
import type { Command } from "commander";
import { answers, parseNumber, requireService, type ServiceOptions, withService } from "../command.js";
import type { CLIDoors } from "../doors.js";

interface Options extends ServiceOptions {
  readonly feed: string;
  readonly release?: number;
  readonly data: string;
}

export function assayRun(noun: Command, doors: CLIDoors): void {
  const command = withService(noun.command("run"))
    .description("rebuild a release, compare every byte, co-sign or record FAILED")
    .requiredOption("--feed <feed>", "feed")
    .requiredOption("--data <dir>", "the overseer's folder, with its key")
    .option("--release <number>", "release (default: the newest that waits)", parseNumber);
  answers<Options>(command, doors, ({ progress }, options) => {
    const { feed, release, data } = options;
    return doors.runAssay({ ...requireService(doors, options), feed, release, data }, progress);
  });
}
