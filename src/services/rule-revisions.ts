/**
 * Who wrote a rule first and who last: every approved revision of its ruleset that added, changed, moved or removed it. Only files that
 * differ between two revisions are parsed.
 */
import { quote, UsageError } from "../core/errors.js";
import type { RuleKind } from "../core/rules/model.js";
import { compareRules, type RuleChange } from "./compare-revisions.js";
import type { Identity, RulesetRecord, RulesetRevision, SubmissionRecord } from "./model.js";
import type { ParseContext } from "./parse-revision.js";
import { requireAnyRole } from "./roles.js";

export interface RuleRevision extends RuleChange {
  readonly ruleset: string;
  readonly kind: RuleKind;
  readonly submission: string;
  readonly author: string;
  readonly approvedBy: string;
  readonly approvedAt: string;
  readonly message: string;
  readonly licence: string | null;
  readonly source: string | null;
}

export interface RuleRevisions {
  readonly id: string;
  readonly firstAuthor: string;
  readonly lastAuthor: string;
  /** Whether a head has it now. */
  readonly stands: boolean;
  /** Oldest first. */
  readonly revisions: readonly RuleRevision[];
  /** False where the earliest revisions were made before heads were remembered. */
  readonly complete: boolean;
}

export interface RuleQuestion {
  readonly id: string;
  readonly ruleset?: string;
  readonly kind?: RuleKind;
}

/** @throws PolicyError ROLE_REFUSED; UsageError NOT_FOUND when no revision ever had it */
export async function ruleRevisions(
  context: ParseContext,
  identity: Identity,
  { id, ruleset, kind }: RuleQuestion,
): Promise<RuleRevisions> {
  requireAnyRole(identity);
  const revisions: RuleRevision[] = [];
  let complete = true;
  for (const { body } of await context.records.list<RulesetRecord>("rulesets")) {
    if (ruleset !== undefined && body.name !== ruleset) continue;
    if (kind !== undefined && body.kind !== kind) continue;
    const line = await lineOf(context, body.name);
    complete &&= line.complete;
    for (const [i, after] of line.submissions.entries()) {
      const changes = await compareRules(context, line.submissions[i - 1], after);
      revisions.push(...changes.filter((one) => one.id === id).map((one) => described(after, one)));
    }
  }
  revisions.sort((a, b) => (a.approvedAt < b.approvedAt ? -1 : a.approvedAt > b.approvedAt ? 1 : 0));
  const [first] = revisions;
  const last = revisions.at(-1);
  if (first === undefined || last === undefined) {
    throw new UsageError("NOT_FOUND", `expected a rule that was ever approved, got ${quote(id)}`);
  }
  const stands = revisions.reduce((sum, { change }) => sum + weights[change], 0) > 0;
  return { id, firstAuthor: first.author, lastAuthor: last.author, stands, revisions, complete };
}

const weights = { added: 1, removed: -1, changed: 0, moved: 0 } as const;

/** Every head that a ruleset has had, oldest first. */
export async function lineOf(
  { records }: Pick<ParseContext, "records">,
  ruleset: string,
): Promise<{ readonly submissions: readonly SubmissionRecord[]; readonly complete: boolean }> {
  const found = await records.list<RulesetRevision>("ruleset-revisions", { prefix: `${ruleset}/` });
  const submissions: SubmissionRecord[] = [];
  const earliest = found[0]?.body.previous ?? null;
  const ids = [...(earliest === null ? [] : [earliest]), ...found.map(({ body }) => body.submission)];
  if (ids.length === 0) {
    const head = (await records.get<RulesetRecord>("rulesets", ruleset))?.body.head ?? null;
    if (head !== null) ids.push(head);
  }
  for (const id of ids) {
    const submission = await records.get<SubmissionRecord>("submissions", id);
    if (submission !== undefined) submissions.push(submission.body);
  }
  return { submissions, complete: found.length > 0 && earliest === null };
}

function described(submission: SubmissionRecord, change: RuleChange): RuleRevision {
  const { ruleset, kind, id, author, message, decision, licence, source } = submission;
  return {
    ...change,
    ...{ ruleset, kind, submission: id, author, message, licence: licence ?? null, source: source ?? null },
    ...{ approvedBy: decision?.by ?? "", approvedAt: decision?.at ?? "" },
  };
}
