/** `rulemint client update`: verifies and applies the newest release, or keeps what it has. */
import type { Command } from "commander";
import { answers } from "../command.js";
import type { CLIDoors } from "../doors.js";

export function clientUpdate(noun: Command, doors: CLIDoors): void {
  const command = noun
    .command("update")
    .description("verify and apply the newest release; on any failure the last good one stays")
    .requiredOption("--state <dir>", "the endpoint's state folder");
  answers<{ state: string }>(command, doors, ({ progress }, { state }) =>
    doors.clientUpdate(state, progress),
  );
}
