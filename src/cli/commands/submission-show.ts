/** `rulemint submission show`: one submission with its files and findings. */
import type { Command } from "commander";
import { answers, done, openService, type ServiceOptions, withService } from "../command.js";
import { describeSubmission } from "../describe-submission.js";
import type { CLIDoors } from "../doors.js";

export function submissionShow(noun: Command, doors: CLIDoors): void {
  const command = withService(noun.command("show"))
    .description("show one submission with its files and findings")
    .argument("<id>", "submission, for example s-000000000001");
  answers<ServiceOptions>(command, doors, async (_call, options, [id = ""]) => {
    const submission = await openService(doors, options).getSubmission(id);
    return done(submission, describeSubmission(submission));
  });
}
