/** `rulemint rule history`: every approved revision that touched a rule; who wrote it first, who last, and why. */
import { type Command, Option } from "commander";
import { type RuleKind, ruleKinds } from "../../core/rules/model.js";
import type { RuleRevisions } from "../api-client.js";
import { answers, done, openService, type ServiceOptions, withService } from "../command.js";
import { oneLine, placeText } from "../describe-changes.js";
import type { CLIDoors } from "../doors.js";
import { formatFacts, formatTable, formatTime } from "../figures.js";

interface Options extends ServiceOptions {
  readonly ruleset?: string;
  readonly kind?: RuleKind;
}

export function ruleHistory(noun: Command, doors: CLIDoors): void {
  const command = withService(noun.command("history"))
    .description("show every approved revision that touched a rule, also one that is gone")
    .argument("<id>", "YARA name, Sigma id, sid, signature name, or the indicator")
    .option("--ruleset <name>", "only in this ruleset")
    .addOption(new Option("--kind <kind>", "only rules of this kind").choices(ruleKinds));
  answers<Options>(command, doors, async (_call, { ruleset, kind, ...options }, [id = ""]) => {
    const history = await openService(doors, options).getRuleRevisions({ id, ruleset, kind });
    return done(history, describeHistory(history));
  });
}

function describeHistory({
  id,
  firstAuthor,
  lastAuthor,
  stands,
  revisions,
  complete,
}: RuleRevisions): string {
  const facts = formatFacts([
    ["rule", oneLine(id)],
    ["first by", firstAuthor],
    ["last by", lastAuthor],
    ["now", stands ? "in its ruleset" : "gone"],
    ["known", complete ? null : "not from its beginning: earlier revisions were not remembered"],
  ]);
  const rows = revisions.map((one) => [
    formatTime(one.approvedAt),
    one.change,
    one.ruleset,
    placeText(one),
    one.author,
    one.approvedBy,
    one.submission,
    one.message.slice(0, 60),
  ]);
  const headings = ["when", "what", "ruleset", "where", "by", "approved by", "submission", "why"];
  return `${facts}\n\n${formatTable(headings, rows)}`;
}
