/**
 * Back along the chain of manifests (SPEC §5.4): each names the digest of the one before it. That an old one has expired no longer matters;
 * its signers must have been allowed to speak in their time (SPEC §5.6.10).
 */
import type { FeedName } from "../core/brands.js";
import { hexText } from "../core/encoding/bytes.js";
import { sha256 } from "../core/encoding/sha256.js";
import { VerificationError } from "../core/errors.js";
import { limits } from "../core/limits.js";
import { metadataPath } from "../core/release/tree-paths.js";
import { parseManifest } from "../core/trust/manifest.js";
import { parseEnvelope, parseTargets } from "../core/trust/metadata.js";
import type { ProvenFeed } from "../core/trust/trusted-metadata.js";
import type { PublicFiles } from "./fetch-file.js";
import { type FormerTrust, requireFormerSigners } from "./former-delegations.js";

/** Releases in a row that may have failed between two published ones. */
const gapMax = 64;

export interface FormerManifest {
  readonly proven: ProvenFeed;
  /** Of the `targets` that allowed its signers. */
  readonly targetsVersion: number;
}

/**
 * Those before `newest`, newest first, down to the first that was published.
 * @throws VerificationError MANIFEST_CHAIN_BROKEN, METADATA_MISSING, METADATA_THRESHOLD and what reading it throws
 */
export async function* formerManifests(
  former: FormerTrust,
  newest: ProvenFeed,
): AsyncGenerator<FormerManifest> {
  for (let current = newest; ; ) {
    const before = await previousManifest(former, current);
    if (before === undefined) return;
    yield before;
    current = before.proven;
  }
}

export const describeLink = (before: FormerManifest, after: ProvenFeed): string =>
  `release ${before.proven.metadata.version} is the one that release ${after.metadata.version} names, ` +
  `by keys of targets ${before.targetsVersion}`;

async function previousManifest(
  former: FormerTrust,
  current: ProvenFeed,
): Promise<FormerManifest | undefined> {
  const { files, feed } = former;
  const { block, version } = parseManifest(current.envelope.signed);
  if (block.previousManifestSha256 === null) return undefined;
  const bytes = await findManifest(files, feed, version, block.previousManifestSha256);
  const envelope = parseEnvelope(bytes, "targets");
  const { signers, targetsVersion } = await requireFormerSigners(former, envelope);
  return { proven: { feed, envelope, metadata: parseTargets(envelope.signed), signers }, targetsVersion };
}

/** Numbers of releases that failed are never published, so the one before may be more than one number away. */
export async function findManifest(
  files: PublicFiles,
  feed: FeedName,
  version: number,
  expected: string,
): Promise<Uint8Array<ArrayBuffer>> {
  for (let number = version - 1; number >= Math.max(1, version - gapMax); number--) {
    const bytes = await files.find(metadataPath(feed, number), limits.targetsBytesMax);
    if (bytes === undefined) continue;
    const digest = hexText(await sha256(bytes));
    if (digest === expected) return bytes;
    throw new VerificationError(
      "MANIFEST_CHAIN_BROKEN",
      `expected manifest ${number} to be ${expected}, got ${digest}`,
    );
  }
  throw new VerificationError("METADATA_MISSING", `expected the manifest before ${version}, got none`);
}
