/** `rulemint submission create`: proposes files as a new revision of a ruleset. */
import { type Command, Option } from "commander";
import { ruleKinds, type RuleKind } from "../../core/rules/model.js";
import { UsageError } from "../../core/errors.js";
import { answers, done, openService, rehearsed, type ServiceOptions, withDryRun } from "../command.js";
import type { CLIDoors, Progress } from "../doors.js";
import { formatBytes, formatCount } from "../figures.js";
import { collectFiles, fileStream, tarStream } from "../upload.js";
import { describeSubmission } from "../describe-submission.js";

interface Options extends ServiceOptions {
  readonly ruleset: string;
  readonly kind: RuleKind;
  readonly message?: string;
  readonly leaveOutInvalid?: boolean;
  readonly draft?: boolean;
  readonly patch?: boolean;
  readonly delete?: readonly string[];
  readonly replaces?: string;
  readonly licence?: string;
  readonly source?: string;
}

export function submissionCreate(noun: Command, doors: CLIDoors): void {
  const command = withDryRun(noun.command("create"))
    .description("propose files as the whole new revision of a ruleset")
    .argument("[paths...]", "files and folders; a folder gives its content; one .tar file is sent as it is")
    .requiredOption("--ruleset <name>", "ruleset; made by the first submission that names it")
    .addOption(new Option("--kind <kind>", "kind of the rules").choices([...ruleKinds]).makeOptionMandatory())
    .option("--message <text>", "why, for the reviewer")
    .option("--leave-out-invalid", "leave out rules with errors and take the rest")
    .option("--draft", "keep it with its findings, and ask for review later: submission open")
    .option("--patch", "put the files into the head's, instead of proposing the whole revision")
    .option("--delete <path...>", "with --patch: files or folders of the head that go")
    .option("--replaces <id>", "withdraw this submission of one's own, and its approvals")
    .option("--licence <text>", "terms of rules that were taken from elsewhere")
    .option("--source <text>", "where they were taken from");
  answers<Options>(command, doors, async ({ progress }, options, paths) => {
    const service = openService(doors, options);
    const tar = await archiveOf(paths, options, progress);
    const { ruleset, kind, message, leaveOutInvalid, draft, patch, replaces, licence, source } = options;
    const deletes = options.delete === undefined ? {} : { delete: [...options.delete] };
    const query = {
      ruleset,
      kind,
      message,
      leaveOutInvalid,
      draft,
      patch,
      ...deletes,
      replaces,
      licence,
      source,
      ...(options.dryRun && { dryRun: true }),
    };
    const submission = await service.createSubmission(query, tar);
    if (options.dryRun) return rehearsed(submission, describeSubmission(submission));
    return done(submission, describeSubmission(submission));
  });
}

/** @throws UsageError USAGE for no files, unless a patch only takes some away */
async function archiveOf(
  paths: readonly string[],
  options: Options,
  progress: Progress,
): Promise<AsyncIterable<Uint8Array>> {
  const [only, ...others] = paths;
  if (only?.endsWith(".tar") && others.length === 0) return fileStream(only);
  if (only === undefined && options.patch && options.delete) return tarStream([], () => undefined);
  if (only === undefined) throw new UsageError("USAGE", "missing required argument 'paths'");
  const { files, bytes, hidden } = await collectFiles(paths);
  if (hidden.length > 0) progress(`left out ${formatCount(hidden.length, "hidden entry", "hidden entries")}`);
  progress(`sending ${formatCount(files.length, "file")}, ${formatBytes(bytes)}`);
  return tarStream(files, tellTenths(bytes, progress));
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
