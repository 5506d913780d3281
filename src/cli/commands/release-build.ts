/** `rulemint release build`: the next release of a feed, compiled, packed and signed by the publisher. */
import { type Command, Option } from "commander";
import { waivableGates } from "../../services/build-release.js";
import { answers, done, openService, rehearsed, type ServiceOptions, withDryRun } from "../command.js";
import { describeRelease } from "../describe-release.js";
import type { CLIDoors } from "../doors.js";
import { waitForRelease } from "../wait-for-release.js";

interface Options extends ServiceOptions {
  readonly feed: string;
  readonly reason?: string;
  readonly renew?: boolean;
  readonly waive?: readonly (typeof waivableGates)[number][];
  readonly wait: boolean;
}

export function releaseBuild(noun: Command, doors: CLIDoors): void {
  const command = withDryRun(noun.command("build"))
    .description("build the next release from the approved rules, and sign it as publisher")
    .requiredOption("--feed <feed>", "feed")
    .option("--reason <text>", "why, for the record")
    .option("--renew", "the same content under a fresh expiry")
    .addOption(
      new Option("--waive <gate...>", "gates that may fail this time; --reason says why").choices(
        waivableGates,
      ),
    )
    .option("--no-wait", "answer at once; the work goes on");
  answers<Options>(command, doors, async (call, options) => {
    const service = openService(doors, options);
    const { feed, reason, renew, waive } = options;
    const order = { reason, renew, ...(waive && { waive: [...waive] }) };
    const begun = await service.buildRelease(feed, order, options);
    if (options.dryRun) return rehearsed(begun, describeRelease(begun));
    if (!options.wait) return done(begun, describeRelease(begun));
    const signed = await waitForRelease(call, service, begun, "signed");
    return done(
      signed,
      `${describeRelease(signed)}\n\nnext: the overseer runs rulemint assay run --feed ${feed}`,
    );
  });
}
