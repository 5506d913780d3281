/** `rulemint audit export`: one file with everything that proves a release, for a stranger without a network. */
import type { Command } from "commander";
import { type GivenReport, withReport } from "../audit-options.js";
import { answers, parseNumber } from "../command.js";
import type { CLIDoors } from "../doors.js";

interface Options extends GivenReport {
  readonly url: string;
  readonly feed: string;
  readonly release: number;
  readonly out: string;
  readonly token?: string;
  readonly since?: string;
}

export function auditExport(noun: Command, doors: CLIDoors): void {
  const command = withReport(
    noun
      .command("export")
      .description(
        "write the evidence bundle of a release: one file, the same for everybody, checked before it is kept",
      )
      .requiredOption("--url <url>", "where the public tree is")
      .requiredOption("--feed <feed>", "feed")
      .requiredOption("--release <number>", "release", parseNumber)
      .requiredOption("--out <file>", "the bundle, a plain tar archive")
      .option("--token <token>", "an auditor's token, for the sources (or RULEMINT_TOKEN)")
      .option(
        "--since <file>",
        "the last checkpoint of the log that you saw: the bundle gets a proof from there",
      ),
  );
  answers<Options>(command, doors, ({ progress }, { url, feed, release, out, report = [], ...rest }) => {
    const token = rest.token ?? doors.terminal.environment.RULEMINT_TOKEN;
    return doors.exportBundle(
      { url, feed, release, out, report, ...(token && { token }), since: rest.since },
      progress,
    );
  });
}
