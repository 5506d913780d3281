/** `rulemint submission reject`: says no, and why. */
import type { Command } from "commander";
import { answers, done, openService, rehearsed, type ServiceOptions, withDryRun } from "../command.js";
import { describeSubmission } from "../describe-submission.js";
import type { CLIDoors } from "../doors.js";

interface Options extends ServiceOptions {
  readonly reason: string;
  readonly digest?: string;
}

export function submissionReject(noun: Command, doors: CLIDoors): void {
  const command = withDryRun(noun.command("reject"))
    .description("reject a submission, with a reason for its author")
    .argument("<id>", "submission")
    .requiredOption("--reason <text>", "why, for the author")
    .option("--digest <sha256>", "what was reviewed (default: what the submission says now)");
  answers<Options>(command, doors, async (_call, options, [id = ""]) => {
    const service = openService(doors, options);
    const digest = options.digest ?? (await service.getSubmission(id)).digest;
    const submission = await service.rejectSubmission(id, digest, options.reason, options);
    if (options.dryRun) return rehearsed(submission, describeSubmission(submission));
    return done(submission, `${id} is rejected by ${submission.decision?.by ?? "you"}: ${options.reason}`);
  });
}
