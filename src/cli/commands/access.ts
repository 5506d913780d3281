/** `rulemint access …`: the access log opened, checked and kept by an auditor, and the erasure of an opening where the law asks for it. */
import type { Command } from "commander";
import type { AccessTrust } from "../access-doors.js";
import { type ServiceOptions, answers, parseTime, requireService, saidOf, withService } from "../command.js";
import { UsageError } from "../../core/errors.js";
import type { CLIDoors } from "../doors.js";

interface ListOptions extends ServiceOptions, AccessTrust {
  readonly who?: string;
  readonly about?: string;
  readonly visit?: string;
  readonly since?: string;
  readonly until?: string;
  readonly from?: number;
  readonly to?: number;
  readonly out?: string;
}

export function accessList(noun: Command, doors: CLIDoors): void {
  const command = withTrust(withService(noun.command("list")))
    .description("entries of the access log, each opened and proven: all, or by person, by what, by time")
    .option("--who <name>", "of this person or machine")
    .option(
      "--about <text>",
      "a submission's id, a part of a path such as feeds/endpoint/releases/3, or a digest",
    )
    .option("--visit <id>", "of this visit")
    .option("--since <time>", "from this time on, ISO 8601", parseTime)
    .option("--until <time>", "before this time, ISO 8601", parseTime)
    .option("--from <index>", "from this index on", parseIndex)
    .option("--to <index>", "below this index", parseIndex)
    .option("--out <file>", "keep the answer, for `access verify`");
  answers<ListOptions>(command, doors, (_call, options) => {
    const { key, logPolicy, who, about, visit: review, since, until, from, to, out } = options;
    const search = { who, about, review, since, until, from, to };
    return doors.listAccess({
      ...trustOf({ key, logPolicy }),
      search,
      call: callOf(doors, options),
      ...(out && { out }),
    });
  });
}

export function accessCheck(noun: Command, doors: CLIDoors): void {
  const command = withTrust(withService(noun.command("check")))
    .description(
      "open the whole access log and name everything that is wrong: gaps, silence, openings that do not fit",
    )
    .option("--from <index>", "from this index on", parseIndex);
  answers<ListOptions>(command, doors, (_call, options) =>
    doors.checkAccess({ ...trustOf(options), from: options.from ?? 0, call: callOf(doors, options) }),
  );
}

export function accessVerify(noun: Command, doors: CLIDoors): void {
  const command = withTrust(noun.command("verify"))
    .description("check a file of `access list --out` without a network")
    .argument("<file>", "the file");
  answers<AccessTrust>(command, doors, (_call, options, [file = ""]) =>
    doors.verifyAccess({ ...trustOf(options), file }),
  );
}

export function accessErase(noun: Command, doors: CLIDoors): void {
  const command = noun
    .command("erase")
    .description(
      "erase what an entry says, where the law asks for it; that it was there, and who erased it, stays",
    )
    .requiredOption("--data <dir>", "folder made by init")
    .requiredOption("--index <index>", "the entry", parseIndex)
    .requiredOption("--why <text>", "the reason, which stays");
  answers<{ data: string; index: number; why: string }>(command, doors, (_call, options) =>
    doors.eraseAccess(options),
  );
}

export function withTrust(command: Command): Command {
  return command
    .requiredOption("--key <file>", "the pinned key of the access log (access-log-key.txt)")
    .option(
      "--log-policy <file>",
      "the release log's policy: its heads of the access log are checked under it",
    );
}

export function trustOf({ key, logPolicy }: { key: string; logPolicy?: string | undefined }): AccessTrust {
  return { key, ...(logPolicy !== undefined && { logPolicy }) };
}

export function callOf(doors: CLIDoors, options: ServiceOptions) {
  return { ...requireService(doors, options), said: saidOf(doors, options) };
}

/** @throws UsageError USAGE */
function parseIndex(text: string): number {
  if (/^[0-9]{1,15}$/.test(text)) return Number(text);
  throw new UsageError("USAGE", `expected an index, got ${JSON.stringify(text)}`);
}
