/** `rulemint review …`: an auditor's visit. Between begin and end every command of the desk that reads belongs to it by RULEMINT_VISIT. */
import type { Command } from "commander";
import type { VisitTrust } from "../access-doors.js";
import { type GivenReport, withReport } from "../audit-options.js";
import { type ServiceOptions, answers, done, openService, parseNumber, withService } from "../command.js";
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

interface RebuildOptions extends ServiceOptions, GivenReport {
  readonly root: string;
  readonly feed: string;
  readonly release: number;
}

export function reviewRebuild(noun: Command, doors: CLIDoors): void {
  const command = withReport(withService(noun.command("rebuild")))
    .description(
      "compile a release's sources again, here and now, and have the result in the visit's protocol",
    )
    .requiredOption("--root <path>", "the pinned root.json")
    .requiredOption("--feed <feed>", "feed")
    .requiredOption("--release <number>", "release", parseNumber);
  answers<RebuildOptions>(command, doors, ({ progress }, options) => {
    const { root, feed, release, report = [] } = options;
    const call = callOf(doors, options);
    const { visit: id } = call.said;
    if (!id) throw new UsageError("USAGE", "expected the visit in RULEMINT_VISIT, got none");
    return doors.rebuildInVisit({ call, id, root, feed, release, report }, progress);
  });
}

interface EndOptions extends ServiceOptions, Omit<VisitTrust, "report">, GivenReport {
  readonly out: string;
}

export function reviewEnd(noun: Command, doors: CLIDoors): void {
  const command = withVisitTrust(withService(noun.command("end")))
    .description("take away the signed protocol of a visit, checked")
    .argument("<id>", "the visit")
    .requiredOption("--out <file>", "file for the protocol");
  answers<EndOptions>(command, doors, (_call, options, [id = ""]) => {
    const { visitsKey, out, report = [] } = options;
    return doors.endVisit({ ...trustOf(options), visitsKey, id, out, report, call: callOf(doors, options) });
  });
}

export function reviewVerify(noun: Command, doors: CLIDoors): void {
  const command = withVisitTrust(noun.command("verify"))
    .description("check the protocol of a visit without a network, and show it")
    .argument("<file>", "the protocol");
  answers<Omit<VisitTrust, "report"> & GivenReport>(command, doors, (_call, options, [file = ""]) => {
    const { visitsKey, report = [] } = options;
    return doors.verifyVisit({ ...trustOf(options), visitsKey, report, file });
  });
}

function withVisitTrust(command: Command): Command {
  return withReport(withTrust(command)).requiredOption(
    "--visits-key <file>",
    "the pinned key that signs protocols (visits-key.pem)",
  );
}
