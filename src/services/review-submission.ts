/**
 * Somebody other than the author approves or rejects exactly the content that was read.
 *
 * A decision is made once, by as many people as the ruleset asks for. An approved submission becomes its ruleset's head in the same commit;
 * the first approval also makes the ruleset and settles its kind.
 */
import type { Sha256Hex } from "../core/brands.js";
import { PolicyError, UsageError, quote } from "../core/errors.js";
import { formatTime } from "../core/trust/metadata.js";
import type { RecordWrite } from "../ports/records.js";
import type { ServiceContext } from "./context.js";
import { timeText, untilCommitted } from "./documents.js";
import { isConflicting, requireFreeIDs } from "./lint-ids.js";
import type { Approval, Identity, RulesetRecord, RulesetRevision, SubmissionRecord } from "./model.js";
import { logWrites } from "./release-log.js";
import { approvalsNeeded, emergencyPeople, requireReviewer } from "./review-rules.js";
import { requireRole } from "./roles.js";
import { requireVersion } from "./read-submissions.js";
import { serially } from "./serially.js";
import { requireKind } from "./submit-rules.js";

export interface Review {
  readonly submission: string;
  /** `emergency`: an approval outside the rules of review; it takes several people, each with a reason. */
  readonly decision: "approve" | "reject" | "emergency";
  /** The digest that the reviewer was shown. */
  readonly digest: Sha256Hex;
  readonly reason?: string;
  /** The version of the submission that was seen; another one is refused. */
  readonly version?: number;
}

type ReviewContext = Pick<ServiceContext, "records" | "objects" | "clock" | "releaseLog" | "settings">;

/**
 * Still open after an approval that is not the last one.
 *
 * @throws PolicyError ROLE_REFUSED, APPROVAL_OWN, SUBMISSION_DECIDED (also for a replay), APPROVAL_STALE,
 *   RULESET_KIND
 * @throws UsageError NOT_FOUND, REQUEST_INVALID; VerificationError RULE_CONFLICT
 */
export async function reviewSubmission(
  context: ReviewContext,
  identity: Identity,
  review: Review,
): Promise<SubmissionRecord> {
  if (review.decision === "emergency") requireRole(identity, "reviewer", "release-manager");
  else requireRole(identity, "reviewer");
  const work = () => untilCommitted(() => decide(context, identity, review));
  const found = await context.records.get<SubmissionRecord>("submissions", review.submission);
  // All of such a kind write the same record: those of one process wait instead of beating each other to it.
  if (found === undefined || !isConflicting(found.body.kind)) return work();
  return serially(context.records, `review of ${found.body.kind}`, work);
}

async function decide(context: ReviewContext, identity: Identity, review: Review): Promise<SubmissionRecord> {
  const found = await context.records.get<SubmissionRecord>("submissions", review.submission);
  if (found === undefined) {
    throw new UsageError("NOT_FOUND", `expected a submission, got ${quote(review.submission)}`);
  }
  const submission = found.body;
  checkReview(context, identity, submission, review);
  requireVersion(found, review.version);
  const { decision, reason = "" } = review;
  const at = timeText(context.clock.now());
  const emergency = decision === "emergency";
  const approvals = [...(submission.approvals ?? [])];
  if (decision !== "reject") approvals.push({ by: identity.name, at, reason, emergency });
  const approved = decision !== "reject" && isEnough(context, submission, approvals);
  const over = decision === "reject" || approved;
  const by = approved ? namesOf(approvals) : identity.name;
  const body: SubmissionRecord = {
    ...submission,
    state: approved ? "approved" : decision === "reject" ? "rejected" : "open",
    approvals,
    decision: over ? { by, at, reason } : null,
  };
  const writes: RecordWrite[] = [
    { collection: "submissions", id: submission.id, expected: found.version, body },
  ];
  if (approved) writes.push(...(await headWrites(context, submission)));
  if (approved && emergency) writes.push(...emergencyWrites(context, body));
  await context.records.commit(writes);
  return body;
}

