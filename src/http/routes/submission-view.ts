/** A submission as the contract shows it. */
import type { ServiceContext } from "../../services/context.js";
import type { SubmissionRecord } from "../../services/model.js";
import { summary } from "../../services/read-submissions.js";
import { approvalsNeeded } from "../../services/review-rules.js";

export function submissionView({ settings }: ServiceContext, record: SubmissionRecord) {
  const { files, findings, leftOut } = record;
  const needed = approvalsNeeded(settings, record.ruleset);
  return { ...summary(record), approvalsNeeded: needed, files, findings, leftOut };
}
