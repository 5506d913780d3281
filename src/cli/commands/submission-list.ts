/** `rulemint submission list`: what was proposed, newest first. */
import { type Command, Option } from "commander";
import { submissionStates } from "../../services/model.js";
import type { SubmissionSummary } from "../api-client.js";
import { answers, done, openService, type ServiceOptions, withService } from "../command.js";
import type { CLIDoors } from "../doors.js";
import { formatTable, formatTime } from "../figures.js";

interface Options extends ServiceOptions {
  readonly state?: SubmissionSummary["state"];
  readonly ruleset?: string;
}

export function submissionList(noun: Command, doors: CLIDoors): void {
  const command = withService(noun.command("list"))
    .description("list submissions, newest first")
    .addOption(new Option("--state <state>", "only these").choices([...submissionStates]))
    .option("--ruleset <name>", "only of this ruleset");
  answers<Options>(command, doors, async (_call, { state, ruleset, ...rest }) => {
    const service = openService(doors, rest);
    const items: SubmissionSummary[] = [];
    let after: string | undefined;
    do {
      const page = await service.listSubmissions({ state, ruleset, after, limit: 200 });
      items.push(...page.items);
      after = page.next ?? undefined;
    } while (after !== undefined);
    return done(items, items.length === 0 ? "no submissions" : tableOf(items));
  });
}

function tableOf(items: readonly SubmissionSummary[]): string {
  const rows = items.map((one) => [
    one.id,
    one.state,
    one.ruleset,
    one.kind,
    one.rules.toLocaleString("en-US"),
    String(one.errors),
    one.author,
    formatTime(one.createdAt),
    one.message.slice(0, 60),
  ]);
  return formatTable(
    ["id", "state", "ruleset", "kind", "rules", "errors", "author", "made", "message"],
    rows,
  );
}
