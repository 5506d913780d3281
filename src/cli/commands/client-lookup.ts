/** `rulemint client lookup`: whether an indicator is listed in the database in use. */
import type { Command } from "commander";
import { answers } from "../command.js";
import type { CLIDoors } from "../doors.js";

export function clientLookup(noun: Command, doors: CLIDoors): void {
  const command = noun
    .command("lookup")
    .description(
      "ask the database in use for hashes, addresses, domains and URLs, and for what stands for them",
    )
    .argument("<indicator...>", "a hash, domain, address, network or URL; defanged ones too")
    .requiredOption("--state <dir>", "the endpoint's state folder");
  answers<{ state: string }>(command, doors, (_call, { state }, indicators) =>
    doors.clientLookup({ state, indicators }),
  );
}
