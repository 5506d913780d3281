/** `rulemint release changes`: what a release changes, rule by rule, by whom and why. */
import { type Command, Option } from "commander";
import type { ChangeLog } from "../api-client.js";
import { answers, done, openService, parseNumber, type ServiceOptions, withService } from "../command.js";
import { formatTotals, oneLine, placeText } from "../describe-changes.js";
import type { CLIDoors } from "../doors.js";
import { formatTable } from "../figures.js";

interface Options extends ServiceOptions {
  readonly feed: string;
  readonly release?: number;
  readonly format: "text" | "markdown" | "html";
}

export function releaseChanges(noun: Command, doors: CLIDoors): void {
  const command = withService(noun.command("changes"))
    .description("show what a release changes, rule by rule: by whom, approved by whom, and why")
    .requiredOption("--feed <feed>", "feed")
    .option("--release <number>", "release (default: the newest)", parseNumber)
    .addOption(
      new Option("--format <format>", "how to print it")
        .choices(["text", "markdown", "html"])
        .default("text"),
    );
  answers<Options>(command, doors, async (_call, options) => {
    const service = openService(doors, options);
    const { feed, format } = options;
    const release = options.release ?? (await service.getFeed(feed)).newest;
    const read = async (as: "json" | "markdown" | "html") =>
      new TextDecoder().decode(await service.getChanges(feed, release, as));
    const log = JSON.parse(await read("json")) as ChangeLog;
    const text = format === "text" ? describeLog(log) : await read(format);
    return done(log, text.trimEnd());
  });
}

function describeLog(log: ChangeLog): string {
  const since = log.previous === null ? "the first release" : `since release ${log.previous}`;
  const head = `release ${log.release} of ${log.feed}, ${since}: ${formatTotals(log.totals)}`;
  if (log.changes.length === 0) return head;
  const rows = log.changes.map((one) => [
    ...[one.change, one.kind, oneLine(one.id), one.ruleset, placeText(one), one.by, one.approvedBy],
    one.why.slice(0, 60),
  ]);
  const headings = ["what", "kind", "rule", "ruleset", "where", "by", "approved by", "why"];
  const cut = log.cut ? "\n\nthere are more changes than are listed" : "";
  return `${head}\n\n${formatTable(headings, rows)}${cut}`;
}
