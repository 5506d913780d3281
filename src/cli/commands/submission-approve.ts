/** `rulemint submission approve`: says yes to exactly the files that were read. */
import type { Command } from "commander";
import { UsageError } from "../../core/errors.js";
import { answers, done, openService, rehearsed, type ServiceOptions, withDryRun } from "../command.js";
import { describeSubmission } from "../describe-submission.js";
import type { CLIDoors } from "../doors.js";

interface Options extends ServiceOptions {
  readonly digest?: string;
  readonly emergency?: boolean;
  readonly reason?: string;
}

export function submissionApprove(noun: Command, doors: CLIDoors): void {
  const command = withDryRun(noun.command("approve"))
    .description("approve a submission; never one's own")
    .argument("<id>", "submission")
    .option("--digest <sha256>", "what was reviewed (default: what the submission says now)")
    .option("--emergency", "outside the rules of review; takes two people, and the public log keeps why")
    .option("--reason <text>", "why there is no time, with --emergency");
  answers<Options>(command, doors, async (_call, options, [id = ""]) => {
    const service = openService(doors, options);
    const digest = options.digest ?? (await service.getSubmission(id)).digest;
    if (options.emergency && !options.reason)
      throw new UsageError("USAGE", "expected --reason with --emergency");
    const submission = options.emergency
      ? await service.approveInEmergency(id, digest, options.reason ?? "", options)
      : await service.approveSubmission(id, digest, options);
    if (options.dryRun) return rehearsed(submission, describeSubmission(submission));
    if (submission.state === "open")
      return done(submission, `${id} has your approval, and waits for another's`);
    const by = submission.decision?.by ?? "you";
    return done(submission, `${id} is approved by ${by}: it is now the head of ${submission.ruleset}`);
  });
}