function checkReview(
  { settings }: ReviewContext,
  identity: Identity,
  submission: SubmissionRecord,
  { decision, digest, reason = "" }: Review,
): void {
  // SPEC §2.2.3: four eyes. Checked first: an author learns nothing by trying.
  if (identity.name === submission.author) {
    throw new PolicyError("APPROVAL_OWN", "expected a reviewer other than the author, got the author");
  }
  if (decision !== "emergency") requireReviewer(settings, identity, submission.ruleset);
  // SPEC §17.3.3: a reason from each of them.
  else if (reason.trim() === "") {
    throw new UsageError("REQUEST_INVALID", "expected a reason for an emergency approval, got none");
  }
  // SPEC §2.2.4: decided once; a replayed approval finds it decided.
  if (submission.state !== "open") {
    throw new PolicyError(
      "SUBMISSION_DECIDED",
      `expected an open submission, got one that is ${submission.state}`,
    );
  }
  // SPEC §17.3.1: two approvals are two people.
  if (decision !== "reject" && repeats(submission, identity, decision === "emergency")) {
    throw new PolicyError("SUBMISSION_DECIDED", `expected another person, got ${quote(identity.name)} again`);
  }
  // SPEC §2.2.2: a decision binds the digest that was read.
  if (digest !== submission.digest) {
    throw new PolicyError("APPROVAL_STALE", `expected digest ${submission.digest}, got ${quote(digest)}`);
  }
}

function repeats({ approvals = [] }: SubmissionRecord, { name }: Identity, emergency: boolean): boolean {
  return approvals.some((one) => one.by === name && one.emergency === emergency);
}

/** SPEC §17.3.1, §17.3.3. Approvals of one way do not count for the other. */
function isEnough(
  { settings }: ReviewContext,
  { ruleset }: SubmissionRecord,
  approvals: readonly Approval[],
): boolean {
  const usual = approvals.filter(({ emergency }) => !emergency).length;
  if (usual >= approvalsNeeded(settings, ruleset)) return true;
  return approvals.length - usual >= emergencyPeople(settings);
}

function namesOf(approvals: readonly Approval[]): string {
  return [...new Set(approvals.map(({ by }) => by))].join(", ");
}

async function headWrites(context: ReviewContext, submission: SubmissionRecord): Promise<RecordWrite[]> {
  const { ruleset, kind, id } = submission;
  await requireKind(context, ruleset, kind);
  const before = await context.records.get<RulesetRecord>("rulesets", ruleset);
  const previous = before?.body.head ?? null;
  // SPEC §2.2.5: a revision is the whole set, so an older one would silently undo what came after it.
  if (previous !== null && previous > id) {
    throw new PolicyError(
      "APPROVAL_STALE",
      `expected a submission newer than the head ${previous} of ${quote(ruleset)}, got ${id}`,
    );
  }
  // SPEC §17.2.2: a patch is worth nothing on another head.
  if (submission.patch === true && previous !== submission.base) {
    throw new PolicyError(
      "APPROVAL_STALE",
      `expected the head ${submission.base} that ${id} changes, got ${previous ?? "none"}`,
    );
  }
  const origin = {
    licence: submission.licence ?? before?.body.licence ?? null,
    source: submission.source ?? before?.body.source ?? null,
  };
  const ids = await requireFreeIDs(context, submission);
  const body: RulesetRecord = { name: ruleset, kind, head: id, ...origin };
  const revision: RulesetRevision = { submission: id, previous };
  return [
    ...ids,
    { collection: "rulesets", id: ruleset, expected: before?.version ?? 0, body },
    { collection: "ruleset-revisions", id: `${ruleset}/${id}`, expected: 0, body: revision },
  ];
}

/** SPEC §17.3.4: the log keeps that it happened, and why. */
function emergencyWrites(
  context: ReviewContext,
  { id, digest, approvals = [] }: SubmissionRecord,
): RecordWrite[] {
  const time = formatTime(context.clock.now());
  const people = approvals.filter(({ emergency }) => emergency).map(({ by, reason }) => ({ by, reason }));
  return logWrites(context, `emergency/${id}`, { kind: "emergency", time, submissionDigest: digest, people });
}
