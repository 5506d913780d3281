/** `rulemint assay watch`: an overseer or rebuilder that follows feeds, until it is told to stop. */
import type { Command } from "commander";
import { answers, parseInterval, requireService, type ServiceOptions, withService } from "../command.js";
import type { CLIDoors } from "../doors.js";
import { compilerChoices, compilerOption, partyOption, sourcesOption } from "./assay-run.js";

interface Options extends ServiceOptions {
  readonly feed: readonly string[];
  readonly data: string;
  readonly map?: boolean;
  readonly once?: boolean;
  readonly every: number;
  readonly compiler: keyof typeof compilerChoices;
  readonly as?: "overseer" | "rebuilder";
  readonly sources: readonly string[];
}

export function assayWatch(noun: Command, doors: CLIDoors): void {
  const command = withService(noun.command("watch"))
    .description("follow feeds and judge every release that comes; stops on SIGINT and SIGTERM")
    .option("--feed <feed...>", "feeds", ["endpoint"])
    .requiredOption("--data <dir>", "the overseer's folder, with its key")
    .option(
      "--map",
      "also make and sign the source map of every release that was passed here, once it is published",
    )
    .option("--once", "one round, then answer")
    .option(
      "--every <seconds>",
      "look at least so often, at most 240; the service answers at once when something has changed",
      parseInterval,
      240,
    )
    .addOption(compilerOption())
    .addOption(partyOption())
    .addOption(sourcesOption());
  answers<Options>(command, doors, ({ progress }, options) => {
    const {
      feed: feeds,
      data,
      map = false,
      once = false,
      every: seconds,
      compiler,
      as: party,
      sources,
    } = options;
    const order = { feeds, data, map, once, seconds, party, sources, compilers: compilerChoices[compiler] };
    return doors.watchAssay({ ...requireService(doors, options), ...order }, progress);
  });
}
