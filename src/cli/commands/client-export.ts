/** `rulemint client export`: engine files from the database in place. */
import type { Command } from "commander";
import { answers } from "../command.js";
import type { CLIDoors, ClientExportOptions } from "../doors.js";

export interface ExportOptions {
  readonly state: string;
  readonly out: string;
  readonly kind?: readonly string[];
  readonly ioc?: readonly string[];
  readonly sigma?: string;
  readonly engineVersion?: readonly string[];
  readonly asPublished?: boolean;
}

export function clientExport(noun: Command, doors: CLIDoors): void {
  const command = withExportOptions(
    noun
      .command("export")
      .description("write files that YARA, Suricata, ClamAV and others load")
      .option("--kind <kind...>", "of these kinds alone: yara, suricata, clamav, sigma, ioc"),
  );
  answers<ExportOptions>(command, doors, ({ progress }, options) =>
    doors.clientExport(exportChoiceOf(options), progress),
  );
}

/** Where to, in which forms, for whom. */
export function withExportOptions(command: Command): Command {
  return command
    .requiredOption("--state <dir>", "the endpoint's state folder")
    .requiredOption("--out <dir>", "folder for the files; one folder a kind")
    .option("--ioc <form...>", "indicators as plain, csv, stix, misp (default: as configured)")
    .option("--sigma <form>", "Sigma by logsource or flat (default: as configured)")
    .option(
      "--engine-version <engine@version...>",
      "for other engines than configured, as in client configure",
    )
    .option("--as-published", "without your own rules, and with those that you disabled");
}

export function exportChoiceOf(options: ExportOptions): ClientExportOptions {
  const { state, out, kind, ioc, sigma, engineVersion, asPublished = false } = options;
  const forms = { ...(kind && { kinds: kind }), ...(ioc && { ioc }), ...(sigma && { sigma }) };
  const exports = { ...forms, ...(engineVersion && { engines: engineVersion }) };
  return { state, out, exports, asPublished };
}
