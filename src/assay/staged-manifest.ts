/**
 * The manifest that waits: well formed, signed by the publisher's key as the pinned root delegates it, for a time and in a chain that make
 * sense. What it says about content is the business of the rebuild.
 */
import type { FeedName, ReleaseNumber } from "../core/brands.js";
import { concatBytes, equalBytes, hexBytes, hexText } from "../core/encoding/bytes.js";
import { sha256 } from "../core/encoding/sha256.js";
import { PolicyError, RulemintError, VerificationError } from "../core/errors.js";
import { limits } from "../core/limits.js";
import { metadataPath, timestampPath } from "../core/release/tree-paths.js";
import { spkiFromTUFKey, verifyTUFSignature } from "../core/trust/keys.js";
import { parseManifest } from "../core/trust/manifest.js";
import { type Delegation, type Envelope, parseEnvelope } from "../core/trust/metadata.js";
import type { Manifest, SignaturePolicy } from "../core/trust/model.js";
import { policyOfRoot } from "../core/trust/policy.js";
import { requireAnnouncement } from "../core/trust/second-signature.js";
import { TrustedMetadata } from "../core/trust/trusted-metadata.js";
import type { AssayContext } from "./model.js";

export interface StagedManifest {
  readonly envelope: Envelope;
  readonly manifest: Manifest;
  /** The id under which the feed's delegation knows this overseer's key. */
  readonly ownKeyID: string;
}

const dayMs = 86_400_000;
/** Longer than this nobody should be able to freeze an endpoint on one manifest. */
const lifetimeDaysMax = 400;
const clockSlackMs = 300_000;

/** @throws VerificationError ASSAY_MISMATCH, METADATA_*, MANIFEST_*; PolicyError ROLE_REFUSED; OperationError of the network */
export async function openStagedManifest(
  context: AssayContext,
  feed: FeedName,
  release: ReleaseNumber,
): Promise<StagedManifest> {
  const { delegation, policy } = await pinnedTrust(context, feed);
  const envelope = parseEnvelope(await context.desk.manifest(feed, release), "targets");
  const manifest = parseManifest(envelope.signed);
  if (manifest.block.feed !== feed || manifest.version !== release) {
    throw mismatch(`release ${release} of ${feed}`, `release ${manifest.version} of ${manifest.block.feed}`);
  }
  requireSensibleTimes(manifest, context.clock.now());
  const ownKeyID = keyIDOf(delegation, context.signer.spki);
  // SPEC §2.5.6: what customers would refuse is not signed, however well it was built.
  await requireAnnouncement(manifest.block, policy ?? noDemand);
  await requirePublisher(envelope, delegation, ownKeyID);
  await requireChain(context, feed, manifest);
  return { envelope, manifest, ownKeyID };
}

/** A root without policy pins no post-quantum key and demands nothing. */
const noDemand = {};

/** TUF §5 from the overseer's own pinned root: who may sign for the feed, and what customers demand. */
async function pinnedTrust(
  context: AssayContext,
  feed: FeedName,
): Promise<{ delegation: Delegation; policy: SignaturePolicy | undefined }> {
  const read = (path: string, bytesMax: number) => readPublic(context, path, bytesMax);
  const { root, clock } = context;
  const trusted = await TrustedMetadata.start(root, clock.now());
  for (let rotations = 0; rotations < limits.rootRotationsMax; rotations++) {
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
  return { delegation: trusted.delegation(feed), policy: policyOfRoot(trusted.root) };
}

async function readPublic(
  { fetcher, url }: AssayContext,
  path: string,
  bytesMax: number,
): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const part of (await fetcher.get(`${url}/${path}`, { bytesMax })).body) parts.push(part);
  return concatBytes(...parts);
}

async function unlessMissing(file: Promise<Uint8Array>): Promise<Uint8Array | undefined> {
  try {
    return await file;
  } catch (error) {
    if (error instanceof RulemintError && error.code === "FETCH_NOT_FOUND") return undefined;
    throw error;
  }
}

function keyIDOf(delegation: Delegation, spki: Uint8Array): string {
  for (const [id, key] of delegation.keys) if (key && equalBytes(spkiFromTUFKey(key), spki)) return id;
  throw new PolicyError("ROLE_REFUSED", "expected this overseer's key in the feed's delegation, got none");
}

/** Somebody else than this overseer, whom the delegation names, has signed. */
async function requirePublisher(envelope: Envelope, delegation: Delegation, ownKeyID: string): Promise<void> {
  for (const { keyid, sig } of envelope.signatures) {
    const key = keyid === ownKeyID ? undefined : delegation.keys.get(keyid);
    if (key && (await verifyTUFSignature(key, envelope.message, hexBytes(sig)))) return;
  }
  throw new VerificationError(
    "METADATA_THRESHOLD",
    "expected the publisher's signature on the staged manifest, got none",
  );
}

function requireSensibleTimes({ expires, block }: Manifest, now: Date): void {
  const created = Date.parse(block.createdAt);
  const end = Date.parse(expires);
  if (created > now.getTime() + clockSlackMs) throw mismatch("a release made before now", block.createdAt);
  if (end <= now.getTime() || end > now.getTime() + lifetimeDaysMax * dayMs) {
    throw mismatch(`an expiry within ${lifetimeDaysMax} days`, expires);
  }
}

/**
 * The newest published manifest that this overseer signed is the one that the staged manifest continues. One that it signed and
 * that was never published is skipped: its number is lost.
 */
async function requireChain(
  context: AssayContext,
  feed: FeedName,
  { version, block }: Manifest,
): Promise<void> {
  const signed = await context.records.list<SignedManifest>("signed", { prefix: `${feed}/` });
  const earlier = signed.map(({ body }) => body).filter(({ release }) => release < version);
  for (const { release, messageSha256 } of earlier.reverse()) {
    const file = await unlessMissing(
      readPublic(context, metadataPath(feed, release), limits.targetsBytesMax),
    );
    if (file === undefined) continue;
    if ((await messageDigest(parseEnvelope(file, "targets"))) !== messageSha256) {
      throw mismatch(`the published manifest ${release} to be the one signed here`, "another one");
    }
    const digest = hexText(await sha256(file));
    if (digest === block.previousManifestSha256) return;
    throw mismatch(
      `a manifest that continues release ${release} (${digest})`,
      `${block.previousManifestSha256}`,
    );
  }
}

/** What the overseer remembers of a manifest that it signed. */
export interface SignedManifest {
  readonly release: ReleaseNumber;
  readonly messageSha256: string;
  readonly at: string;
}

export async function messageDigest(envelope: Envelope): Promise<string> {
  return hexText(await sha256(envelope.message));
}

export function mismatch(expected: string, got: string): VerificationError {
  return new VerificationError("ASSAY_MISMATCH", `expected ${expected}, got ${got}`);
}
