/** `rulemint client export`: engine files from the database in place. */
import type { Command } from "commander";
import { answers } from "../command.js";
import type { CLIDoors } from "../doors.js";

export function clientExport(noun: Command, doors: CLIDoors): void {
  const command = noun
    .command("export")
    .description("write files that YARA, Suricata, ClamAV and others load")
    .requiredOption("--state <dir>", "the endpoint's state folder")
    .requiredOption("--out <dir>", "folder for the files; one folder a kind");
  answers<{ state: string; out: string }>(command, doors, ({ progress }, { state, out }) =>
    doors.clientExport({ state, out }, progress),
  );
}
