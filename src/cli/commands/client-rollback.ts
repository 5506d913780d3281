/** `rulemint client rollback`: back to the release before, which this endpoint has verified itself. */
import type { Command } from "commander";
import { answers } from "../command.js";
import type { CLIDoors } from "../doors.js";

export function clientRollback(noun: Command, doors: CLIDoors): void {
  const command = noun
    .command("rollback")
    .description("put the release before back in place; the next update goes forward again")
    .requiredOption("--state <dir>", "the endpoint's state folder");
  answers<{ state: string }>(command, doors, ({ progress }, { state }) =>
    doors.clientRollback(state, progress),
  );
}
