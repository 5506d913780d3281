/** `rulemint audit verify`: an evidence bundle, judged from the pinned root alone. */
import type { Command } from "commander";
import { type GivenReport, withReport } from "../audit-options.js";
import { answers, parseTime } from "../command.js";
import type { CLIDoors } from "../doors.js";

interface Options extends GivenReport {
  readonly root: string;
  readonly policy?: string;
  readonly at?: string;
  readonly rebuild?: boolean;
  readonly since?: string;
}

export function auditVerify(noun: Command, doors: CLIDoors): void {
  const command = withReport(
    noun
      .command("verify")
      .description("verify an evidence bundle without a network, and report who signed what")
      .argument("<bundle>", "the file that `audit export` wrote")
      .requiredOption("--root <path>", "the pinned root.json")
      .option("--policy <path>", "signature policy that overrides the root's")
      .option("--at <time>", "judge as of this time instead of the release's own stamp, ISO 8601", parseTime)
      .option("--rebuild", "compile the sources in the bundle again")
      .option(
        "--since <file>",
        "the last checkpoint of the log that you saw, which the bundle must continue",
      ),
  );
  answers<Options>(command, doors, ({ progress }, options, [bundle = ""]) => {
    const { root, policy, at, rebuild = false, report = [] } = options;
    const given = { ...(policy !== undefined && { policy }), ...(at !== undefined && { at }) };
    return doors.verifyBundle({ bundle, root, rebuild, report, since: options.since, ...given }, progress);
  });
}
