/** `rulemint release show`: one release, its packs, its verdicts and what it waits for. */
import type { Command } from "commander";
import { answers, done, openService, parseNumber, type ServiceOptions, withService } from "../command.js";
import { describeRelease } from "../describe-release.js";
import type { CLIDoors } from "../doors.js";
import { newestRelease } from "../wait-for-release.js";

interface Options extends ServiceOptions {
  readonly feed: string;
  readonly release?: number;
}

export function releaseShow(noun: Command, doors: CLIDoors): void {
  const command = withService(noun.command("show"))
    .description("show one release: packs, verdicts, and what it waits for")
    .requiredOption("--feed <feed>", "feed")
    .option("--release <number>", "release (default: the newest)", parseNumber);
  answers<Options>(command, doors, async (_call, options) => {
    const service = openService(doors, options);
    const number = options.release ?? (await newestRelease(service, options.feed));
    const release = await service.getRelease(options.feed, number);
    return done(release, describeRelease(release));
  });
}
