/**
 * The manifest that waits: well formed, signed by the publisher's key as the pinned root delegates it, for a time and in a chain that make
 * sense. What it says about content is the business of the rebuild.
 */
import type { FeedName, ReleaseNumber } from "../core/brands.js";
import { hexBytes, hexText } from "../core/encoding/bytes.js";
import { sha256 } from "../core/encoding/sha256.js";
import { VerificationError } from "../core/errors.js";
import { limits } from "../core/limits.js";
import { metadataPath } from "../core/release/tree-paths.js";
import { verifyTUFSignature } from "../core/trust/keys.js";
import { parseManifest } from "../core/trust/manifest.js";
import { type Envelope, parseEnvelope } from "../core/trust/metadata.js";
import type { Manifest, TUFKey } from "../core/trust/model.js";
import { requireAnnouncement } from "../core/trust/second-signature.js";
import type { AssayContext } from "./model.js";
import { type PinnedTrust, readPublic, unlessMissing } from "./pinned-trust.js";
import { messageDigest, requireOnlyManifest, signedBefore } from "./verdicts.js";

export interface StagedManifest {
  readonly envelope: Envelope;
  readonly manifest: Manifest;
  readonly messageSha256: string;
}

const dayMs = 86_400_000;
/** Longer than this nobody should be able to freeze an endpoint on one manifest. */
const lifetimeDaysMax = 400;

/** SPEC §10.2.1: what a verdict can be about. @throws VerificationError ASSAY_MISMATCH, MANIFEST_* */
export async function readStagedManifest(
  feed: FeedName,
  release: ReleaseNumber,
  envelope: Envelope,
): Promise<StagedManifest> {
  const manifest = parseManifest(envelope.signed);
  if (manifest.block.feed !== feed || manifest.version !== release) {
    throw mismatch(`release ${release} of ${feed}`, `release ${manifest.version} of ${manifest.block.feed}`);
  }
  return { envelope, manifest, messageSha256: await messageDigest(envelope) };
}

/** @throws VerificationError ASSAY_MISMATCH, METADATA_*, PQ_*; PolicyError RELEASE_STATE; OperationError of the network */
export async function judgeStagedManifest(
  context: AssayContext,
  trust: PinnedTrust,
  { envelope, manifest, messageSha256 }: StagedManifest,
): Promise<void> {
  const { feed } = manifest.block;
  await requireOnlyManifest(context, feed, manifest.version, messageSha256);
  requireSensibleTimes(manifest, context.clock.now());
  await requirePublisher(envelope, trust);
  await requireChain(context, feed, manifest);
  requireNoBlockedPacks(manifest);
  // SPEC §10.2.11: what customers would refuse is not signed, however well it was built.
  await requireAnnouncement(manifest.block, trust.policy ?? noDemand);
}

/** A root without policy pins no post-quantum key and demands nothing. */
const noDemand = {};

/** SPEC §10.2.3: a key of the publisher has signed; where nobody says whose keys are whose, any but this overseer's own. */
async function requirePublisher(envelope: Envelope, trust: PinnedTrust): Promise<void> {
  for (const { keyid, sig } of envelope.signatures) {
    const key = publisherKeys(trust).get(keyid);
    if (key && (await verifyTUFSignature(key, envelope.message, hexBytes(sig)))) return;
  }
  throw new VerificationError(
    "METADATA_THRESHOLD",
    "expected the publisher's signature on the staged manifest, got none",
  );
}

export function publisherKeys({
  delegation,
  parties,
  ownKeyID,
}: PinnedTrust): Map<string, TUFKey | undefined> {
  const isPublishers = (keyid: string) =>
    parties === undefined ? keyid !== ownKeyID : parties.publisher.includes(keyid);
  return new Map([...delegation.keys].filter(([keyid]) => isPublishers(keyid)));
}

/** SPEC §10.2.2 */
function requireSensibleTimes({ expires, block }: Manifest, now: Date): void {
  const created = Date.parse(block.createdAt);
  const end = Date.parse(expires);
  if (created > now.getTime() + limits.timestampFutureSecondsMax * 1000) {
    throw mismatch("a release made before now", block.createdAt);
  }
  if (end <= now.getTime() || end > now.getTime() + lifetimeDaysMax * dayMs) {
    throw mismatch(`an expiry within ${lifetimeDaysMax} days`, expires);
  }
}

/**
 * SPEC §10.2.4: the newest published manifest that this overseer signed is the one that the staged manifest continues. One that it
 * signed and that was never published is skipped: its number is lost.
 */
async function requireChain(
  context: AssayContext,
  feed: FeedName,
  { version, block }: Manifest,
): Promise<void> {
  for (const { release, messageSha256 } of await signedBefore(context, feed, version)) {
    const file = await unlessMissing(
      readPublic(context, metadataPath(feed, release), limits.targetsBytesMax),
    );
    if (file === undefined) continue;
    if ((await messageDigest(parseEnvelope(file, "targets"))) !== messageSha256) {
      throw mismatch(`the published manifest ${release} to be the one signed here`, "another one");
    }
    const digest = hexText(await sha256(file));
    if (digest === block.previousManifestSha256) {
      requireStillBlocked(parseManifest(parseEnvelope(file, "targets").signed), { version, block });
      return;
    }
    throw mismatch(
      `a manifest that continues release ${release} (${digest})`,
      `${block.previousManifestSha256}`,
    );
  }
}

/**
 * SPEC §16.2.2: the list is the one before it and what this release recalls, at most one database a number that it goes back over; the
 * oldest give way. A publisher so cannot fill it to push others out, nor block what it does not replace.
 */
export function requireStillBlocked(
  before: Manifest,
  { version, block }: Pick<Manifest, "version" | "block">,
): void {
  const { blocked = [], database, restores } = block;
  const known = before.block.blocked ?? [];
  const added = blocked.filter((digest) => !known.includes(digest));
  const addedMax = restores === undefined ? 0 : version - restores - 1;
  if (added.length > addedMax)
    throw mismatch(`at most ${addedMax} databases that are newly blocked`, `${added.length}`);
  const kept = known.filter((digest) => digest !== database.sha256);
  const expected = [...kept, ...added].slice(-limits.blockedDatabasesMax);
  if (expected.join() !== blocked.join())
    throw mismatch(`${expected.length} databases to stay blocked, in their order`, "another list");
}

/** SPEC §2.5.8: what was recalled is no content for an endpoint to begin with. A delta that leads away from it is another matter. */
export function requireNoBlockedPacks({ packs, block }: Pick<Manifest, "packs" | "block">): void {
  const { blocked = [] } = block;
  const found = packs.find(({ kind, databaseSha256 }) => kind === "full" && blocked.includes(databaseSha256));
  if (found !== undefined) throw mismatch("no full pack of a database that is blocked", found.path);
}

export function mismatch(expected: string, got: string): VerificationError {
  return new VerificationError("ASSAY_MISMATCH", `expected ${expected}, got ${got}`);
}
