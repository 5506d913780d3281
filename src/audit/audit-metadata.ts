/**
 * From the pinned root to the manifest of one release: TUF 1.0.34 §5 at the auditor's own time, then back along the chain of
 * manifests when an older release is asked for.
 */
import type { FeedName, ReleaseNumber } from "../core/brands.js";
import { hexText } from "../core/encoding/bytes.js";
import { sha256 } from "../core/encoding/sha256.js";
import { VerificationError } from "../core/errors.js";
import { limits } from "../core/limits.js";
import { parseManifest } from "../core/trust/manifest.js";
import { type RoleKeys, parseEnvelope, parseTargets } from "../core/trust/metadata.js";
import { type ProvenFeed, TrustedMetadata } from "../core/trust/trusted-metadata.js";
import type { PublicFiles } from "./fetch-file.js";
import { type FormerTrust, requireFormerSigners } from "./former-delegations.js";
import type { AuditLog } from "./report.js";

const keyList = (role: RoleKeys) => `${role.threshold} of ${[...role.keys.keys()].join(", ")}`;
/** Releases in a row that may have failed between two published ones. */
const gapMax = 64;
const day = (date: Date) => date.toISOString().replace(".000", "");

/** Steps 1 to 5. The state machine holds everything that was proven. */
export async function auditMetadata(
  log: AuditLog,
  files: PublicFiles,
  rootBytes: Uint8Array,
  feed: FeedName,
  at: Date,
): Promise<TrustedMetadata> {
  const trusted = await log.step("The pinned root", "TUF §5.2", async () => {
    const value = await TrustedMetadata.start(rootBytes, at);
    const digest = hexText(await sha256(rootBytes));
    return { value, evidence: [`SHA-256 ${digest}`, ...rootEvidence(value)] };
  });
  await log.step("Every root since then", "TUF §5.3", async () => {
    const evidence: string[] = [];
    for (let rotations = 0; rotations < limits.rootRotationsMax; rotations++) {
      const next = await files.find(`metadata/${trusted.root.version + 1}.root.json`, limits.rootBytesMax);
      if (next === undefined) break;
      await trusted.updateRoot(next);
      evidence.push(
        `version ${trusted.root.version}: signed by the root before it and by itself`,
        ...rootEvidence(trusted),
      );
    }
    trusted.finishRoot();
    if (evidence.length === 0) evidence.push("none: the pinned root is the newest");
    return { value: undefined, evidence: [...evidence, `valid until ${day(trusted.root.expires)}`] };
  });
  await log.step("What is newest, and since when", "TUF §5.4, §5.5", async () => {
    await trusted.updateTimestamp(await files.read("metadata/timestamp.json", limits.timestampBytesMax));
    const { version } = trusted.timestamp?.snapshot ?? { version: 0 };
    await trusted.updateSnapshot(
      await files.read(`metadata/${version}.snapshot.json`, limits.snapshotBytesMax),
    );
    const evidence = [
      `timestamp ${trusted.timestamp?.version}, valid until ${day(trusted.timestamp?.expires ?? at)}`,
      `snapshot ${version}, valid until ${day(trusted.snapshot?.expires ?? at)}`,
    ];
    return { value: undefined, evidence };
  });
  await log.step("Who may sign for the feed", "TUF §5.6", async () => {
    const { version } = trusted.expected("targets");
    await trusted.updateTargets(await files.read(`metadata/${version}.targets.json`, limits.targetsBytesMax));
    const delegation = trusted.delegation(feed);
    return {
      value: undefined,
      evidence: [`${feed}: ${keyList(delegation)}`, `paths ${delegation.paths.join(", ")}`],
    };
  });
  return trusted;
}

/** Step 6, and step 7 when an older release is wanted. */
export async function auditManifest(
  log: AuditLog,
  files: PublicFiles,
  trusted: TrustedMetadata,
  feed: FeedName,
  wanted: ReleaseNumber | undefined,
  pinned: { readonly root: Uint8Array; readonly at: Date },
): Promise<ProvenFeed> {
  const newest = await log.step("The newest manifest", "TUF §5.6.7", async () => {
    const { version } = trusted.expected(feed);
    const bytes = await files.read(`metadata/${version}.${feed}.json`, limits.targetsBytesMax);
    const value = await trusted.updateFeed(bytes, feed);
    return { value, evidence: manifestEvidence(value, hexText(await sha256(bytes))) };
  });
  if (wanted === undefined || wanted === newest.metadata.version) return newest;
  return log.step(`Back to release ${wanted}, manifest by manifest`, "SPEC §5.4", async () => {
    const evidence: string[] = [];
    let current = newest;
    while (current.metadata.version > wanted) {
      const after = current.metadata.version;
      const former = { files, trusted, feed, pinnedRoot: pinned.root, at: pinned.at };
      const before = await previousManifest(former, current);
      current = before.proven;
      evidence.push(
        `release ${current.metadata.version} is the one that release ${after} names, ` +
          `by keys of targets ${before.targetsVersion}`,
      );
    }
    if (current.metadata.version !== wanted) {
      throw new VerificationError(
        "METADATA_MISSING",
        `expected release ${wanted}, newest is ${newest.metadata.version}`,
      );
    }
    return { value: current, evidence };
  });
}

/** SPEC §5.4: a manifest names the digest of the one before it; its own expiry no longer matters. */
async function previousManifest(
  former: FormerTrust,
  current: ProvenFeed,
): Promise<{ proven: ProvenFeed; targetsVersion: number }> {
  const { files, feed } = former;
  const { block, version } = parseManifest(current.envelope.signed);
  if (block.previousManifestSha256 === null) {
    throw new VerificationError(
      "METADATA_MISSING",
      `expected a release before ${version}, got the first one`,
    );
  }
  const bytes = await findManifest(files, feed, version, block.previousManifestSha256);
  const envelope = parseEnvelope(bytes, "targets");
  const { signers, targetsVersion } = await requireFormerSigners(former, envelope);
  return { proven: { feed, envelope, metadata: parseTargets(envelope.signed), signers }, targetsVersion };
}

/** Numbers of releases that failed are never published, so the one before may be more than one number away. */
async function findManifest(
  files: PublicFiles,
  feed: FeedName,
  version: number,
  expected: string,
): Promise<Uint8Array<ArrayBuffer>> {
  for (let number = version - 1; number >= Math.max(1, version - gapMax); number--) {
    const bytes = await files.find(`metadata/${number}.${feed}.json`, limits.targetsBytesMax);
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

function rootEvidence(trusted: TrustedMetadata): string[] {
  const { root } = trusted;
  return [
    `version ${root.version}: root keys ${keyList(root.roles.root)}`,
    `targets keys ${keyList(root.roles.targets)}`,
  ];
}

function manifestEvidence(feed: ProvenFeed, digest: string): string[] {
  return [
    `release ${feed.metadata.version}, SHA-256 ${digest}`,
    `valid until ${day(feed.metadata.expires)}`,
    ...feed.signers.map(({ keyid, key }) => `signed by ${keyid} (${key.scheme})`),
  ];
}
