/** `rulemint submission diff`: what a submission changes, rule by rule. */
import type { Command } from "commander";
import type { SubmissionDiff } from "../api-client.js";
import { answers, done, openService, type ServiceOptions, withService } from "../command.js";
import { changeLines, formatTotals } from "../describe-changes.js";
import type { CLIDoors } from "../doors.js";

export function submissionDiff(noun: Command, doors: CLIDoors): void {
  const command = withService(noun.command("diff"))
    .description("show what a submission changes, by rule: added, changed, removed, moved")
    .argument("<id>", "submission")
    .option("--against <id>", "another revision of the ruleset (default: its head)");
  answers<ServiceOptions & { readonly against?: string }>(
    command,
    doors,
    async (_call, { against, ...options }, [id = ""]) => {
      const diff = await openService(doors, options).diffSubmission(id, { against });
      return done(diff, describeDiff(diff));
    },
  );
}

function describeDiff({ submission, against, totals, files, rules, cut }: SubmissionDiff): string {
  const head = `${submission} against ${against ?? "nothing"}: ${formatTotals(totals)}`;
  const fileLines = files.map(
    ({ change, path, from }) => `  ${change} ${from === null ? "" : `${from} -> `}${path}`,
  );
  const parts = [head];
  if (rules.length > 0) parts.push(changeLines(rules).join("\n"));
  if (files.length > 0) parts.push(["files", ...fileLines].join("\n"));
  if (cut) parts.push("there are more changes than are listed");
  return parts.join("\n\n");
}
