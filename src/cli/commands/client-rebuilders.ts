/** `rulemint client rebuilders`: whose rebuilds an endpoint asks for, and how many of them must have found a release in order. */
import type { Command } from "commander";
import { answers, parseCount } from "../command.js";
import type { CLIDoors } from "../doors.js";

export interface RebuilderOptions {
  readonly rebuilders?: number;
  readonly rebuilderKey: string[];
}

export function withRebuilders(command: Command): Command {
  return command
    .option("--rebuilders <k>", "so many of the named rebuilders must have passed a release", parseCount)
    .option(
      "--rebuilder-key <path...>",
      "public keys of rebuilders, PEM; a FAILED of any refuses a release",
      [],
    );
}

export function clientRebuilders(noun: Command, doors: CLIDoors): void {
  const command = withRebuilders(noun.command("rebuilders"))
    .description(
      "ask for k of n rebuilds of your own choosing from now on; without options, what the policy asks",
    )
    .requiredOption("--state <dir>", "the endpoint's state folder");
  answers<RebuilderOptions & { state: string }>(command, doors, (_call, options) => {
    const { state, rebuilders, rebuilderKey: rebuilderKeys } = options;
    return doors.clientRebuilders({ state, rebuilders, rebuilderKeys });
  });
}
