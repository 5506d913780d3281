/** `rulemint submission open` and `withdraw`: what an author does with an own submission. */
import type { Command } from "commander";
import { answers, done, openService, rehearsed, type ServiceOptions, withDryRun } from "../command.js";
import { describeSubmission } from "../describe-submission.js";
import type { CLIDoors } from "../doors.js";

export function submissionOpen(noun: Command, doors: CLIDoors): void {
  const command = withDryRun(noun.command("open"))
    .description("ask for review of a draft of one's own")
    .argument("<id>", "draft");
  answers<ServiceOptions>(command, doors, async (_call, options, [id = ""]) => {
    const submission = await openService(doors, options).openDraft(id, options);
    if (options.dryRun) return rehearsed(submission, describeSubmission(submission));
    return done(submission, describeSubmission(submission));
  });
}

export function submissionWithdraw(noun: Command, doors: CLIDoors): void {
  const command = withDryRun(noun.command("withdraw"))
    .description("take back a submission of one's own, while nobody has decided")
    .argument("<id>", "submission")
    .option("--reason <text>", "why");
  answers<ServiceOptions & { readonly reason?: string }>(
    command,
    doors,
    async (_call, options, [id = ""]) => {
      const { reason = "" } = options;
      const submission = await openService(doors, options).withdrawSubmission(id, reason, options);
      if (options.dryRun) return rehearsed(submission, describeSubmission(submission));
      return done(submission, `${id} is withdrawn`);
    },
  );
}
