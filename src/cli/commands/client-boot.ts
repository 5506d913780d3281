/** `rulemint client boot starting|ready`: what an engine's unit says before and after it starts the engine. */
import { Argument, type Command } from "commander";
import { answers, parseNumber, parseSeconds } from "../command.js";
import type { CLIDoors } from "../doors.js";

interface Options {
  readonly state: string;
  readonly engine: string;
  readonly tries: number;
  readonly after: number;
}

export function clientBoot(noun: Command, doors: CLIDoors): void {
  const command = noun
    .command("boot")
    .description(
      "count an engine's starts; a release on which it does not come up is left, without a network",
    )
    .addArgument(new Argument("<what>", "it is about to start, or it is up").choices(["starting", "ready"]))
    .requiredOption("--state <dir>", "the endpoint's state folder")
    .option("--engine <name>", "which engine, where several read one export", "engine")
    .option("--tries <n>", "with starting: so many starts of a release may fail", parseNumber, 3)
    .option(
      "--after <seconds>",
      "with ready: wait so long first; a unit that fails ends the wait",
      parseSeconds,
      0,
    );
  answers<Options>(command, doors, ({ progress }, options, words) => {
    const { state, engine, tries: triesMax, after: afterSeconds } = options;
    const what = words[0] === "ready" ? "ready" : "starting";
    return doors.clientBoot({ state, what, engine, triesMax, afterSeconds }, progress);
  });
}
