/** `rulemint audit policy|compare-mirrors|log`: one publisher as several others see it. */
import type { Command } from "commander";
import { type GivenReport, type GivenTree, treeOptions, withReport, withTree } from "../audit-options.js";
import { answers, parseNumber, parseTime } from "../command.js";
import type { CLIDoors } from "../doors.js";

interface Policies extends GivenReport {
  readonly url: string;
  readonly root: string;
  readonly feed: string;
  readonly policy: readonly string[];
  readonly release?: number;
  readonly at?: string;
}

export function auditPolicy(noun: Command, doors: CLIDoors): void {
  const command = withReport(
    noun
      .command("policy")
      .description("which customers' signature policies would have accepted a release")
      .requiredOption("--url <url>", "where the public tree is")
      .requiredOption("--root <path>", "the pinned root.json")
      .requiredOption("--feed <feed>", "feed")
      .requiredOption("--policy <file...>", "signature policies, one or more")
      .option("--release <number>", "release (default: the newest)", parseNumber)
      .option("--at <time>", "judge as of this time, ISO 8601", parseTime),
  );
  answers<Policies>(command, doors, ({ progress }, options) => {
    const { url, root, feed, policy, release, at, report = [] } = options;
    return doors.auditPolicy({ url, root, feed, policies: policy, release, at, report }, progress);
  });
}

interface Mirrors extends Omit<GivenTree, "url"> {
  readonly report?: readonly string[];
}

export function compareMirrors(noun: Command, doors: CLIDoors): void {
  const command = withReport(
    noun
      .command("compare-mirrors")
      .description("compare two places that serve one public tree, file by file")
      .argument("<url>", "the first mirror")
      .argument("<other>", "the other mirror")
      .requiredOption("--root <path>", "the pinned root.json")
      .requiredOption("--feed <feed>", "feed")
      .option("--at <time>", "judge as of this time, ISO 8601", parseTime),
  );
  answers<Mirrors>(command, doors, ({ progress }, options, [url = "", other = ""]) =>
    doors.compareMirrors({ ...treeOptions({ ...options, url }), other }, progress),
  );
}

interface Log extends GivenTree {
  readonly witness?: readonly string[];
  readonly checkpoint?: readonly string[];
  readonly logPolicy?: string;
}

export function auditLog(noun: Command, doors: CLIDoors): void {
  const command = withTree(
    noun
      .command("log")
      .description("hold the publisher's log against what witnesses and others have seen of it"),
  )
    .option("--witness <url...>", "monitoring addresses of witnesses")
    .option("--checkpoint <file...>", "checkpoints that somebody kept")
    .option("--log-policy <file>", "a tlog-policy instead of the one in the signature policy");
  answers<Log>(command, doors, ({ progress }, options) => {
    const { witness: witnesses = [], checkpoint: checkpoints = [], logPolicy } = options;
    return doors.auditLog({ ...treeOptions(options), witnesses, checkpoints, logPolicy }, progress);
  });
}
