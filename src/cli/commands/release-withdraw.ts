/**
 * `rulemint release withdraw`: replaces a bad release by a new one with older content, or ends one that is
 * not public.
 */
import type { Command } from "commander";
import {
  answers,
  done,
  openService,
  parseNumber,
  rehearsed,
  type ServiceOptions,
  withDryRun,
} from "../command.js";
import { describeRelease } from "../describe-release.js";
import type { CLIDoors } from "../doors.js";
import { newestRelease, waitForRelease } from "../wait-for-release.js";

interface Options extends ServiceOptions {
  readonly feed: string;
  readonly release?: number;
  readonly to?: number;
  readonly reason: string;
  readonly wait: boolean;
}

export function releaseWithdraw(noun: Command, doors: CLIDoors): void {
  const command = withDryRun(noun.command("withdraw"))
    .description("replace a bad release by a new one with the content of an older one")
    .requiredOption("--feed <feed>", "feed")
    .option("--release <number>", "the bad release (default: the newest)", parseNumber)
    .option("--to <number>", "the release whose content comes back (default: the one before)", parseNumber)
    .requiredOption("--reason <text>", "why, for the record")
    .option("--no-wait", "answer at once; the work goes on");
  answers<Options>(command, doors, async (call, options) => {
    const service = openService(doors, options);
    const { feed, to, reason } = options;
    const bad = options.release ?? (await newestRelease(service, feed));
    const begun = await service.withdrawRelease(feed, bad, { to, reason }, options);
    if (options.dryRun) return rehearsed(begun, describeRelease(begun));
    if (begun.state === "failed")
      return done(begun, `release ${begun.release} of ${feed} is ended; it was not public`);
    const release = options.wait ? await waitForRelease(call, service, begun, "signed") : begun;
    const next = `next: rulemint assay run --feed ${feed}, then rulemint release publish --feed ${feed}`;
    return done(release, `${describeRelease(release)}\n\n${next}`);
  });
}
