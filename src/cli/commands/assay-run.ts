/** `rulemint assay run`: the overseer rebuilds a release and co-signs it, or says what differs. */
import { type Command, Option } from "commander";
import { answers, parseNumber, requireService, type ServiceOptions, withService } from "../command.js";
import type { CLIDoors } from "../doors.js";

interface Options extends ServiceOptions {
  readonly feed: string;
  readonly release?: number;
  readonly data: string;
  readonly compiler: keyof typeof compilerChoices;
  readonly as?: "overseer" | "rebuilder";
  readonly sources: readonly string[];
}

/** The compiler that publishers run too, the second implementation of the specification, or each after the other. */
export const compilerChoices = {
  rulemint: ["rulemint"],
  reference: ["reference"],
  both: ["rulemint", "reference"],
} as const;

/** Whether the key is one that the feed's delegation names, or a rebuilder's own. */
export function partyOption(): Option {
  return new Option("--as <party>", "whose verdict it is (default: as the folder says)").choices([
    "overseer",
    "rebuilder",
  ]);
}

/** Where files come from, if not from the publisher. */
export function sourcesOption(): Option {
  return new Option(
    "--sources <path...>",
    "folders or git repositories that files are taken from, never the publisher",
  ).default([], "own copies, and the publisher for what is new");
}

export function compilerOption(): Option {
  return new Option("--compiler <which>", "which implementation judges")
    .choices(Object.keys(compilerChoices))
    .default("rulemint");
}

export function assayRun(noun: Command, doors: CLIDoors): void {
  const command = withService(noun.command("run"))
    .description("rebuild a release, compare every byte, co-sign or record FAILED")
    .requiredOption("--feed <feed>", "feed")
    .requiredOption("--data <dir>", "the overseer's folder, with its key")
    .option("--release <number>", "release (default: the newest that waits)", parseNumber)
    .addOption(compilerOption())
    .addOption(partyOption())
    .addOption(sourcesOption());
  answers<Options>(command, doors, ({ progress }, options) => {
    const { feed, release, data, compiler, as: party, sources } = options;
    const order = { feed, release, data, party, sources, compilers: compilerChoices[compiler] };
    return doors.runAssay({ ...requireService(doors, options), ...order }, progress);
  });
}
