/**
 * A release as it was published: the first snapshot that lists it, the `targets` of that snapshot, and the roots up to the first under
 * which all of that holds at the time of the stamp. Whoever looks for them, and whenever, finds the same files (SPEC §14.3.2).
 */
import type { FeedName, ReleaseNumber } from "../../core/brands.js";
import { sha256 } from "../../core/encoding/sha256.js";
import { RulemintError, VerificationError } from "../../core/errors.js";
import { limits } from "../../core/limits.js";
import { verifySignature } from "../../core/pki/verify-signature.js";
import { manifestSignaturePath, metadataPath, timestampPath } from "../../core/release/tree-paths.js";
import { parseEnvelope, parseSnapshot, parseTimestamp, type Snapshot } from "../../core/trust/metadata.js";
import type { ProvenSignature, SignaturePolicy } from "../../core/trust/model.js";
import { policyOfRoot } from "../../core/trust/policy.js";
import { type ProvenFeed, TrustedMetadata } from "../../core/trust/trusted-metadata.js";
import type { PublicFiles } from "../fetch-file.js";

export interface Publication {
  /** From version 1 on. */
  readonly roots: readonly Uint8Array[];
  readonly snapshot: MetadataFile;
  readonly targets: MetadataFile;
  readonly manifest: Uint8Array;
  readonly cms: Uint8Array;
  readonly proven: ProvenFeed;
  /** The one that the last root carries. */
  readonly policy: SignaturePolicy;
  readonly signature: ProvenSignature;
}

interface MetadataFile {
  readonly version: number;
  readonly bytes: Uint8Array;
}

/**
 * @throws VerificationError METADATA_MISSING when the release is not in the tree, and the codes of what does not hold
 * @throws OperationError FETCH_NOT_FOUND, FETCH_FAILED
 */
export async function findPublication(
  files: PublicFiles,
  feed: FeedName,
  release: ReleaseNumber,
  now: Date,
): Promise<Publication> {
  const manifest = await files.read(metadataPath(feed, release), limits.targetsBytesMax);
  const cms = await files.read(manifestSignaturePath(feed, release), limits.cmsBytesMax);
  const snapshot = await firstSnapshotWith(files, feed, release);
  const version = targetsVersion(parseSnapshot(parseEnvelope(snapshot.bytes, "snapshot").signed));
  const targets = {
    version,
    bytes: await files.read(metadataPath("targets", version), limits.targetsBytesMax),
  };
  const found = { snapshot, targets, manifest, cms };
  const roots: Uint8Array[] = [];
  let refusal: unknown = new VerificationError("METADATA_MISSING", "expected a root in the tree, got none");
  for (let next = 1; next <= limits.rootRotationsMax; next++) {
    const root = await files.find(metadataPath("root", next), limits.rootBytesMax);
    if (root === undefined) break;
    roots.push(root);
    try {
      return { roots, ...found, ...(await holdsUnder(root, feed, found, now)) };
    } catch (error) {
      if (!(error instanceof RulemintError)) throw error;
      refusal = error;
    }
  }
  throw refusal;
}

/** Whether one root vouches for all of it. The chain that leads to the root is the verifier's to prove. */
async function holdsUnder(
  root: Uint8Array,
  feed: FeedName,
  { snapshot, targets, manifest, cms }: Pick<Publication, "snapshot" | "targets" | "manifest" | "cms">,
  now: Date,
): Promise<Pick<Publication, "proven" | "policy" | "signature">> {
  const policy = policyOfRoot((await TrustedMetadata.start(root, now)).root);
  if (policy === undefined) throw new VerificationError("METADATA_MISSING", "expected a policy in the root");
  const contentSha256 = await sha256(manifest);
  const signature = await verifySignature({ contentSha256, cms, policy, now });
  const trusted = await TrustedMetadata.start(root, signature.timestamp.time);
  trusted.finishRoot();
  await trusted.restoreSnapshot(snapshot.bytes);
  await trusted.updateTargets(targets.bytes);
  return { proven: await trusted.updateFeed(manifest, feed), policy, signature };
}

/** Versions of snapshots rise, and so do the releases that they list. */
async function firstSnapshotWith(
  files: PublicFiles,
  feed: FeedName,
  release: ReleaseNumber,
): Promise<MetadataFile> {
  const head = parseTimestamp(
    parseEnvelope(await files.read(timestampPath, limits.timestampBytesMax), "timestamp").signed,
  );
  let found: MetadataFile | undefined;
  let low = 1;
  let high = head.snapshot.version;
  while (low <= high) {
    const middle = (low + high) >>> 1;
    const snapshot = await nearestSnapshot(files, middle, low);
    if (snapshot === undefined) low = middle + 1;
    else if (releaseIn(snapshot, feed) < release) low = middle + 1;
    else {
      found = snapshot;
      high = snapshot.version - 1;
    }
  }
  if (found !== undefined && releaseIn(found, feed) === release) return found;
  throw new VerificationError(
    "METADATA_MISSING",
    `expected a snapshot that lists release ${release}, got none`,
  );
}

/** That version or the next lower one that was published, down to `lowest`: a head that expired unseen has left its numbers unused. */
async function nearestSnapshot(
  files: PublicFiles,
  version: number,
  lowest: number,
): Promise<MetadataFile | undefined> {
  for (let number = version; number >= lowest; number--) {
    const bytes = await files.find(metadataPath("snapshot", number), limits.snapshotBytesMax);
    if (bytes !== undefined) return { version: number, bytes };
  }
  return undefined;
}

function releaseIn({ bytes }: MetadataFile, feed: FeedName): number {
  return parseSnapshot(parseEnvelope(bytes, "snapshot").signed).files.get(`${feed}.json`)?.version ?? 0;
}

function targetsVersion({ files }: Snapshot): number {
  const entry = files.get("targets.json");
  if (entry !== undefined) return entry.version;
  throw new VerificationError("METADATA_MISSING", "expected targets in the snapshot, got none");
}
