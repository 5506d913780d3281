/** `rulemint rule quarantine`: leaves one rule out without stopping the rest, and takes it back in. */
import type { Command } from "commander";
import { UsageError } from "../../core/errors.js";
import { answers, done, openService, rehearsed, type ServiceOptions, withDryRun } from "../command.js";
import { oneLine } from "../describe-changes.js";
import { describeSubmission } from "../describe-submission.js";
import type { CLIDoors } from "../doors.js";
import { formatTable, formatTime } from "../figures.js";

interface Options extends ServiceOptions {
  readonly ruleset?: string;
  readonly reason?: string;
  readonly lift?: boolean;
}

export function ruleQuarantine(noun: Command, doors: CLIDoors): void {
  const command = withDryRun(noun.command("quarantine"))
    .description("leave a rule out of its ruleset until it is lifted; without a rule, list those that are")
    .argument("[id]", "YARA name, Sigma id, sid, signature name, or the indicator")
    .option("--ruleset <name>", "its ruleset")
    .option("--reason <text>", "why")
    .option("--lift", "take it back in");
  answers<Options>(command, doors, async (_call, { ruleset, reason, lift, ...options }, [id]) => {
    const service = openService(doors, options);
    if (id === undefined) {
      const items = await service.listQuarantine();
      const rows = items.map((one) => [
        ...[oneLine(one.rule), one.ruleset, one.by, formatTime(one.at), one.submission, one.reason],
      ]);
      const headings = ["rule", "ruleset", "by", "since", "submission", "why"];
      return done(items, items.length === 0 ? "no rule is in quarantine" : formatTable(headings, rows));
    }
    if (!ruleset || !reason) throw new UsageError("USAGE", "expected --ruleset and --reason with a rule");
    const order = { id, reason };
    const submission = lift
      ? await service.liftQuarantine(ruleset, order, options)
      : await service.quarantineRule(ruleset, order, options);
    if (options.dryRun) return rehearsed(submission, describeSubmission(submission));
    return done(submission, describeSubmission(submission));
  });
}
