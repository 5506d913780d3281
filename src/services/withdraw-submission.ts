/** An author takes a submission back, as long as nobody has decided about it. */
import { PolicyError, quote, UsageError } from "../core/errors.js";
import type { RecordWrite } from "../ports/records.js";
import type { ServiceContext } from "./context.js";
import { timeText, untilCommitted } from "./documents.js";
import type { Identity, SubmissionRecord } from "./model.js";
import { requireVersion } from "./read-submissions.js";
import { requireRole } from "./roles.js";

export interface SubmissionWithdrawal {
  readonly submission: string;
  readonly reason: string;
  /** The version that was seen; another one is refused. */
  readonly version?: number;
}

type WithdrawalContext = Pick<ServiceContext, "records" | "clock">;

/** @throws PolicyError ROLE_REFUSED, AUTHOR_REFUSED, SUBMISSION_DECIDED; UsageError NOT_FOUND */
export async function withdrawSubmission(
  context: WithdrawalContext,
  identity: Identity,
  withdrawal: SubmissionWithdrawal,
): Promise<SubmissionRecord> {
  requireRole(identity, "analyst");
  return untilCommitted(async () => {
    const write = await withdrawalOf(context, identity, withdrawal);
    await context.records.commit([write]);
    return write.body as SubmissionRecord;
  });
}

/** SPEC §17.2.3: its author's alone. To be committed. @throws as `withdrawSubmission` */
export async function withdrawalOf(
  { records, clock }: WithdrawalContext,
  author: Identity,
  { submission, reason, ruleset, version: seen }: SubmissionWithdrawal & { readonly ruleset?: string },
): Promise<RecordWrite> {
  const { body, version } = await requireOwn(records, author, submission);
  requireVersion({ version }, seen);
  if (body.state !== "open" && body.state !== "draft") {
    throw new PolicyError(
      "SUBMISSION_DECIDED",
      `expected a submission that waits, got one that is ${body.state}`,
    );
  }
  if (ruleset !== undefined && body.ruleset !== ruleset) {
    throw new UsageError(
      "REQUEST_INVALID",
      `expected a submission for ${quote(ruleset)} to replace, got one for ${quote(body.ruleset)}`,
    );
  }
  const decision = { by: author.name, at: timeText(clock.now()), reason };
  const after: SubmissionRecord = { ...body, state: "withdrawn", decision };
  return { collection: "submissions", id: submission, expected: version, body: after };
}

/** @throws PolicyError AUTHOR_REFUSED; UsageError NOT_FOUND */
export async function requireOwn(records: ServiceContext["records"], { name }: Identity, id: string) {
  const found = await records.get<SubmissionRecord>("submissions", id);
  if (found === undefined) throw new UsageError("NOT_FOUND", `expected a submission, got ${quote(id)}`);
  if (found.body.author === name) return found;
  throw new PolicyError("AUTHOR_REFUSED", `expected the author of ${id}, got ${quote(name)}`);
}
