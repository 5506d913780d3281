/** `rulemint client update`: verifies and applies the newest release, or keeps what it has. */
import type { Command } from "commander";
import { answers, parseSeconds } from "../command.js";
import type { CLIDoors } from "../doors.js";

interface Options {
  readonly state: string;
  readonly splay: number;
  readonly again?: boolean;
  readonly engineCheck?: string;
  readonly explain?: boolean;
  readonly report?: boolean;
}

export function clientUpdate(noun: Command, doors: CLIDoors): void {
  const command = noun
    .command("update")
    .description("verify and apply the newest release; on any failure the last good one stays")
    .requiredOption("--state <dir>", "the endpoint's state folder")
    .option("--splay <seconds>", "wait a random time of at most so long first, for timers", parseSeconds, 0)
    .option("--again", "take a release again that was rolled back from, by hand or after a failed check")
    .option(
      "--engine-check <command>",
      "load the rules with this before the engine gets them (see configure)",
    )
    .option("--explain", "tell which packs it took, and what the other ways would have cost")
    .option("--no-report", "send no report after it, though the owner chose to report");
  answers<Options>(command, doors, ({ progress }, { splay: splaySeconds, ...options }) =>
    doors.clientUpdate({ splaySeconds, ...options }, progress),
  );
}
