/** `rulemint client status`: what the endpoint holds, and how old it is. */
import type { Command } from "commander";
import { answers } from "../command.js";
import type { CLIDoors } from "../doors.js";

export function clientStatus(noun: Command, doors: CLIDoors): void {
  const command = noun
    .command("status")
    .description("say which release is in place, who signed it, and how old it is")
    .requiredOption("--state <dir>", "the endpoint's state folder");
  answers<{ state: string }>(command, doors, (_call, { state }) => doors.clientStatus(state));
}
