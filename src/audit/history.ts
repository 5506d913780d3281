/** Every release of a feed from the newest back to the first, each judged: the ground for questions about more than one release. */
import { RulemintError } from "../core/errors.js";
import type { ProvenRelease, SignaturePolicy } from "../core/trust/model.js";
import type { ProvenFeed, TrustedMetadata } from "../core/trust/trusted-metadata.js";
import { auditSignature } from "./audit-evidence.js";
import { auditManifest } from "./audit-manifest.js";
import { auditMetadata } from "./audit-metadata.js";
import { type TreeQuestion, policyFor, targetBox } from "./audit-release.js";
import { type SignatureChain, authorityLane, certificateLanes, logLane } from "./chain.js";
import { type PublicFiles, fetchedFiles } from "./fetch-file.js";
import { describeLink, formerManifests } from "./former-manifests.js";
import type { AuditLog } from "./report.js";

export interface PastRelease {
  readonly proven: ProvenFeed;
  /** Of the `targets` that allowed its signers. */
  readonly targetsVersion: number;
  /** Undefined when its evidence was refused; the step says why. */
  readonly release: ProvenRelease | undefined;
}

export interface History {
  readonly trusted: TrustedMetadata;
  readonly files: PublicFiles;
  readonly policy: SignaturePolicy;
  /** Newest first. */
  readonly releases: readonly PastRelease[];
}

/**
 * A step for each release. One whose evidence is refused does not end the walk, for the chain of manifests does not rest on it; a broken
 * chain does.
 */
export async function auditHistory(log: AuditLog, question: TreeQuestion): Promise<History> {
  const { feed, at, root } = question;
  const files = fetchedFiles(question.fetcher, question.url);
  const trusted = await auditMetadata(log, files, root, feed, at);
  const policy = policyFor(question.policy, trusted);
  const newest = await auditManifest(log, files, trusted, feed, undefined, { root, at });
  const chain = [newest];
  await log.step("Every manifest back to the first", "SPEC §5.4, §5.6.10", async () => {
    const evidence: string[] = [];
    for await (const before of formerManifests(
      { files, trusted, feed, pinnedRoot: root, at },
      newest.proven,
    )) {
      evidence.push(describeLink(before, chain.at(-1)?.proven as ProvenFeed));
      chain.push(before);
    }
    return { value: undefined, evidence: [`${chain.length} releases`, ...evidence] };
  });
  const releases: PastRelease[] = [];
  for (const link of chain) {
    releases.push({ ...link, release: await judge(log, question, { files, policy }, link.proven) });
  }
  return { trusted, files, policy, releases };
}

/** The picture of the newest release's signatures; its target, as far as it was proven. */
export function drawNewest(
  log: AuditLog,
  { releases, trusted }: Pick<History, "releases" | "trusted">,
  root: Uint8Array,
): SignatureChain["target"] | undefined {
  const [newest] = releases;
  return newest && drawRelease(log, trusted, newest, root);
}

/** Who vouches for a release, as far as it was proven. */
export function drawRelease(
  log: AuditLog,
  trusted: TrustedMetadata,
  { proven, release }: Pick<PastRelease, "proven" | "release">,
  root: Uint8Array,
): SignatureChain["target"] | undefined {
  log.lanes.push(authorityLane(trusted, proven, root));
  if (release === undefined) return undefined;
  log.lanes.push(...certificateLanes(release.signature, proven));
  if (release.log !== undefined) log.lanes.push(logLane(release.log));
  return targetBox(release);
}

async function judge(
  log: AuditLog,
  { at, postQuantum }: TreeQuestion,
  { files, policy }: Pick<History, "files" | "policy">,
  proven: ProvenFeed,
): Promise<ProvenRelease | undefined> {
  try {
    const title = `Release ${proven.metadata.version}`;
    return await auditSignature(log, files, proven, policy, at, postQuantum, title);
  } catch (error) {
    if (error instanceof RulemintError) return undefined;
    throw error;
  }
}
