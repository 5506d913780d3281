/** `rulemint audit all|signatures|key`: questions about every release of a feed. */
import type { Command } from "commander";
import { type GivenTree, treeOptions, withTree } from "../audit-options.js";
import { answers, parseTime } from "../command.js";
import type { CLIDoors } from "../doors.js";

export function auditAll(noun: Command, doors: CLIDoors): void {
  const command = withTree(
    noun
      .command("all")
      .description(
        "walk all releases, from the newest back to the first, each with its signatures and packs",
      ),
  );
  answers<GivenTree>(command, doors, ({ progress }, options) =>
    doors.auditAll(treeOptions(options), progress),
  );
}

interface Span extends GivenTree {
  readonly from: string;
  readonly to: string;
}

export function auditSignatures(noun: Command, doors: CLIDoors): void {
  const command = withTree(
    noun.command("signatures").description("who signed what between two dates, by the time-stamps on it"),
  )
    .requiredOption("--from <time>", "first time that counts, ISO 8601", parseTime)
    .requiredOption("--to <time>", "last time that counts, ISO 8601", parseTime);
  answers<Span>(command, doors, ({ progress }, options) =>
    doors.auditSignatures({ ...treeOptions(options), from: options.from, to: options.to }, progress),
  );
}

interface Since extends GivenTree {
  readonly since?: string;
}

export function auditKey(noun: Command, doors: CLIDoors): void {
  const command = withTree(
    noun
      .command("key")
      .description("which releases and files a key touched, as a signer or as an authority above one")
      .argument("<key>", "a key id, or the file of a certificate or public key (PEM)"),
  ).option(
    "--since <time>",
    "since when it is in wrong hands, ISO 8601: what was stamped before is not doubted",
    parseTime,
  );
  answers<Since>(command, doors, ({ progress }, options, [key = ""]) =>
    doors.auditKey({ ...treeOptions(options), key, since: options.since }, progress),
  );
}
