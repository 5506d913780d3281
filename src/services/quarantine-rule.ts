/**
 * A rule that does harm leaves its ruleset without the rest: the head's files again, with this rule left out. Like any revision it waits for
 * somebody else's approval. Until it is lifted, later submissions are linted with the rule left out as well, so that no whole revision brings
 * it back unseen. It may be the last rule of the ruleset: what does harm goes, whatever is left, and whatever other rules have become.
 */
import { quote, UsageError } from "../core/errors.js";
import { sha256Hex } from "../core/brands.js";
import { hexText } from "../core/encoding/bytes.js";
import { sha256 } from "../core/encoding/sha256.js";
import { formatRevision } from "../core/release/sources.js";
import type { ServiceContext } from "./context.js";
import { nextNumber, timeText, untilCommitted } from "./documents.js";
import { lintRules } from "./lint-rules.js";
import type { Identity, QuarantineRecord, RulesetRecord, SubmissionRecord } from "./model.js";
import { requireAnyRole, requireRole } from "./roles.js";
import { requireSound } from "./submit-rules.js";

export interface QuarantineOrder {
  readonly ruleset: string;
  readonly id: string;
  readonly reason: string;
  /** Takes it out of quarantine again. */
  readonly lift?: boolean;
}

/**
 * The submission that waits for approval.
 * @throws PolicyError ROLE_REFUSED; UsageError NOT_FOUND; VerificationError RULES_INVALID when what comes back is refused by now; OperationError of
 *   stores and engines
 */
export async function quarantineRule(
  context: ServiceContext,
  identity: Identity,
  order: QuarantineOrder,
): Promise<SubmissionRecord> {
  requireRole(identity, "analyst", "reviewer", "release-manager");
  const head = await headOf(context, order.ruleset);
  const others = await quarantinedRules(context, order.ruleset);
  const ids =
    order.lift === true ? others.filter((id) => id !== order.id) : [...new Set([...others, order.id])];
  const lint = await lintRules(context, head, { quarantined: ids });
  requireChange(order, others, lint.quarantined);
  const { ruleset, kind, files, leaveOutInvalid } = head;
  const leftOut = leaveOutInvalid ? lint.leftOut : lint.quarantinedOut;
  const content = { ruleset, kind, leaveOutInvalid, files, leftOut };
  if (order.lift === true) requireSound({ ...head, rules: lint.rules, findings: lint.findings });
  const verb = order.lift === true ? "lift the quarantine of" : "quarantine";
  const submission: Omit<SubmissionRecord, "id"> = {
    ...content,
    author: identity.name,
    message: `${verb} ${order.id}: ${order.reason}`.slice(0, 2000),
    createdAt: timeText(context.clock.now()),
    state: "open",
    digest: sha256Hex(hexText(await sha256(formatRevision(content)))),
    ...{ rules: lint.rules, findings: lint.findings, idsSha256: lint.idsSha256, decision: null },
    ...{ base: head.id, patch: true, licence: null, source: null, approvals: [] },
  };
  return untilCommitted(() => store(context, identity, order, submission));
}

/** Ids. */
export async function quarantinedRules(
  { records }: Pick<ServiceContext, "records">,
  ruleset: string,
): Promise<readonly string[]> {
  const found = await records.list<QuarantineRecord>("quarantine", { prefix: `${ruleset}/` });
  return found.map(({ body }) => body.rule);
}

/** @throws PolicyError ROLE_REFUSED */
export async function listQuarantine(
  { records }: Pick<ServiceContext, "records">,
  identity: Identity,
): Promise<QuarantineRecord[]> {
  requireAnyRole(identity);
  return (await records.list<QuarantineRecord>("quarantine")).map(({ body }) => body);
}

async function headOf({ records }: ServiceContext, ruleset: string): Promise<SubmissionRecord> {
  const head = (await records.get<RulesetRecord>("rulesets", ruleset))?.body.head;
  const found = head ? await records.get<SubmissionRecord>("submissions", head) : undefined;
  if (found !== undefined) return found.body;
  throw new UsageError("NOT_FOUND", `expected a ruleset with a head, got ${quote(ruleset)}`);
}

/** @throws UsageError NOT_FOUND for a rule that is not there to be left out, or not quarantined */
function requireChange(
  { id, lift, ruleset }: QuarantineOrder,
  known: readonly string[],
  found: ReadonlySet<string>,
): void {
  if (lift === true ? known.includes(id) : found.has(id)) return;
  const wanted = lift === true ? "a rule in quarantine" : `a rule of ${quote(ruleset)}`;
  throw new UsageError("NOT_FOUND", `expected ${wanted}, got ${quote(id)}`);
}

async function store(
  { records, clock }: ServiceContext,
  identity: Identity,
  { ruleset, id: rule, reason, lift }: QuarantineOrder,
  submission: Omit<SubmissionRecord, "id">,
): Promise<SubmissionRecord> {
  const { number, write } = await nextNumber(records, "submissions");
  const id = `s-${String(number).padStart(12, "0")}`;
  const key = `${ruleset}/${hexText(await sha256(new TextEncoder().encode(rule)))}`;
  const known = await records.get<QuarantineRecord>("quarantine", key);
  const body: SubmissionRecord = { id, ...submission };
  const at = timeText(clock.now());
  const record: QuarantineRecord = { ruleset, rule, by: identity.name, at, reason, submission: id };
  const change = lift === true ? null : record;
  await records.commit([
    write,
    { collection: "submissions", id, expected: 0, body },
    { collection: "quarantine", id: key, expected: known?.version ?? 0, body: change },
  ]);
  return body;
}
