/**
 * Whom this overseer listens to: the delegation of the feed, proven by TUF from the root that it pinned. Without that it has nothing to
 * say about a release, neither yes nor no.
 */
import type { FeedName } from "../core/brands.js";
import { concatBytes, equalBytes } from "../core/encoding/bytes.js";
import { PolicyError, RulemintError } from "../core/errors.js";
import { limits } from "../core/limits.js";
import { metadataPath, timestampPath } from "../core/release/tree-paths.js";
import { spkiFromTUFKey } from "../core/trust/keys.js";
import type { Delegation } from "../core/trust/metadata.js";
import type { SignaturePolicy } from "../core/trust/model.js";
import { type Parties, parseParties } from "../core/trust/parties.js";
import { policyOfRoot } from "../core/trust/policy.js";
import { TrustedMetadata } from "../core/trust/trusted-metadata.js";
import type { AssayContext } from "./model.js";

export interface PinnedTrust {
  readonly delegation: Delegation;
  /** Undefined where `targets` do not tell publisher and overseer apart. */
  readonly parties: Parties | undefined;
  /** What customers demand, as the root says; undefined when it says nothing. */
  readonly policy: SignaturePolicy | undefined;
  /** The id under which the delegation knows this overseer's key; undefined for a rebuilder that is none. */
  readonly ownKeyID: string | undefined;
}

/**
 * SPEC §10.1.1: TUF §5 at this overseer's time.
 *
 * @throws VerificationError METADATA_*, ROOT_CHAIN_BROKEN; PolicyError ROLE_REFUSED; OperationError of the network
 */
export async function pinnedTrust(context: AssayContext, feed: FeedName): Promise<PinnedTrust> {
  const read = (path: string, bytesMax: number) => readPublic(context, path, bytesMax);
  const { root, clock, signer, party } = context;
  const trusted = await TrustedMetadata.start(root, clock.now());
  for (;;) {
    const next = await unlessMissing(
      read(metadataPath("root", trusted.root.version + 1), limits.rootBytesMax),
    );
    if (next === undefined) break;
    await trusted.updateRoot(next);
  }
  trusted.finishRoot();
  await trusted.updateTimestamp(await read(timestampPath, limits.timestampBytesMax));
  const snapshot = trusted.timestamp?.snapshot.version ?? 0;
  await trusted.updateSnapshot(await read(metadataPath("snapshot", snapshot), limits.snapshotBytesMax));
  const { version } = trusted.expected("targets");
  await trusted.updateTargets(await read(metadataPath("targets", version), limits.targetsBytesMax));
  const delegation = trusted.delegation(feed);
  return {
    delegation,
    parties: trusted.targets && parseParties(trusted.targets.signed, delegation),
    policy: policyOfRoot(trusted.root),
    ownKeyID: party === "overseer" ? keyIDOf(delegation, signer.spki) : undefined,
  };
}

function keyIDOf(delegation: Delegation, spki: Uint8Array): string {
  for (const [id, key] of delegation.keys) if (key && equalBytes(spkiFromTUFKey(key), spki)) return id;
  throw new PolicyError("ROLE_REFUSED", "expected this overseer's key in the feed's delegation, got none");
}

/** A whole file of the public tree. @throws OperationError FETCH_*; VerificationError FETCH_TOO_LARGE */
export async function readPublic(
  { fetcher, url }: AssayContext,
  path: string,
  bytesMax: number,
): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const part of (await fetcher.get(`${url}/${path}`, { bytesMax })).body) parts.push(part);
  return concatBytes(...parts);
}

export async function unlessMissing(file: Promise<Uint8Array>): Promise<Uint8Array | undefined> {
  try {
    return await file;
  } catch (error) {
    if (error instanceof RulemintError && error.code === "FETCH_NOT_FOUND") return undefined;
    throw error;
  }
}
