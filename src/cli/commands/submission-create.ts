/** `rulemint submission create`: proposes files as a new revision of a ruleset. */
import { type Command, Option } from "commander";
import { ruleKinds, type RuleKind } from "../../core/rules/model.js";
import { answers, done, openService, type ServiceOptions, withService } from "../command.js";
import type { CLIDoors, Progress } from "../doors.js";
import { formatBytes, formatCount } from "../figures.js";
import { collectFiles, tarStream } from "../upload.js";
import { describeSubmission } from "../describe-submission.js";

interface Options extends ServiceOptions {
  readonly ruleset: string;
  readonly kind: RuleKind;
  readonly message?: string;
  readonly leaveOutInvalid?: boolean;
}

export function submissionCreate(noun: Command, doors: CLIDoors): void {
  const command = withService(noun.command("create"))
    .description("propose files as the whole new revision of a ruleset")
    .argument("<paths...>", "files and folders; a folder gives its content")
    .requiredOption("--ruleset <name>", "ruleset; made by the first submission that names it")
    .addOption(new Option("--kind <kind>", "kind of the rules").choices([...ruleKinds]).makeOptionMandatory())
    .option("--message <text>", "why, for the reviewer")
    .option("--leave-out-invalid", "leave out rules with errors and take the rest");
  answers<Options>(command, doors, async ({ progress }, options, paths) => {
    const service = openService(doors, options);
    const { files, bytes, hidden } = await collectFiles(paths);
    if (hidden.length > 0)
      progress(`left out ${formatCount(hidden.length, "hidden entry", "hidden entries")}`);
    progress(`sending ${formatCount(files.length, "file")}, ${formatBytes(bytes)}`);
    const { ruleset, kind, message, leaveOutInvalid } = options;
    const query = { ruleset, kind, message, leaveOutInvalid };
    const submission = await service.createSubmission(query, tarStream(files, tellTenths(bytes, progress)));
    return done(submission, describeSubmission(submission));
  });
}

/** Says how far a long upload is, at each tenth. */
function tellTenths(bytes: number, progress: Progress): (sent: number) => void {
  let told = 0;
  return (sent) => {
    const tenth = Math.min(10, Math.floor((10 * sent) / bytes));
    if (bytes < 10_000_000 || tenth <= told) return;
    told = tenth;
    progress(tenth < 10 ? `sent ${tenth}0 %` : "sent; the service reads and checks the rules");
  };
}
