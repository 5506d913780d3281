/** Options that the auditor's commands share. */
import type { Command } from "commander";
import type { TreeOptions } from "./audit-doors.js";
import { parseTime } from "./command.js";

/** As commander gives them. */
export interface GivenReport {
  readonly report?: readonly string[];
}

export interface GivenTree extends GivenReport {
  readonly url: string;
  readonly root: string;
  readonly feed: string;
  readonly policy?: string;
  readonly at?: string;
}

export function withReport(command: Command): Command {
  return command.option(
    "--report <file...>",
    "write the report to files named .txt, .json, .html (prints as a document) or .svg (the picture)",
  );
}

export function withTree(command: Command): Command {
  return withReport(
    command
      .requiredOption("--url <url>", "where the public tree is")
      .requiredOption("--root <path>", "the pinned root.json")
      .requiredOption("--feed <feed>", "feed")
      .option("--policy <path>", "signature policy that overrides the root's")
      .option("--at <time>", "judge as of this time, ISO 8601", parseTime),
  );
}

export const treeOptions = ({ url, root, feed, policy, at, report = [] }: GivenTree): TreeOptions => ({
  ...{ url, root, feed, report },
  ...(policy !== undefined && { policy }),
  ...(at !== undefined && { at }),
});
