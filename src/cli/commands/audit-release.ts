/** `rulemint audit release`: the whole chain from the pinned root to a release, redone. */
import type { Command } from "commander";
import { type GivenTree, treeOptions, withTree } from "../audit-options.js";
import { answers, parseNumber } from "../command.js";
import type { CLIDoors } from "../doors.js";

interface Options extends GivenTree {
  readonly release?: number;
  readonly rebuild?: boolean;
  readonly token?: string;
}

export function auditRelease(noun: Command, doors: CLIDoors): void {
  const command = withTree(
    noun
      .command("release")
      .description("verify a release from the pinned root on, and report who signed what"),
  )
    .option(
      "--release <number>",
      "release (default: the newest of the tree, whatever --at says)",
      parseNumber,
    )
    .option("--rebuild", "fetch the sources and compile them again")
    .option("--token <token>", "an auditor's token, for --rebuild (or RULEMINT_TOKEN)");
  answers<Options>(command, doors, ({ progress }, options) => {
    const { release, rebuild = false } = options;
    const token = options.token ?? doors.terminal.environment.RULEMINT_TOKEN;
    return doors.auditRelease({ ...treeOptions(options), release, rebuild, token }, progress);
  });
}
