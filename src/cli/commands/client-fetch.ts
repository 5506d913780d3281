/** `rulemint client fetch`: engine files of some kinds, without the rest of the release. */
import type { Command } from "commander";
import { answers } from "../command.js";
import type { CLIDoors } from "../doors.js";
import { type ExportOptions, exportChoiceOf, withExportOptions } from "./client-export.js";

export function clientFetch(noun: Command, doors: CLIDoors): void {
  const command = withExportOptions(
    noun
      .command("fetch")
      .description(
        "fetch rules of some kinds of the newest release, proven, for an endpoint that keeps no database",
      )
      .requiredOption("--kind <kind...>", "these kinds: yara, suricata, clamav, sigma, ioc"),
  );
  answers<ExportOptions>(command, doors, ({ progress }, options) =>
    doors.clientFetch(exportChoiceOf(options), progress),
  );
}
