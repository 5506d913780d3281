/** `rulemint client watch`: an endpoint that follows its publisher, until it is told to stop. */
import type { Command } from "commander";
import { answers, done, parseInterval, parseSeconds } from "../command.js";
import type { CLIDoors } from "../doors.js";
import { watchUnit } from "../watch-unit.js";

interface Options {
  readonly state: string;
  readonly interval: number;
  readonly splay: number;
  readonly textfile?: string;
  readonly printUnit?: boolean;
}

export function clientWatch(noun: Command, doors: CLIDoors): void {
  const command = noun
    .command("watch")
    .description("poll and update until SIGTERM; SIGHUP looks at once")
    .requiredOption("--state <dir>", "the endpoint's state folder")
    .option(
      "--interval <seconds>",
      "the longest between two polls while all is well, 1 to 86400",
      parseInterval,
      60,
    )
    .option("--splay <seconds>", "wait a random time of at most so long first", parseSeconds, 0)
    .option("--textfile <path>", "keep metrics there, for Prometheus' textfile collector")
    .option("--print-unit", "print a systemd unit that runs this, and end");
  answers<Options>(command, doors, async ({ progress }, options) => {
    const { state, interval: intervalSeconds, splay: splaySeconds, textfile, printUnit } = options;
    const order = { state, intervalSeconds, splaySeconds, ...(textfile !== undefined && { textfile }) };
    if (!printUnit) return doors.clientWatch(order, progress);
    const unit = watchUnit(order);
    return done({ unit }, unit);
  });
}
