/** `rulemint client report`: what an endpoint tells its publisher, to the byte; and sending it where no daemon runs. */
import type { Command } from "commander";
import { answers } from "../command.js";
import type { CLIDoors } from "../doors.js";

interface Options {
  readonly state: string;
  readonly show?: boolean;
  readonly send?: boolean;
  readonly region?: string;
  readonly report?: string;
}

export function clientReport(noun: Command, doors: CLIDoors): void {
  const command = noun
    .command("report")
    .description("what this endpoint reports of releases: nothing, unless configure --report says so")
    .requiredOption("--state <dir>", "the endpoint's state folder")
    .option("--show", "print each request, byte for byte; before the choice, an example of one")
    .option("--send", "wait until each report is due, and send it")
    .option("--region <name>", "with --show: as if this region were chosen")
    .option("--report <url>", "with --show: as if this address were chosen");
  answers<Options>(command, doors, ({ progress }, { state, show, send, region, report }) =>
    doors.clientReport(
      {
        ...{ state, show: show === true, send: send === true },
        ...(region !== undefined && { region }),
        ...(report !== undefined && report !== "on" && { url: report }),
      },
      progress,
    ),
  );
}
