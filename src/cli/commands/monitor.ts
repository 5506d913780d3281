/** `rulemint monitor`: follow a log as anybody can, and shout when it lies. */
import type { Command } from "commander";
import { answers, parseCount, parseInterval } from "../command.js";
import type { CLIDoors } from "../doors.js";
import { several } from "../key-options.js";
import type { MonitorOptions } from "../log-doors.js";

interface Options extends Omit<MonitorOptions, "seconds" | "once" | "expected" | "staleSeconds"> {
  readonly once?: boolean;
  readonly every: number;
  readonly stale?: number;
  readonly expect?: string[];
}

export function monitor(program: Command, doors: CLIDoors): void {
  const command = program
    .command("monitor")
    .description("follow a log as a third party: every checkpoint, every entry; exit 1 on an alarm")
    .requiredOption("--data <dir>", "what the monitor has seen, and its evidence")
    .requiredOption("--url <url>", "the log's address, what stands before /checkpoint")
    .requiredOption("--vkey <vkey>", "the log's verifier key")
    .option(
      "--policy <file>",
      "a log policy (C2SP tlog-policy): quorum, and addresses of witnesses to compare with",
    )
    .option("--tree <url>", "the public tree that the log is about, to compare manifests with entries")
    .option("--on-alarm <command>", "shell command for every new alarm, which is JSON on its stdin")
    .option("--expect <kind[:id]>", "an entry that was announced; may be given several times", several)
    .option(
      "--stale <seconds>",
      "how old a checkpoint may be (default: twice the log's heartbeat)",
      parseCount,
    )
    .option("--every <seconds>", "time between two looks, 1 to 86400", parseInterval, 60)
    .option("--once", "look once, then answer");
  answers<Options>(command, doors, ({ progress }, options) => {
    const { once = false, every: seconds, stale, expect: expected = [], ...rest } = options;
    const order = { ...rest, once, seconds, expected, ...(stale !== undefined && { staleSeconds: stale }) };
    return doors.monitor(order, progress);
  });
}
