/** `rulemint release publish`: time-stamps, seals and publishes a release that the overseer has co-signed. */
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
  readonly wait: boolean;
}

export function releasePublish(noun: Command, doors: CLIDoors): void {
  const command = withDryRun(noun.command("publish"))
    .description("seal and publish a release that the overseer has co-signed")
    .requiredOption("--feed <feed>", "feed")
    .option("--release <number>", "release (default: the newest)", parseNumber)
    .option("--no-wait", "answer at once; the work goes on");
  answers<Options>(command, doors, async (call, options) => {
    const service = openService(doors, options);
    const number = options.release ?? (await newestRelease(service, options.feed));
    const begun = await service.publishRelease(options.feed, number, options);
    if (options.dryRun) return rehearsed(begun, describeRelease(begun));
    const release = options.wait ? await waitForRelease(call, service, begun, "published") : begun;
    return done(release, describeRelease(release));
  });
}
