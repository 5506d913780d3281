/**
 * An analyst proposes a new revision of a ruleset: the whole set of files, or the head's files with some changes.
 *
 * Content is stored by digest before anything is judged, and a submission with errors is kept with its
 * findings. Sending the same content again while it waits for review gives the same submission.
 */
import { sha256Hex } from "../core/brands.js";
import { hexText } from "../core/encoding/bytes.js";
import { sha256 } from "../core/encoding/sha256.js";
import { PolicyError, UsageError, quote, VerificationError } from "../core/errors.js";
import type { FileFacts } from "../core/release/model.js";
import { formatRevision } from "../core/release/sources.js";
import type { RuleKind } from "../core/rules/model.js";
import type { RecordWrite } from "../ports/records.js";
import type { ServiceContext } from "./context.js";
import { isConflict, nextNumber, timeText, untilCommitted } from "./documents.js";
import { isError, lintRules } from "./lint-rules.js";
import type { Identity, RulesetRecord, SubmissionRecord } from "./model.js";
import { quarantinedRules } from "./quarantine-rule.js";
import { patchFiles } from "./patch-files.js";
import { type IncomingFile, receiveFiles } from "./receive-files.js";
import { requireAuthor } from "./review-rules.js";
import { submissionLimits } from "./submission-limits.js";
import { together } from "./together.js";
import { withdrawalOf } from "./withdraw-submission.js";

export interface NewSubmission {
  readonly ruleset: string;
  readonly kind: RuleKind;
  readonly message: string;
  readonly files: AsyncIterable<IncomingFile>;
  readonly leaveOutInvalid?: boolean;
  readonly draft?: boolean;
  /** The files are put into the head's, and `deletes` taken out of them. */
  readonly patch?: boolean;
  /** With `patch`: files, or folders with all that is in them. */
  readonly deletes?: readonly string[];
  /** An own submission that waits, whose place this one takes: approvals that it had are void. */
  readonly replaces?: string;
  readonly licence?: string;
  readonly source?: string;
}

const messageCharactersMax = 2000;
const originCharactersMax = 500;

/**
 * Open, a draft, or refused with its findings when there are errors and the author did not ask to leave those rules
 * out.
 *
 * @throws PolicyError ROLE_REFUSED, RULESET_KIND, SUBMISSION_DECIDED; UsageError REQUEST_INVALID, NOT_FOUND;
 *   VerificationError PATH_UNSAFE, FILE_TOO_LARGE, LIMIT_EXCEEDED; OperationError of stores and engines
 */
export async function submitRules(
  context: ServiceContext,
  identity: Identity,
  input: NewSubmission,
): Promise<SubmissionRecord> {
  const { ruleset, kind, message, patch = false } = input;
  checkWords(input);
  requireAuthor(context.settings, identity, ruleset);
  await requireKind(context, ruleset, kind);
  const received = await receiveFiles(context.objects, input.files, submissionLimits(context.settings));
  const base = (await context.records.get<RulesetRecord>("rulesets", ruleset))?.body.head ?? null;
  const files = patch ? await patchFiles(context, base, received, input.deletes ?? []) : received;
  if (files.length === 0) throw new UsageError("REQUEST_INVALID", "expected at least one file, got none");
  const judged = await judge(context, input, files);
  const submission: Omit<SubmissionRecord, "id"> = {
    ...judged,
    author: identity.name,
    message,
    createdAt: timeText(context.clock.now()),
    decision: null,
    ...{ base, patch, licence: input.licence ?? null, source: input.source ?? null, approvals: [] },
  };
  const waiting = { context, submission, replaces: input.replaces };
  return together(context.records, "submissions", waiting, storeAll);
}

/** What lint says of the files, and what that makes of them. */
async function judge(context: ServiceContext, input: NewSubmission, files: readonly FileFacts[]) {
  const { ruleset, kind, leaveOutInvalid = false } = input;
  const quarantined = await quarantinedRules(context, ruleset);
  const lint = await lintRules(context, { ruleset, kind, files }, { quarantined });
  const leftOut = leaveOutInvalid ? lint.leftOut : lint.quarantinedOut;
  const content = { ruleset, kind, leaveOutInvalid, leftOut, files };
  const sound = isSound({ rules: lint.rules, findings: lint.findings, leaveOutInvalid });
  const state = input.draft === true ? "draft" : sound ? "open" : "refused";
  const digest = sha256Hex(hexText(await sha256(formatRevision(content))));
  const { rules, findings, idsSha256 } = lint;
  return { ...content, state, digest, rules, findings, idsSha256 } as const;
}

type Linted = Pick<SubmissionRecord, "rules" | "findings" | "leaveOutInvalid">;

/** Whether it may be reviewed. SPEC §17.6.6: nothing may be left of it when a quarantine alone is the reason. */
function isSound({ rules, findings, leaveOutInvalid }: Linted): boolean {
  if (findings.some(isError)) return leaveOutInvalid && rules > 0;
  return rules > 0 || findings.some(({ code }) => code === "RULE_QUARANTINED");
}

/** @throws VerificationError RULES_INVALID */
export function requireSound(submission: Linted & Pick<SubmissionRecord, "id">): void {
  if (isSound(submission)) return;
  const { id, findings } = submission;
  const errors = findings.filter(isError).length;
  const message = `expected rules without errors, got ${errors === 1 ? "1 error" : `${errors} errors`}`;
  throw new VerificationError("RULES_INVALID", message, { details: { submission: id, findings } });
}

