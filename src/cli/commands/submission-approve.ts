/** `rulemint submission approve`: says yes to exactly the files that were read. */
import type { Command } from "commander";
import { answers, done, openService, type ServiceOptions, withService } from "../command.js";
import type { CLIDoors } from "../doors.js";

interface Options extends ServiceOptions {
  readonly digest?: string;
}

export function submissionApprove(noun: Command, doors: CLIDoors): void {
  const command = withService(noun.command("approve"))
    .description("approve a submission; never one's own")
    .argument("<id>", "submission")
    .option("--digest <sha256>", "what was reviewed (default: what the submission says now)");
  answers<Options>(command, doors, async (_call, options, [id = ""]) => {
    const service = openService(doors, options);
    const digest = options.digest ?? (await service.getSubmission(id)).digest;
    const submission = await service.approveSubmission(id, digest);
    const by = submission.decision?.by ?? "you";
    return done(submission, `${id} is approved by ${by}: it is now the head of ${submission.ruleset}`);
  });
}
