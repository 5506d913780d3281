/**
 * Somebody other than the author approves or rejects exactly the content that was read.
 *
 * A decision is made once. An approved submission becomes its ruleset's head in the same commit; the first
 * approval also makes the ruleset and settles its kind.
 */
import type { Sha256Hex } from "../core/brands.js";
import { PolicyError, UsageError, quote } from "../core/errors.js";
import type { RecordWrite } from "../ports/records.js";
import type { ServiceContext } from "./context.js";
import { timeText, untilCommitted } from "./documents.js";
import type { Identity, RulesetRecord, SubmissionRecord } from "./model.js";
import { requireRole } from "./roles.js";
import { requireKind } from "./submit-rules.js";

export interface Review {
  readonly submission: string;
  readonly decision: "approve" | "reject";
  /** The digest that the reviewer was shown. */
  readonly digest: Sha256Hex;
  readonly reason?: string;
}

type ReviewContext = Pick<ServiceContext, "records" | "clock">;

/**
 * @throws PolicyError ROLE_REFUSED, APPROVAL_OWN, SUBMISSION_DECIDED (also for a replay), APPROVAL_STALE,
 *   RULESET_KIND
 * @throws UsageError NOT_FOUND
 */
export async function reviewSubmission(
  context: ReviewContext,
  identity: Identity,
  review: Review,
): Promise<SubmissionRecord> {
  requireRole(identity, "reviewer");
  return untilCommitted(() => decide(context, identity, review));
}

async function decide(context: ReviewContext, identity: Identity, review: Review): Promise<SubmissionRecord> {
  const found = await context.records.get<SubmissionRecord>("submissions", review.submission);
  if (found === undefined) {
    throw new UsageError("NOT_FOUND", `expected a submission, got ${quote(review.submission)}`);
  }
  const submission = found.body;
  checkReview(identity, submission, review);
  const approved = review.decision === "approve";
  const body: SubmissionRecord = {
    ...submission,
    state: approved ? "approved" : "rejected",
    decision: { by: identity.name, at: timeText(context.clock.now()), reason: review.reason ?? "" },
  };
  const writes: RecordWrite[] = [
    { collection: "submissions", id: submission.id, expected: found.version, body },
  ];
  if (approved) writes.push(await headWrite(context, submission));
  await context.records.commit(writes);
  return body;
}

function checkReview(identity: Identity, submission: SubmissionRecord, review: Review): void {
  // SPEC §2.2.3: four eyes. Checked first: an author learns nothing by trying.
  if (identity.name === submission.author) {
    throw new PolicyError("APPROVAL_OWN", "expected a reviewer other than the author, got the author");
  }
  // SPEC §2.2.4: decided once; a replayed approval finds it decided.
  if (submission.state !== "open") {
    throw new PolicyError(
      "SUBMISSION_DECIDED",
      `expected an open submission, got one that is ${submission.state}`,
    );
  }
  // SPEC §2.2.2: a decision binds the digest that was read.
  if (review.digest !== submission.digest) {
    throw new PolicyError(
      "APPROVAL_STALE",
      `expected digest ${submission.digest}, got ${quote(review.digest)}`,
    );
  }
}

async function headWrite(context: ReviewContext, submission: SubmissionRecord): Promise<RecordWrite> {
  const { ruleset, kind, id } = submission;
  await requireKind(context, ruleset, kind);
  const before = await context.records.get<RulesetRecord>("rulesets", ruleset);
  // SPEC §2.2.5: a revision is the whole set, so an older one would silently undo what came after it.
  if (before?.body.head && before.body.head > id) {
    throw new PolicyError(
      "APPROVAL_STALE",
      `expected a submission newer than the head ${before.body.head} of ${quote(ruleset)}, got ${id}`,
    );
  }
  const body: RulesetRecord = { name: ruleset, kind, head: id };
  return { collection: "rulesets", id: ruleset, expected: before?.version ?? 0, body };
}
