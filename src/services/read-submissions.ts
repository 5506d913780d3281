/** What people at the desk read: submissions, rulesets, and the bytes of a source file. */
import type { Sha256Hex } from "../core/brands.js";
import { PolicyError, UsageError, quote } from "../core/errors.js";
import type { RuleKind } from "../core/rules/model.js";
import type { OpenObject } from "../ports/object-store.js";
import type { ServiceContext } from "./context.js";
import { isError } from "./lint-rules.js";
import type { Identity, RulesetRecord, SubmissionRecord } from "./model.js";
import { requireAnyRole } from "./roles.js";

/** A submission without its long lists. */
export interface SubmissionSummary
  extends Omit<SubmissionRecord, "files" | "findings" | "leftOut" | "idsSha256"> {
  readonly fileCount: number;
  readonly bytes: number;
  readonly errors: number;
  readonly warnings: number;
}

export interface SubmissionFilter {
  readonly state?: SubmissionRecord["state"];
  readonly ruleset?: string;
  readonly kind?: RuleKind;
  readonly author?: string;
  /** The `next` of the page before. */
  readonly after?: string;
  readonly limit?: number;
}

export interface Page<T, Next = string> {
  readonly items: readonly T[];
  /** Null on the last page. */
  readonly next: Next | null;
}

type ReadContext = Pick<ServiceContext, "records" | "objects">;

const pageMax = 200;
const pageDefault = 50;

/** Newest first. @throws PolicyError ROLE_REFUSED */
export async function listSubmissions(
  { records }: ReadContext,
  identity: Identity,
  filter: SubmissionFilter = {},
): Promise<Page<SubmissionSummary>> {
  requireAnyRole(identity);
  const limit = Math.min(filter.limit ?? pageDefault, pageMax);
  const items: SubmissionSummary[] = [];
  let after = filter.after;
  for (;;) {
    const batch = await records.list<SubmissionRecord>("submissions", { descending: true, after, limit });
    for (const { id, body } of batch) {
      after = id;
      if (filter.state !== undefined && body.state !== filter.state) continue;
      if (filter.ruleset !== undefined && body.ruleset !== filter.ruleset) continue;
      if (filter.kind !== undefined && body.kind !== filter.kind) continue;
      if (filter.author !== undefined && body.author !== filter.author) continue;
      items.push(summary(body));
      if (items.length === limit) return { items, next: after };
    }
    if (batch.length < limit) return { items, next: null };
  }
}

/** @throws PolicyError ROLE_REFUSED; UsageError NOT_FOUND */
export async function showSubmission(
  { records }: ReadContext,
  identity: Identity,
  id: string,
): Promise<SubmissionRecord> {
  requireAnyRole(identity);
  const found = await records.get<SubmissionRecord>("submissions", id);
  if (found === undefined) throw new UsageError("NOT_FOUND", `expected a submission, got ${quote(id)}`);
  return found.body;
}

/** For the tag of what is shown. Undefined for a submission that is gone. */
export async function versionOf(
  { records }: Pick<ReadContext, "records">,
  id: string,
): Promise<number | undefined> {
  return (await records.get("submissions", id))?.version;
}

/** SPEC §17.7.2. `seen`: what the caller read before it decided. @throws PolicyError PRECONDITION_FAILED */
export function requireVersion({ version }: { readonly version: number }, seen: number | undefined): void {
  if (seen === undefined || seen === version) return;
  throw new PolicyError(
    "PRECONDITION_FAILED",
    `expected version ${seen}, got ${version}: it was changed meanwhile`,
  );
}

/** By name. @throws PolicyError ROLE_REFUSED */
export async function listRulesets({ records }: ReadContext, identity: Identity): Promise<RulesetRecord[]> {
  requireAnyRole(identity);
  const found = await records.list<RulesetRecord>("rulesets");
  return found.map(({ body }) => ({ ...body, licence: body.licence ?? null, source: body.source ?? null }));
}

/** The caller closes it. @throws PolicyError ROLE_REFUSED; UsageError NOT_FOUND */
export async function openSource(
  { objects }: ReadContext,
  identity: Identity,
  sha256: Sha256Hex,
): Promise<OpenObject> {
  requireAnyRole(identity);
  const found = await objects.open(sha256);
  if (found === undefined) throw new UsageError("NOT_FOUND", `expected a source file, got ${quote(sha256)}`);
  return found;
}

export function summary(submission: SubmissionRecord): SubmissionSummary {
  const {
    files,
    findings,
    leftOut: _,
    base,
    patch,
    licence,
    source,
    approvals,
    idsSha256: __,
    ...rest
  } = submission;
  const errors = findings.filter(isError).length;
  return {
    ...rest,
    // Records of earlier versions know nothing of these.
    ...{ base: base ?? null, patch: patch ?? false, approvals: approvals ?? [] },
    ...{ licence: licence ?? null, source: source ?? null },
    fileCount: files.length,
    bytes: files.reduce((sum, file) => sum + file.bytes, 0),
    errors,
    warnings: findings.length - errors,
  };
}
