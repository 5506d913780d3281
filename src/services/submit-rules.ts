/**
 * An analyst proposes a new revision of a ruleset: the whole set of files, not a difference.
 *
 * Content is stored by digest before anything is judged, and a submission with errors is kept with its
 * findings. Sending the same content again while it waits for review gives the same submission.
 */
import { sha256Hex } from "../core/brands.js";
import { hexText } from "../core/encoding/bytes.js";
import { sha256 } from "../core/encoding/sha256.js";
import { PolicyError, UsageError, quote } from "../core/errors.js";
import { formatRevision } from "../core/release/sources.js";
import type { RuleKind } from "../core/rules/model.js";
import type { ServiceContext } from "./context.js";
import { nextNumber, timeText, untilCommitted } from "./documents.js";
import { isError, lintRules } from "./lint-rules.js";
import type { Identity, RulesetRecord, SubmissionRecord } from "./model.js";
import { type IncomingFile, receiveFiles } from "./receive-files.js";
import { requireRole } from "./roles.js";

export interface NewSubmission {
  readonly ruleset: string;
  readonly kind: RuleKind;
  readonly message: string;
  readonly files: AsyncIterable<IncomingFile>;
  readonly leaveOutInvalid?: boolean;
}

const messageCharactersMax = 2000;

/**
 * Open, or refused with its findings when there are errors and the author did not ask to leave those rules
 * out.
 *
 * @throws PolicyError ROLE_REFUSED, RULESET_KIND; UsageError REQUEST_INVALID;
 *   VerificationError PATH_UNSAFE, FILE_TOO_LARGE, LIMIT_EXCEEDED; OperationError of stores and engines
 */
export async function submitRules(
  context: ServiceContext,
  identity: Identity,
  input: NewSubmission,
): Promise<SubmissionRecord> {
  requireRole(identity, "analyst");
  const { ruleset, kind, message } = input;
  checkWords(ruleset, message);
  await requireKind(context, ruleset, kind);
  const files = await receiveFiles(context.objects, input.files);
  if (files.length === 0) throw new UsageError("REQUEST_INVALID", "expected at least one file, got none");
  const leaveOutInvalid = input.leaveOutInvalid ?? false;
  const lint = await lintRules(context, { ruleset, kind, files });
  const content = { ruleset, kind, leaveOutInvalid, leftOut: leaveOutInvalid ? lint.leftOut : [], files };
  const refused = lint.rules === 0 || (!leaveOutInvalid && lint.findings.some(isError));
  const submission: Omit<SubmissionRecord, "id"> = {
    ...content,
    author: identity.name,
    message,
    createdAt: timeText(context.clock.now()),
    state: refused ? "refused" : "open",
    digest: sha256Hex(hexText(await sha256(formatRevision(content)))),
    rules: lint.rules,
    findings: lint.findings,
    decision: null,
  };
  return untilCommitted(() => store(context, submission));
}

/**
 * Collection `open-submissions`, id = author and digest, remembers which submission waits with this content.
 */
async function store(
  { records }: ServiceContext,
  submission: Omit<SubmissionRecord, "id">,
): Promise<SubmissionRecord> {
  const key = { collection: "open-submissions", id: `${submission.digest}/${submission.author}` };
  const known = await records.get<{ submission: string }>(key.collection, key.id);
  if (known !== undefined) {
    const before = await records.get<SubmissionRecord>("submissions", known.body.submission);
    if (before?.body.state === "open") return before.body;
  }
  const { number, write } = await nextNumber(records, "submissions");
  const id = `s-${String(number).padStart(12, "0")}`;
  const body: SubmissionRecord = { id, ...submission };
  const remember = { ...key, expected: known?.version ?? 0, body: { submission: id } };
  await records.commit([
    write,
    { collection: "submissions", id, expected: 0, body },
    ...(body.state === "open" ? [remember] : []),
  ]);
  return body;
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

function checkWords(ruleset: string, message: string): void {
  if (!/^[a-z0-9][a-z0-9-]{0,62}$/.test(ruleset)) {
    throw new UsageError("REQUEST_INVALID", `expected a ruleset name, got ${quote(ruleset)}`);
  }
  if (message.length > messageCharactersMax) {
    throw new UsageError(
      "REQUEST_INVALID",
      `expected a message of at most ${messageCharactersMax} characters, got ${message.length}`,
    );
  }
}
