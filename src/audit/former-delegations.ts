/**
 * SPEC §5.6.10: who could speak for a feed in former times. A key that was taken away since then signed older manifests in its own right: they are
 * held against the `targets` files of their time, each signed as a root of the pinned chain asks.
 */
import type { FeedName } from "../core/brands.js";
import { VerificationError } from "../core/errors.js";
import { limits } from "../core/limits.js";
import {
  type Envelope,
  type RoleKeys,
  type Targets,
  parseEnvelope,
  parseTargets,
} from "../core/trust/metadata.js";
import { parseParties, requireParties } from "../core/trust/parties.js";
import { type ProvenSigner, requireThreshold } from "../core/trust/threshold.js";
import { TrustedMetadata } from "../core/trust/trusted-metadata.js";
import type { PublicFiles } from "./fetch-file.js";

/** Changes of `targets` are ceremonies: a few a year. */
const formerTargetsMax = 256;

export interface FormerTrust {
  readonly files: PublicFiles;
  readonly pinnedRoot: Uint8Array;
  readonly at: Date;
  readonly trusted: TrustedMetadata;
  readonly feed: FeedName;
}

/**
 * The signers of an older manifest, and the version of the `targets` under which they could sign it. The newest that fits.
 * @throws VerificationError METADATA_THRESHOLD when none ever allowed them
 */
export async function requireFormerSigners(
  former: FormerTrust,
  envelope: Envelope,
): Promise<{ readonly signers: readonly ProvenSigner[]; readonly targetsVersion: number }> {
  const { trusted, feed, files } = former;
  const current = trusted.targets as Targets;
  const now = await allowed(current, envelope, feed);
  if (!(now instanceof VerificationError)) return { signers: now, targetsVersion: current.version };
  const roots = await targetsKeysOfRoots(former);
  const last = Math.max(1, current.version - formerTargetsMax);
  for (let version = current.version - 1; version >= last; version--) {
    const bytes = await files.find(`metadata/${version}.targets.json`, limits.targetsBytesMax);
    if (bytes === undefined) continue;
    const file = parseEnvelope(bytes, "targets");
    const targets = parseTargets(file.signed);
    if (targets.version !== version || !(await signedByAny(file, roots))) continue;
    const signers = await allowed(targets, envelope, feed);
    if (!(signers instanceof VerificationError)) return { signers, targetsVersion: version };
  }
  throw now;
}

async function allowed(
  targets: Targets,
  envelope: Envelope,
  feed: FeedName,
): Promise<readonly ProvenSigner[] | VerificationError> {
  const delegation = targets.delegations.find(({ name }) => name === feed);
  if (delegation === undefined)
    return new VerificationError("METADATA_MISSING", `expected a delegation to ${feed}`);
  try {
    const signers = await requireThreshold(envelope, delegation, feed);
    requireParties(signers, parseParties(targets.signed, delegation), feed);
    return signers;
  } catch (error) {
    if (error instanceof VerificationError) return error;
    throw error;
  }
}

async function signedByAny(file: Envelope, roots: readonly RoleKeys[]): Promise<boolean> {
  for (const role of roots) {
    const signers = await requireThreshold(file, { ...role, threshold: 0 }, "targets");
    if (signers.length >= role.threshold) return true;
  }
  return false;
}

/** From the pinned root on; who pins a later root cannot be asked to trust what an earlier one allowed. */
async function targetsKeysOfRoots({ files, pinnedRoot, at, trusted }: FormerTrust): Promise<RoleKeys[]> {
  const walk = await TrustedMetadata.start(pinnedRoot, at);
  const keys = [walk.root.roles.targets];
  while (walk.root.version < trusted.root.version) {
    await walk.updateRoot(
      await files.read(`metadata/${walk.root.version + 1}.root.json`, limits.rootBytesMax),
    );
    keys.push(walk.root.roles.targets);
  }
  return keys;
}
