/** `rulemint rollout`: how far a release is on its way to everybody, and how people stop it, let it go on, or hurry it. */
import type { Command } from "commander";
import {
  answers,
  done,
  openService,
  parseCount,
  parseNumber,
  rehearsed,
  type ServiceOptions,
  withDryRun,
  withService,
} from "../command.js";
import { describeReports, describeRollout } from "../describe-rollout.js";
import type { CLIDoors } from "../doors.js";
import { RulemintError } from "../../core/errors.js";

interface Options extends ServiceOptions {
  readonly feed: string;
  readonly release?: number;
}

interface ReportsOptions extends Options {
  readonly region?: string;
  readonly page?: string;
}

interface OrderOptions extends Options {
  readonly reason: string;
  readonly permille?: number;
}

export function rolloutShow(noun: Command, doors: CLIDoors): void {
  const command = withService(noun.command("show"))
    .description("the newest release's ring, its halts, and who did what")
    .requiredOption("--feed <feed>", "feed");
  answers<Options>(command, doors, async (_call, options) => {
    const rollout = await openService(doors, options).showRollout(options.feed);
    return done(rollout, describeRollout(rollout));
  });
}

export function rolloutReports(noun: Command, doors: CLIDoors): void {
  const command = withService(noun.command("reports"))
    .description("what endpoints reported of a release: adoption and failures by hour")
    .requiredOption("--feed <feed>", "feed")
    .option("--release <number>", "the release (default: the one that is rolled out)", parseNumber)
    .option("--region <name>", "one region (default: all)")
    .option("--page <file>", "write it to this file too, as an HTML page with curves");
  answers<ReportsOptions>(command, doors, async (_call, options) => {
    const service = openService(doors, options);
    const { feed, region, page } = options;
    const release = options.release ?? (await service.showRollout(feed)).candidate;
    const curve = await service.readReports(feed, release, { region });
    if (page !== undefined) {
      const { renderReportsPage } = await import("../reports-page/reports-page.js");
      const rollout = await service.showRollout(feed).catch(withoutRings);
      await doors.writeText(page, renderReportsPage(curve, rollout, new Date()));
    }
    return done(curve, describeReports(curve));
  });
}

/** A feed without rings has reports, but no rollout. */
function withoutRings(error: unknown): undefined {
  if (!(error instanceof RulemintError) || error.code !== "NOT_FOUND") throw error;
}

export const rolloutHalt = order(
  "halt",
  "haltRollout",
  "give the release to nobody else; one person suffices",
);
export const rolloutResume = order("resume", "resumeRollout", "go on after a halt; takes two people");
export const rolloutSkip = order("skip", "skipRings", "go to a later ring at once; takes two people");

function order(verb: string, act: "haltRollout" | "resumeRollout" | "skipRings", description: string) {
  return (noun: Command, doors: CLIDoors): void => {
    const command = withDryRun(noun.command(verb))
      .description(description)
      .requiredOption("--feed <feed>", "feed")
      .option(
        "--release <number>",
        "the release that it is about (default: the one in the rollout)",
        parseNumber,
      )
      .requiredOption("--reason <text>", "why, for the record");
    if (act === "skipRings")
      command.requiredOption("--permille <n>", "the share of the later ring", parseCount);
    answers<OrderOptions>(command, doors, async (_call, options) => {
      const service = openService(doors, options);
      const { feed, reason, permille } = options;
      const release = options.release ?? (await service.showRollout(feed)).candidate;
      const said = { release, reason, ...(permille !== undefined && { permille }) };
      const rollout = await service[act](feed, said, options);
      if (options.dryRun) return rehearsed(rollout, describeRollout(rollout));
      return done(rollout, describeRollout(rollout));
    });
  };
}
