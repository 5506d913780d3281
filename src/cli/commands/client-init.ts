/** `rulemint client init`: an endpoint's state folder with its pinned root. */
import type { Command } from "commander";
import { answers } from "../command.js";
import { type RebuilderOptions, withRebuilders } from "./client-rebuilders.js";
import type { CLIDoors } from "../doors.js";

interface Options extends RebuilderOptions {
  readonly state: string;
  readonly url: string;
  readonly root: string;
  readonly policy?: string;
  readonly feed: string;
}

export function clientInit(noun: Command, doors: CLIDoors): void {
  const command = withRebuilders(noun.command("init"))
    .description("make a state folder that trusts one root")
    .requiredOption("--state <dir>", "folder to make")
    .requiredOption("--url <url>", "where the public tree is")
    .requiredOption("--root <path>", "root.json, from a source that you trust")
    .option("--policy <path>", "signature policy that overrides the root's")
    .option("--feed <feed>", "feed", "endpoint");
  answers<Options>(command, doors, ({ progress }, options) => {
    const { state, url, root, policy, feed, rebuilders, rebuilderKey: rebuilderKeys } = options;
    return doors.clientInit({ state, url, root, policy, feed, rebuilders, rebuilderKeys }, progress);
  });
}
