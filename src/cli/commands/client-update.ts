/** `rulemint client update`: verifies and applies the newest release, or keeps what it has. */
import { type Command, InvalidArgumentError } from "commander";
import { answers } from "../command.js";
import type { CLIDoors } from "../doors.js";

export function clientUpdate(noun: Command, doors: CLIDoors): void {
  const command = noun
    .command("update")
    .description("verify and apply the newest release; on any failure the last good one stays")
    .requiredOption("--state <dir>", "the endpoint's state folder")
    .option("--splay <seconds>", "wait a random time of at most so long first, for timers", splay, 0);
  answers<{ state: string; splay: number }>(command, doors, ({ progress }, options) =>
    doors.clientUpdate({ state: options.state, splaySeconds: options.splay }, progress),
  );
}

function splay(text: string): number {
  if (!/^\d{1,5}$/.test(text)) throw new InvalidArgumentError("expected seconds, at most 99999");
  return Number(text);
}
