/** `rulemint assay verdicts`: who rebuilt a release, and what each found. */
import type { Command } from "commander";
import { answers, done, openService, parseNumber, type ServiceOptions, withService } from "../command.js";
import { describeVerdicts } from "../describe-assay.js";
import type { CLIDoors } from "../doors.js";
import { newestRelease } from "../wait-for-release.js";

interface Options extends ServiceOptions {
  readonly feed: string;
  readonly release?: number;
}

export function assayVerdicts(noun: Command, doors: CLIDoors): void {
  const command = withService(noun.command("verdicts"))
    .description("list the verdicts on a release: the overseer's, and those of every other rebuilder")
    .requiredOption("--feed <feed>", "feed")
    .option("--release <number>", "release (default: the newest)", parseNumber);
  answers<Options>(command, doors, async (_call, options) => {
    const service = openService(doors, options);
    const number = options.release ?? (await newestRelease(service, options.feed));
    const { feed, release, state, verdicts } = await service.getRelease(options.feed, number);
    const items = await service.listRebuildVerdicts(feed, number);
    const list = { feed, release, state, answers: verdicts, verdicts: items };
    return done(list, describeVerdicts(list));
  });
}
