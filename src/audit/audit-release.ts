/**
 * The auditor: from the pinned root to one release, every step redone, and with `rebuild` the sources compiled again. It trusts
 * the root that it was given and nothing that a server says.
 */
import type { FeedName, ReleaseNumber } from "../core/brands.js";
import { RulemintError, UsageError } from "../core/errors.js";
import { formatTime } from "../core/trust/metadata.js";
import type { SignaturePolicy } from "../core/trust/model.js";
import { policyOfRoot } from "../core/trust/policy.js";
import type { TrustedMetadata } from "../core/trust/trusted-metadata.js";
import type { Fetcher } from "../ports/fetcher.js";
import type { PostQuantumVerifier } from "../ports/post-quantum.js";
import { auditPacks, auditSignature } from "./audit-evidence.js";
import { auditManifest, auditMetadata } from "./audit-metadata.js";
import { type Workshop, auditContent, auditRebuild } from "./audit-content.js";
import { PublicFiles } from "./fetch-file.js";
import { AuditLog, type AuditReport, type AuditStep } from "./report.js";

export interface AuditRequest {
  readonly url: string;
  readonly root: Uint8Array;
  readonly feed: FeedName;
  /** The newest when absent. */
  readonly release?: ReleaseNumber;
  /** Overrides the one that the root carries. */
  readonly policy?: SignaturePolicy;
  /** Reference time of every expiry. */
  readonly at: Date;
  readonly fetcher: Fetcher;
  readonly workshop: Workshop;
  readonly rebuild: boolean;
  /** Without it, a release that announces a second signature is refused. */
  readonly postQuantum?: PostQuantumVerifier;
  readonly onStep?: (step: AuditStep) => void;
}

/** Always a report: a refusal is its last step. @throws UsageError USAGE; whatever is not a RulemintError */
export async function auditRelease(request: AuditRequest): Promise<AuditReport> {
  const log = new AuditLog(request.onStep);
  let release: ReleaseNumber | null = request.release ?? null;
  let verdict: AuditReport["verdict"] = "proven";
  try {
    release = await runSteps(log, request);
  } catch (error) {
    if (!(error instanceof RulemintError) || error instanceof UsageError) throw error;
    if (log.steps.at(-1)?.result !== "refused") throw error;
    verdict = "refused";
  }
  return { schema: 1, feed: request.feed, release, at: formatTime(request.at), verdict, steps: log.steps };
}

async function runSteps(log: AuditLog, request: AuditRequest): Promise<ReleaseNumber> {
  const { feed, at, workshop } = request;
  const files = new PublicFiles(request.fetcher, request.url);
  const trusted = await auditMetadata(log, files, request.root, feed, at);
  const policy = policyOf(request, trusted);
  const proven = await auditManifest(log, files, trusted, feed, request.release, { root: request.root, at });
  const release = await auditSignature(log, files, proven, policy, at, request.postQuantum);
  const packs = await auditPacks(log, files, release, policy, at);
  const database = await auditContent(log, files, release, packs, workshop);
  if (request.rebuild) await auditRebuild(log, release, database, workshop);
  return release.manifest.version;
}

/** @throws UsageError USAGE when neither the auditor nor the root has one */
function policyOf({ policy }: AuditRequest, trusted: TrustedMetadata): SignaturePolicy {
  const found = policy ?? policyOfRoot(trusted.root);
  if (found === undefined)
    throw new UsageError("USAGE", "expected a policy file, because the root carries none");
  return found;
}
