/** `rulemint mirror sync`: a copy of a publisher's public tree, for any web server to serve. */
import type { Command } from "commander";
import { answers, parseInterval } from "../command.js";
import type { CLIDoors } from "../doors.js";
import type { MirrorSyncOptions } from "../mirror-doors.js";

interface Options extends Omit<MirrorSyncOptions, "seconds"> {
  readonly every?: number;
}

export function mirrorSync(noun: Command, doors: CLIDoors): void {
  const command = noun
    .command("sync")
    .description(
      "bring a folder up to a publisher's public tree; it is whole at every instant, the pointer comes last",
    )
    .requiredOption("--url <url>", "the tree to copy: http, https or file")
    .requiredOption("--root <path>", "the pinned root.json: what it does not lead to is not copied")
    .requiredOption("--to <folder>", "the copy, for a web server or rsync")
    .option("--policy <path>", "a signature policy instead of the one in the root")
    .option("--every <seconds>", "go on, with this time between two looks (default: once)", parseInterval);
  answers<Options>(command, doors, ({ progress }, { every, ...options }) =>
    doors.syncMirror({ ...options, ...(every !== undefined && { seconds: every }) }, progress),
  );
}
