/** `rulemint review …`: an auditor's visit. Between begin and end every command of the desk that reads belongs to it by RULEMINT_VISIT. */
import type { Command } from "commander";
import type { VisitTrust } from "../access-doors.js";
import { type ServiceOptions, answers, done, openService, withService } from "../command.js";
import { UsageError } from "../../core/errors.js";
import type { CLIDoors } from "../doors.js";
import { callOf, trustOf, withTrust } from "./access.js";

export function reviewBegin(noun: Command, doors: CLIDoors): void {
  const command = withService(noun.command("begin")).description("begin a visit; --why is its reason");
  answers<ServiceOptions>(command, doors, async (_call, options) => {
    const why = options.why ?? doors.terminal.environment.RULEMINT_WHY;
    if (!why) throw new UsageError("USAGE", "expected the reason of the visit in --why or RULEMINT_WHY");
    const visit = await openService(doors, { ...options, why }).beginVisit(why);
    return done(visit, `${visit.id} has begun\nnext: export RULEMINT_VISIT=${visit.id}`);
  });
}

interface EndOptions extends ServiceOptions, VisitTrust {
  readonly out: string;
}

export function reviewEnd(noun: Command, doors: CLIDoors): void {
  const command = withVisitTrust(withService(noun.command("end")))
    .description("take away the signed protocol of a visit, checked")
    .argument("<id>", "the visit")
    .requiredOption("--out <file>", "file for the protocol");
  answers<EndOptions>(command, doors, (_call, options, [id = ""]) => {
    const { visitsKey, out } = options;
    return doors.endVisit({ ...trustOf(options), visitsKey, id, out, call: callOf(doors, options) });
  });
}

export function reviewVerify(noun: Command, doors: CLIDoors): void {
  const command = withVisitTrust(noun.command("verify"))
    .description("check the protocol of a visit without a network, and show it")
    .argument("<file>", "the protocol");
  answers<VisitTrust>(command, doors, (_call, options, [file = ""]) =>
    doors.verifyVisit({ ...trustOf(options), visitsKey: options.visitsKey, file }),
  );
}

function withVisitTrust(command: Command): Command {
  return withTrust(command).requiredOption(
    "--visits-key <file>",
    "the pinned key that signs protocols (visits-key.pem)",
  );
}
