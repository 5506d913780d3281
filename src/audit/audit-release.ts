/**
 * The auditor: from the pinned root to one release, every step redone, and with `rebuild` the sources compiled again. It trusts
 * the root that it was given and nothing that a server says.
 */
import type { FeedName, ReleaseNumber } from "../core/brands.js";
import { hexText } from "../core/encoding/bytes.js";
import { sha256 } from "../core/encoding/sha256.js";
import { UsageError } from "../core/errors.js";
import type { ProvenRelease, SignaturePolicy } from "../core/trust/model.js";
import { policyInForce } from "../core/trust/policy.js";
import type { TrustedMetadata } from "../core/trust/trusted-metadata.js";
import { version } from "../core/version.js";
import type { Fetcher } from "../ports/fetcher.js";
import type { PostQuantumVerifier } from "../ports/post-quantum.js";
import { namedSourceMaps } from "./attestations.js";
import { auditPacks, auditSignature } from "./audit-evidence.js";
import { auditManifest } from "./audit-manifest.js";
import { auditMetadata } from "./audit-metadata.js";
import { type Workshop, auditContent, auditRebuild } from "./audit-content.js";
import { type SignatureChain, authorityLane, certificateLanes, logLane } from "./chain.js";
import { fetchedFiles } from "./fetch-file.js";
import { releaseFigures } from "./figures.js";
import { AuditLog, type AuditReport, type AuditStep, reported } from "./report.js";

/** What every audit of a tree is asked with. */
export interface TreeQuestion {
  readonly url: string;
  readonly root: Uint8Array;
  readonly feed: FeedName;
  /** Overrides the one that the root carries. */
  readonly policy?: SignaturePolicy;
  /** Reference time of every expiry. */
  readonly at: Date;
  readonly fetcher: Fetcher;
  /** Without it, a release that announces a second signature is refused. */
  readonly postQuantum?: PostQuantumVerifier;
  readonly onStep?: (step: AuditStep) => void;
}

export interface AuditRequest extends TreeQuestion {
  /** The newest when absent. */
  readonly release?: ReleaseNumber;
  readonly workshop: Workshop;
  readonly rebuild: boolean;
}

/** Stands in the head of a report once the packs have given it. */
export const databaseFact = "Database, SHA-256";

/** Always a report: a refusal is its last step. @throws UsageError USAGE; whatever is not a RulemintError */
export async function auditRelease(request: AuditRequest): Promise<AuditReport> {
  const log = new AuditLog(request.onStep);
  const { feed, at } = request;
  await noteQuestion(log, request);
  const subjectOf = (release: ReleaseNumber | null) =>
    release === null ? `feed ${feed}` : `release ${release} of feed ${feed}`;
  return reported(
    log,
    async () => {
      const { manifest, target } = await runSteps(log, request);
      const subject = subjectOf(manifest.version);
      const conclusion = `Every one of ${log.steps.length} steps was proven. ${capital(subject)} is what its signers say it is.`;
      return { kind: "release", subject, feed, release: manifest.version, at, conclusion, target };
    },
    () => {
      const release = request.release ?? null;
      const target = { heading: "REFUSED", lines: [`at "${log.steps.at(-1)?.title}"`] };
      return { kind: "release", subject: subjectOf(release), feed, release, at, conclusion: "", target };
    },
  );
}

/** What was asked and of whom, for the head of a report. */
export async function noteQuestion(log: AuditLog, { url, root, policy }: TreeQuestion): Promise<void> {
  log.fact("Public tree", url);
  log.fact("Pinned root, SHA-256", hexText(await sha256(root)));
  log.fact("Signature policy", policy === undefined ? "the one that the root carries" : "the auditor's own");
  log.fact("Program", `rulemint ${version}`);
}

async function runSteps(
  log: AuditLog,
  request: AuditRequest,
): Promise<ProvenRelease & { readonly target: SignatureChain["target"] }> {
  const { feed, at, workshop } = request;
  const files = fetchedFiles(request.fetcher, request.url);
  const trusted = await auditMetadata(log, files, request.root, feed, at);
  const policy = policyFor(request.policy, trusted);
  const pinned = { root: request.root, at };
  const { proven } = await auditManifest(log, files, trusted, feed, request.release, pinned);
  log.lanes.push(authorityLane(trusted, proven, request.root));
  const release = await auditSignature(log, files, proven, policy, at, request.postQuantum);
  log.lanes.push(...certificateLanes(release.signature, proven));
  if (release.log !== undefined) log.lanes.push(logLane(release.log));
  const packs = await auditPacks(log, files, release, policy, at);
  const database = await auditContent(log, files, release, packs, workshop);
  log.fact(databaseFact, release.manifest.block.database.sha256);
  if (request.rebuild) {
    const maps = await namedSourceMaps(files, proven, release, trusted.delegation(feed));
    await auditRebuild(log, release, database, workshop, maps);
  } else
    log.notes.push("The sources were not compiled again: whether they give this database was not asked.");
  releaseFigures(log, release);
  return { ...release, target: targetBox(release) };
}

/** @throws UsageError USAGE when neither the auditor nor the root has one */
export function policyFor(own: SignaturePolicy | undefined, { root }: TrustedMetadata): SignaturePolicy {
  const found = policyInForce(root, own);
  if (found === undefined)
    throw new UsageError("USAGE", "expected a policy file, because the root carries none");
  return found;
}

/** The manifest, at which all lanes of the picture end. */
export function targetBox({ feed, manifest, manifestSha256 }: ProvenRelease): SignatureChain["target"] {
  return {
    heading: `Manifest ${manifest.version} of ${feed}`,
    lines: [`SHA-256 ${manifestSha256}`, `database ${manifest.block.database.sha256}`],
  };
}

const capital = (text: string): string => `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;
