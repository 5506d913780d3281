/** From the pinned root to the manifest that the newest snapshot names: TUF 1.0.34 §5 at the auditor's own time. */
import type { FeedName } from "../core/brands.js";
import { hexText } from "../core/encoding/bytes.js";
import { sha256 } from "../core/encoding/sha256.js";
import { limits } from "../core/limits.js";
import { metadataPath, timestampPath } from "../core/release/tree-paths.js";
import type { RoleKeys, Targets } from "../core/trust/metadata.js";
import { type ProvenFeed, TrustedMetadata } from "../core/trust/trusted-metadata.js";
import { partyOf } from "./chain.js";
import type { PublicFiles } from "./fetch-file.js";
import type { AuditLog } from "./report.js";

const keyList = (role: RoleKeys) => `${role.threshold} of ${[...role.keys.keys()].join(", ")}`;
const day = (date: Date) => date.toISOString().replace(".000", "");

/** From the pinned root to the delegation. The state machine holds everything that was proven. */
export async function auditMetadata(
  log: AuditLog,
  files: PublicFiles,
  rootBytes: Uint8Array,
  feed: FeedName,
  at: Date,
): Promise<TrustedMetadata> {
  const trusted = await auditRoots(log, files, rootBytes, at);
  await auditNewest(log, files, trusted, at);
  await auditTargets(log, files, trusted, feed);
  return trusted;
}

/** The chain of roots, from the one that was pinned to the last that there is. */
export async function auditRoots(
  log: AuditLog,
  files: PublicFiles,
  rootBytes: Uint8Array,
  at: Date,
): Promise<TrustedMetadata> {
  const trusted = await log.step("The pinned root", "TUF §5.2", async () => {
    const value = await TrustedMetadata.start(rootBytes, at);
    const digest = hexText(await sha256(rootBytes));
    return { value, evidence: [`SHA-256 ${digest}`, ...rootEvidence(value)] };
  });
  await log.step("Every root since then", "TUF §5.3", async () => {
    const evidence: string[] = [];
    for (;;) {
      const path = metadataPath("root", trusted.root.version + 1);
      const next = await files.find(path, limits.rootBytesMax);
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
  return trusted;
}

/** Timestamp and snapshot. */
export async function auditNewest(
  log: AuditLog,
  files: PublicFiles,
  trusted: TrustedMetadata,
  at: Date,
): Promise<void> {
  await log.step("What is newest, and since when", "TUF §5.4, §5.5", async () => {
    await trusted.updateTimestamp(await files.read(timestampPath, limits.timestampBytesMax));
    const { version } = trusted.timestamp?.snapshot ?? { version: 0 };
    await trusted.updateSnapshot(
      await files.read(metadataPath("snapshot", version), limits.snapshotBytesMax),
    );
    const evidence = [
      `timestamp ${trusted.timestamp?.version}, valid until ${day(trusted.timestamp?.expires ?? at)}`,
      `snapshot ${version}, valid until ${day(trusted.snapshot?.expires ?? at)}`,
    ];
    return { value: undefined, evidence };
  });
}

/** Who may speak for the feed, as the snapshot that is trusted says. */
export async function auditTargets(
  log: AuditLog,
  files: PublicFiles,
  trusted: TrustedMetadata,
  feed: FeedName,
): Promise<void> {
  await log.step("Who may sign for the feed", "TUF §5.6", async () => {
    const { version } = trusted.expected("targets");
    await trusted.updateTargets(await files.read(metadataPath("targets", version), limits.targetsBytesMax));
    const delegation = trusted.delegation(feed);
    return {
      value: undefined,
      evidence: [
        `targets ${version}, valid until ${day((trusted.targets as Targets).expires)}`,
        `${feed}: ${keyList(delegation)}`,
        `paths ${delegation.paths.join(", ")}`,
      ],
    };
  });
}

/** The manifest that the trusted snapshot names. */
export function auditExpectedManifest(
  log: AuditLog,
  files: PublicFiles,
  trusted: TrustedMetadata,
  feed: FeedName,
  title: string,
): Promise<ProvenFeed> {
  return log.step(title, "TUF §5.6.7", async () => {
    const { version } = trusted.expected(feed);
    const bytes = await files.read(metadataPath(feed, version), limits.targetsBytesMax);
    const value = await trusted.updateFeed(bytes, feed);
    return {
      value,
      evidence: manifestEvidence(value, trusted.targets as Targets, hexText(await sha256(bytes))),
    };
  });
}

function rootEvidence(trusted: TrustedMetadata): string[] {
  const { root } = trusted;
  return [
    `version ${root.version}: root keys ${keyList(root.roles.root)}`,
    `targets keys ${keyList(root.roles.targets)}`,
  ];
}

function manifestEvidence(proven: ProvenFeed, targets: Targets, digest: string): string[] {
  const party = partyOf(targets, proven.feed);
  return [
    `release ${proven.metadata.version}, SHA-256 ${digest}`,
    `valid until ${day(proven.metadata.expires)}`,
    ...proven.signers.map(({ keyid, key }) => `${party(keyid)}: signed by ${keyid} (${key.scheme})`),
  ];
}
