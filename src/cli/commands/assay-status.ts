/** `rulemint assay status`: how an overseer or another rebuilder stands, from its folder alone. */
import type { Command } from "commander";
import { answers } from "../command.js";
import type { CLIDoors } from "../doors.js";

export function assayStatus(noun: Command, doors: CLIDoors): void {
  const command = noun
    .command("status")
    .description(
      "say what was judged, when it last had an answer, and what stops it; exit 1 if something does",
    )
    .requiredOption("--data <dir>", "the rebuilder's folder");
  answers<{ data: string }>(command, doors, (_call, { data }) => doors.assayStatus(data));
}