/** What is to be stored; of one batch all have the same records. */
interface Waiting {
  readonly context: ServiceContext;
  readonly submission: Omit<SubmissionRecord, "id">;
  readonly replaces: string | undefined;
}

/**
 * 200 who submit at once take their numbers in a few commits, and nobody is beaten to the next one. Those that cannot be with others, or lost
 * with them against another process, are stored one by one.
 */
async function storeAll(
  waiting: readonly Waiting[],
): Promise<readonly PromiseSettledResult<SubmissionRecord>[]> {
  const some = [...new Map(waiting.filter(isApart).map((one) => [contentKey(one.submission), one])).values()];
  const stored = new Map<Waiting, SubmissionRecord>();
  try {
    const bodies = some.length > 1 ? await storeTogether(some) : [];
    for (const [i, body] of bodies.entries()) stored.set(some[i] as Waiting, body);
  } catch (error) {
    if (!isConflict(error)) throw error;
  }
  const results: PromiseSettledResult<SubmissionRecord>[] = [];
  for (const one of waiting) {
    const body = stored.get(one) ?? untilCommitted(async () => (await storeTogether([one]))[0]);
    results.push(...(await Promise.allSettled([body as Promise<SubmissionRecord>])));
  }
  return results;
}

/** It changes nothing that another one of the same batch may change. */
function isApart({ replaces }: Waiting): boolean {
  return replaces === undefined;
}

/** Collection `open-submissions` remembers by this id which submission waits with this content. */
function contentKey({ digest, author }: Omit<SubmissionRecord, "id">): string {
  return `${digest}/${author}`;
}

/** In one commit. Of different contents. */
async function storeTogether(waiting: readonly Waiting[]): Promise<readonly SubmissionRecord[]> {
  const [{ context }] = waiting as [Waiting];
  const { records } = context;
  const opened = await Promise.all(waiting.map((one) => findOpen(context, one.submission)));
  const { number, write } = await nextNumber(records, "submissions");
  let last = number - 1;
  const writes: RecordWrite[] = [];
  const bodies: SubmissionRecord[] = [];
  for (const [i, { submission, replaces }] of waiting.entries()) {
    const { same, version } = opened[i] as Awaited<ReturnType<typeof findOpen>>;
    const body = same ?? { id: `s-${String(++last).padStart(12, "0")}`, ...submission };
    bodies.push(body);
    if (same !== undefined) continue;
    writes.push({ collection: "submissions", id: body.id, expected: 0, body });
    if (body.state !== "open" && body.state !== "draft") continue;
    const id = contentKey(body);
    writes.push({
      ...{ collection: "open-submissions", id },
      expected: version,
      body: { submission: body.id },
    });
    const before = replaces === undefined ? undefined : await replaced(context, body, replaces);
    if (before !== undefined) writes.push(before);
  }
  if (writes.length > 0) await records.commit([{ ...write, body: { last } }, ...writes]);
  return bodies;
}

/** The submission that waits with the same content, and the version of what remembers it. */
async function findOpen({ records }: ServiceContext, submission: Omit<SubmissionRecord, "id">) {
  const known = await records.get<{ submission: string }>("open-submissions", contentKey(submission));
  if (known === undefined) return { version: 0 };
  const { version } = known;
  const before = await records.get<SubmissionRecord>("submissions", known.body.submission);
  if (before?.body.state !== submission.state || before.body.base !== submission.base) return { version };
  return { version, same: before.body };
}

/** SPEC §17.2.4: what is replaced can no longer be approved, whoever was about to. */
function replaced(context: ServiceContext, by: SubmissionRecord, id: string): Promise<RecordWrite> {
  const author = { name: by.author, roles: [] };
  return withdrawalOf(context, author, {
    submission: id,
    reason: `replaced by ${by.id}`,
    ruleset: by.ruleset,
  });
}

/** @throws PolicyError RULESET_KIND when the ruleset has rules of another kind */
export async function requireKind(
  { records }: Pick<ServiceContext, "records">,
  ruleset: string,
  kind: RuleKind,
): Promise<void> {
  const found = await records.get<RulesetRecord>("rulesets", ruleset);
  if (found === undefined || found.body.kind === kind) return;
  throw new PolicyError(
    "RULESET_KIND",
    `expected kind ${found.body.kind} for ruleset ${quote(ruleset)}, got ${kind}`,
  );
}

function checkWords({
  ruleset,
  message,
  licence = "",
  source = "",
  patch,
  deletes = [],
}: NewSubmission): void {
  if (!/^[a-z0-9][a-z0-9-]{0,62}$/.test(ruleset)) {
    throw new UsageError("REQUEST_INVALID", `expected a ruleset name, got ${quote(ruleset)}`);
  }
  requireShort("a message", message, messageCharactersMax);
  requireShort("a licence", licence, originCharactersMax);
  requireShort("a source", source, originCharactersMax);
  if (deletes.length > 0 && patch !== true) {
    throw new UsageError("REQUEST_INVALID", "expected deletes with a patch, got them with a whole revision");
  }
}

function requireShort(what: string, text: string, charactersMax: number): void {
  if (text.length <= charactersMax) return;
  const message = `expected ${what} of at most ${charactersMax} characters, got ${text.length}`;
  throw new UsageError("REQUEST_INVALID", message);
}
