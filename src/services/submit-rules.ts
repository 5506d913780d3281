/**
 * An analyst proposes a new revision of a ruleset: the whole set of files, or the head's files with some changes.
 *
 * Content is stored by digest before anything is judged, and a submission with errors is kept with its
 * findings. Sending the same content again while it waits for review gives the same submission.
 */
import { sha256Hex } from "../core/brands.js";
import { hexText } from "../core/encoding/bytes.js";
import { sha256 } from "../core/encoding/sha256.js";
import { PolicyError, UsageError, quote } from "../core/errors.js";
import type { FileFacts } from "../core/release/model.js";
import { formatRevision } from "../core/release/sources.js";
import type { RuleKind } from "../core/rules/model.js";
import type { RecordWrite } from "../ports/records.js";
import type { ServiceContext } from "./context.js";
import { nextNumber, timeText, untilCommitted } from "./documents.js";
import { isError, lintRules } from "./lint-rules.js";
import type { Identity, RulesetRecord, SubmissionRecord } from "./model.js";
import { quarantinedRules } from "./quarantine-rule.js";
import { patchFiles } from "./patch-files.js";
import { type IncomingFile, receiveFiles } from "./receive-files.js";
import { requireAuthor } from "./review-rules.js";
import { serially } from "./serially.js";
import { submissionLimits } from "./submission-limits.js";
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
  // Within this process nobody is beaten to the next number: 200 at once would each try 200 times.
  return serially(context.records, "submissions", () =>
    untilCommitted(() => store(context, submission, input.replaces)),
  );
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

/** Whether it may be reviewed. */
export function isSound({
  rules,
  findings,
  leaveOutInvalid,
}: Pick<SubmissionRecord, "rules" | "findings" | "leaveOutInvalid">): boolean {
  return rules > 0 && (leaveOutInvalid || !findings.some(isError));
}

/**
 * Collection `open-submissions`, id = author and digest, remembers which submission waits with this content.
 */
async function store(
  context: ServiceContext,
  submission: Omit<SubmissionRecord, "id">,
  replaces: string | undefined,
): Promise<SubmissionRecord> {
  const { records } = context;
  const key = { collection: "open-submissions", id: `${submission.digest}/${submission.author}` };
  const known = await records.get<{ submission: string }>(key.collection, key.id);
  if (known !== undefined) {
    const before = await records.get<SubmissionRecord>("submissions", known.body.submission);
    if (before?.body.state === submission.state && before.body.base === submission.base) return before.body;
  }
  const { number, write } = await nextNumber(records, "submissions");
  const id = `s-${String(number).padStart(12, "0")}`;
  const body: SubmissionRecord = { id, ...submission };
  const writes: RecordWrite[] = [write, { collection: "submissions", id, expected: 0, body }];
  if (body.state === "open" || body.state === "draft") {
    writes.push({ ...key, expected: known?.version ?? 0, body: { submission: id } });
    const before = replaces === undefined ? undefined : await replaced(context, body, replaces);
    if (before !== undefined) writes.push(before);
  }
  await records.commit(writes);
  return body;
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
