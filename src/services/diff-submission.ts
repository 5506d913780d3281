/** What a submission changes against its ruleset's head, or against any other revision of the ruleset. */
import { quote, UsageError } from "../core/errors.js";
import {
  compareFiles,
  compareRules,
  type FileChange,
  type RuleChange,
  type RuleChangeTotals,
  totalsOf,
} from "./compare-revisions.js";
import type { Identity, RulesetRecord, SubmissionRecord } from "./model.js";
import type { ParseContext } from "./parse-revision.js";
import { showSubmission } from "./read-submissions.js";

export interface SubmissionDiff {
  readonly submission: string;
  readonly ruleset: string;
  /** Null when there is nothing to compare with: then everything is added. */
  readonly against: string | null;
  readonly totals: RuleChangeTotals;
  readonly files: readonly FileChange[];
  readonly rules: readonly RuleChange[];
  /** True when there are more changes than are listed. */
  readonly cut: boolean;
}

const listedMax = 10_000;

/** @throws PolicyError ROLE_REFUSED; UsageError NOT_FOUND, REQUEST_INVALID for a revision of another ruleset */
export async function diffSubmission(
  context: ParseContext,
  identity: Identity,
  { submission: id, against }: { readonly submission: string; readonly against?: string },
): Promise<SubmissionDiff> {
  const submission = await showSubmission(context, identity, id);
  const base = against ?? (await baseOf(context, submission));
  const before = base === null ? undefined : await showSubmission(context, identity, base);
  if (before !== undefined && before.ruleset !== submission.ruleset) {
    throw new UsageError(
      "REQUEST_INVALID",
      `expected a revision of ${quote(submission.ruleset)}, got one of ${quote(before.ruleset)}`,
    );
  }
  const changes = await compareRules(context, before, submission);
  const files = compareFiles(before?.files ?? [], submission.files);
  return {
    ...{ submission: id, ruleset: submission.ruleset, against: base },
    totals: totalsOf(changes),
    ...{ files: files.slice(0, listedMax), rules: changes.slice(0, listedMax) },
    cut: files.length > listedMax || changes.length > listedMax,
  };
}

/** The head that it would replace; of one that was decided, the head that there was. */
async function baseOf(
  { records }: ParseContext,
  { id, ruleset, state, base }: SubmissionRecord,
): Promise<string | null> {
  if (state === "approved") {
    const found = await records.get<{ previous: string | null }>("ruleset-revisions", `${ruleset}/${id}`);
    return found?.body.previous ?? null;
  }
  if (state !== "open" && state !== "draft") return base ?? null;
  const head = (await records.get<RulesetRecord>("rulesets", ruleset))?.body.head ?? null;
  return head === id ? null : head;
}
