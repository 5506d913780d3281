/** `rulemint assay map`: a rebuilder vouches for the source map of a release that it passed. */
import type { Command } from "commander";
import { answers, parseNumber, requireService, type ServiceOptions, withService } from "../command.js";
import type { CLIDoors } from "../doors.js";
import { partyOption, sourcesOption } from "./assay-run.js";

interface Options extends ServiceOptions {
  readonly feed: string;
  readonly release: number;
  readonly data: string;
  readonly as?: "overseer" | "rebuilder";
  readonly sources: readonly string[];
}

export function assayMap(noun: Command, doors: CLIDoors): void {
  const command = withService(noun.command("map"))
    .description(
      "make the source map of a release that was passed here, compare the service's, and sign for it",
    )
    .requiredOption("--feed <feed>", "feed")
    .requiredOption("--release <number>", "release", parseNumber)
    .requiredOption("--data <dir>", "the rebuilder's folder, with its key")
    .addOption(partyOption())
    .addOption(sourcesOption());
  answers<Options>(command, doors, ({ progress }, options) => {
    const { feed, release, data, as: party, sources } = options;
    const order = { feed, release, data, party, sources, compilers: ["rulemint"] as const };
    return doors.vouchForSourceMap({ ...requireService(doors, options), ...order }, progress);
  });
}
