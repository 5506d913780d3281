/**
 * Our own publication through a customer's eyes: from root 1 along TUF to the manifest and its evidence, with
 * the verifier that endpoints run. Asked of staged files before anything is written, and of the tree
 * afterwards.
 */
import type { FeedName, ReleaseNumber, Sha256Hex } from "../core/brands.js";
import { OperationError } from "../core/errors.js";
import {
  evidencePath,
  manifestSecondSignaturePath,
  manifestSignaturePath,
  metadataPath,
  timestampPath,
} from "../core/release/tree-paths.js";
import type { MLDSAVerify } from "../core/trust/mldsa.js";
import { parseEvidence } from "../core/trust/evidence.js";
import { policyOfRoot } from "../core/trust/policy.js";
import { TrustedMetadata } from "../core/trust/trusted-metadata.js";
import { verifyRelease } from "../core/trust/verify-release.js";

export interface CheckedRelease {
  readonly feed: FeedName;
  readonly client: string;
  /** What verifies second signatures; a release that needs one is refused without. */
  readonly verifyMLDSA?: MLDSAVerify;
  /** The newest published release before this one. */
  readonly trusted: { readonly release: ReleaseNumber; readonly manifestSha256: Sha256Hex } | undefined;
}

/** Gives a file of the tree as it is, or as it would be. */
export type ReadTree = (path: string) => Promise<Uint8Array | undefined>;

/**
 * @throws VerificationError, PolicyError: what a customer would say; OperationError STORE_FAILED for a
 * missing file
 */
export async function checkPublication(
  readTree: ReadTree,
  now: Date,
  rootVersion: number,
  release: CheckedRelease | null,
): Promise<void> {
  const read = async (path: string): Promise<Uint8Array> => {
    const bytes = await readTree(path);
    if (bytes === undefined)
      throw new OperationError("STORE_FAILED", `expected ${path} in the public tree, got none`);
    return bytes;
  };
  const trusted = await TrustedMetadata.start(await read(metadataPath("root", 1)), now);
  for (let version = 2; version <= rootVersion; version++) {
    await trusted.updateRoot(await read(metadataPath("root", version)));
  }
  trusted.finishRoot();
  await trusted.updateTimestamp(await read(timestampPath));
  const snapshot = trusted.timestamp?.snapshot.version ?? 0;
  await trusted.updateSnapshot(await read(metadataPath("snapshot", snapshot)));
  await trusted.updateTargets(await read(metadataPath("targets", trusted.expected("targets").version)));
  if (release === null) return;
  const { feed, client } = release;
  const number = trusted.expected(feed).version as ReleaseNumber;
  const proven = await trusted.updateFeed(await read(metadataPath(feed, number)), feed);
  const policy = policyOfRoot(trusted.root);
  if (policy === undefined) {
    throw new OperationError("STATE_CORRUPT", "expected a signature policy in the root, got none");
  }
  const cms = await readTree(manifestSignaturePath(feed, number));
  const postQuantum = {
    cms: await readTree(manifestSecondSignaturePath(feed, number)),
    verify: release.verifyMLDSA,
  };
  const evidence = await readTree(evidencePath(feed, number));
  const log = { evidence: evidence && parseEvidence(evidence).log };
  await verifyRelease({ proven, cms, policy, now, client, trusted: release.trusted, postQuantum, log });
}
