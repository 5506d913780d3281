/** An author asks for review of a draft. Nothing about it changes but its state: what was linted is what is reviewed. */
import { PolicyError } from "../core/errors.js";
import type { ServiceContext } from "./context.js";
import { untilCommitted } from "./documents.js";
import { requireSound } from "./submit-rules.js";
import type { Identity, SubmissionRecord } from "./model.js";
import { requireAuthor } from "./review-rules.js";
import { requireVersion } from "./read-submissions.js";
import { requireRole } from "./roles.js";
import { requireOwn } from "./withdraw-submission.js";

type DraftContext = Pick<ServiceContext, "records" | "settings">;

/** @throws PolicyError ROLE_REFUSED, AUTHOR_REFUSED, SUBMISSION_DECIDED; VerificationError RULES_INVALID; UsageError NOT_FOUND */
export async function openDraft(
  { records, settings }: DraftContext,
  identity: Identity,
  submission: string,
  seen?: number,
): Promise<SubmissionRecord> {
  requireRole(identity, "analyst");
  return untilCommitted(async () => {
    const { body, version } = await requireOwn(records, identity, submission);
    requireVersion({ version }, seen);
    requireAuthor(settings, identity, body.ruleset);
    if (body.state === "open") return body;
    if (body.state !== "draft") {
      throw new PolicyError("SUBMISSION_DECIDED", `expected a draft, got a submission that is ${body.state}`);
    }
    // SPEC §17.2.5: with what it was linted with.
    requireSound(body);
    const after: SubmissionRecord = { ...body, state: "open" };
    await records.commit([{ collection: "submissions", id: body.id, expected: version, body: after }]);
    return after;
  });
}
