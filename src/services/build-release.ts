/**
 * A release manager freezes the approved heads of a feed's rulesets as the next release. Compiling, packing
 * and signing are steps of `advance-release.ts`, which goes on by itself, also after a restart.
 */
import type { FeedName, ReleaseNumber } from "../core/brands.js";
import { OperationError, PolicyError, UsageError } from "../core/errors.js";
import type { ReleaseSources, Revision } from "../core/release/model.js";
import { sourceTreeDigest } from "../core/release/manifest.js";
import { parseSources } from "../core/release/sources.js";
import type { Records } from "../ports/records.js";
import type { ServiceContext } from "./context.js";
import { requireFeed, requireRelease } from "./documents.js";
import { engineKinds } from "./gate-budget.js";
import type { FeedRecord, Identity, ReleaseRecord, RulesetRecord, SubmissionRecord } from "./model.js";
import { queueRelease } from "./queue-release.js";
import { requireRole } from "./roles.js";
import { readObject } from "./source-batches.js";

export interface NewRelease {
  readonly feed: FeedName;
  readonly reason?: string;
  /** The content of the newest published release again, for a fresh expiry. */
  readonly renew?: boolean;
  /** Gates that may fail this time; the reason says why. */
  readonly waive?: readonly string[];
}

/** Those that judge size and time, and may be wrong about what people mean. */
export const waivableGates = [
  "shrink-guard",
  ...engineKinds.map((kind) => `budget ${kind}` as const),
] as const;

/**
 * The queued release.
 *
 * @throws PolicyError ROLE_REFUSED, RELEASE_EMPTY, RELEASE_UNCHANGED, RELEASE_STATE while another one is
 *   under way
 * @throws UsageError NOT_FOUND; OperationError of the stores
 */
export async function buildRelease(
  context: ServiceContext,
  identity: Identity,
  input: NewRelease,
): Promise<ReleaseRecord> {
  requireRole(identity, "release-manager");
  const reason = input.reason ?? "";
  if (input.renew === true) return renewRelease(context, { feed: input.feed, by: identity.name, reason });
  const { body: feed } = await requireFeed(context.records, input.feed);
  const sources = await freezeHeads(context.records, feed);
  await requireChange(context, feed, sources);
  const { waive = [] } = input;
  if (waive.length > 0 && reason.trim() === "") {
    throw new UsageError("REQUEST_INVALID", "expected a reason for a gate that may fail, got none");
  }
  return queueRelease(context, {
    feed: input.feed,
    by: identity.name,
    reason,
    sources,
    restores: null,
    waive,
  });
}

/**
 * Also called by the scheduler, before a manifest expires.
 * @throws PolicyError RELEASE_EMPTY, RELEASE_STATE
 */
export async function renewRelease(
  context: ServiceContext,
  { feed, ...order }: { feed: FeedName; by: string; reason: string; publish?: boolean },
): Promise<ReleaseRecord> {
  const { body } = await requireFeed(context.records, feed);
  if (body.published === 0) {
    throw new PolicyError("RELEASE_EMPTY", `expected a published release of ${feed} to renew, got none`);
  }
  const sources = await sourcesOf(context, feed, body.published as ReleaseNumber);
  return queueRelease(context, { feed, ...order, sources, restores: null });
}

/** What a release was made from. */
export async function sourcesOf(
  context: Pick<ServiceContext, "records" | "objects">,
  feed: FeedName,
  release: ReleaseNumber,
): Promise<ReleaseSources> {
  const { body } = await requireRelease(context.records, feed, release);
  return parseSources(await readObject(context.objects, body.sourcesSha256));
}

async function freezeHeads(records: Records, feed: FeedRecord): Promise<ReleaseSources> {
  const revisions: Revision[] = [];
  for (const { body: ruleset } of await records.list<RulesetRecord>("rulesets")) {
    const wanted = feed.rulesets === "*" || feed.rulesets.includes(ruleset.name);
    if (wanted && ruleset.head !== null) revisions.push(await headRevision(records, ruleset.head));
  }
  if (revisions.length === 0) {
    throw new PolicyError("RELEASE_EMPTY", `expected approved rules for ${feed.name}, got none`);
  }
  return { schema: 1, revisions };
}

async function headRevision(records: Records, id: string): Promise<Revision> {
  const found = await records.get<SubmissionRecord>("submissions", id);
  const decision = found?.body.decision;
  if (found === undefined || !decision) {
    throw new OperationError("STATE_CORRUPT", `expected the approved submission ${id}, got none`);
  }
  const { ruleset, kind, digest, author, leaveOutInvalid, leftOut, files } = found.body;
  const approval = { submission: id, digest, author, approvedBy: decision.by, approvedAt: decision.at };
  return { ruleset, kind, ...approval, leaveOutInvalid, leftOut, files };
}

/**
 * SPEC §2.3.3: a release differs from the one before it in sources or compiler, or says that it renews or
 * restores.
 */
async function requireChange(
  context: ServiceContext,
  feed: FeedRecord,
  sources: ReleaseSources,
): Promise<void> {
  if (feed.published === 0) return;
  const { body } = await requireRelease(context.records, feed.name, feed.published as ReleaseNumber);
  const same = body.sourceTreeSha256 === (await sourceTreeDigest(sources));
  if (same && body.compiler?.sha256 === context.settings.compiler.sha256) {
    throw new PolicyError("RELEASE_UNCHANGED", `expected changes since release ${feed.published}, got none`);
  }
}
