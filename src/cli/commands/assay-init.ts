/** `rulemint assay init`: the folder of an overseer or another rebuilder, with a pinned root and a key of its own. */
import { type Command, Option } from "commander";
import { answers } from "../command.js";
import type { CLIDoors } from "../doors.js";
import { type KeyPlace, withKeyPlace } from "../key-options.js";

interface Options extends KeyPlace {
  readonly data: string;
  readonly root: string;
  readonly as: "overseer" | "rebuilder";
}

export function assayInit(noun: Command, doors: CLIDoors): void {
  const command = withKeyPlace(noun.command("init"))
    .description("make the folder of an overseer or another rebuilder, and its key unless a token holds it")
    .requiredOption("--data <dir>", "folder to make")
    .requiredOption("--root <path>", "root.json, from a source that you trust")
    .addOption(
      new Option("--as <party>", "whose verdicts these will be")
        .choices(["overseer", "rebuilder"])
        .default("overseer"),
    );
  answers<Options>(command, doors, (_call, { data, root, as: party, ...key }) =>
    doors.initAssay({ data, root, party, key }),
  );
}
