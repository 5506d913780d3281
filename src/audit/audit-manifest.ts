/** Which release is meant: the one that was asked for, or the newest that was public at the time that is asked about. */
import type { FeedName, ReleaseNumber } from "../core/brands.js";
import { RulemintError, VerificationError } from "../core/errors.js";
import { limits } from "../core/limits.js";
import { isReached } from "../core/pki/certificate.js";
import { parseToken } from "../core/pki/timestamp.js";
import { manifestSignaturePath } from "../core/release/tree-paths.js";
import { parseManifest } from "../core/trust/manifest.js";
import { formatTime } from "../core/trust/metadata.js";
import type { ProvenFeed, TrustedMetadata } from "../core/trust/trusted-metadata.js";
import { auditExpectedManifest } from "./audit-metadata.js";
import { timestampTokenOf } from "./bundle/derived.js";
import type { PublicFiles } from "./fetch-file.js";
import { type FormerManifest, describeLink, formerManifests } from "./former-manifests.js";
import type { AuditLog } from "./report.js";

/** The newest manifest, and the way back from it when an older release is wanted, or the newest came after `at`. */
export async function auditManifest(
  log: AuditLog,
  files: PublicFiles,
  trusted: TrustedMetadata,
  feed: FeedName,
  wanted: ReleaseNumber | undefined,
  pinned: { readonly root: Uint8Array; readonly at: Date },
): Promise<FormerManifest> {
  const proven = await auditExpectedManifest(log, files, trusted, feed, "The newest manifest");
  const newest = { proven, targetsVersion: trusted.targets?.version ?? 0 };
  const { at } = pinned;
  const isFound = async (one: FormerManifest) =>
    wanted === undefined
      ? !isLater(await publicSince(files, one.proven), at)
      : one.proven.metadata.version <= wanted;
  if (await isFound(newest)) return requireWanted(newest, wanted);
  const title =
    wanted === undefined
      ? `Back to the newest release at ${formatTime(at)}`
      : `Back to release ${wanted}, manifest by manifest`;
  return log.step(title, "SPEC §5.4", async () => {
    const evidence: string[] = [];
    const former = { files, trusted, feed, pinnedRoot: pinned.root, at };
    let current: FormerManifest = newest;
    for await (const before of formerManifests(former, proven)) {
      evidence.push(describeLink(before, current.proven));
      current = before;
      if (await isFound(current)) return { value: requireWanted(current, wanted), evidence };
    }
    const { version } = current.proven.metadata;
    if (wanted !== undefined) return { value: requireWanted(current, wanted), evidence };
    const since = formatTime(await publicSince(files, current.proven));
    throw new VerificationError(
      "METADATA_MISSING",
      `expected a release that was there at ${formatTime(at)}, got release ${version} of ${since} as the first`,
    );
  });
}

function requireWanted(found: FormerManifest, wanted: ReleaseNumber | undefined): FormerManifest {
  const { version } = found.proven.metadata;
  if (wanted === undefined || version === wanted) return found;
  throw new VerificationError(
    "METADATA_MISSING",
    `expected release ${wanted}, got ${version} as the nearest of the chain`,
  );
}

/**
 * When it was stamped, or made where there is no stamp that can be read. Here the stamp only says which release is meant; the step
 * that judges the signature proves it, or ends the audit.
 */
async function publicSince(files: PublicFiles, { feed, metadata, envelope }: ProvenFeed): Promise<Date> {
  const made = new Date(parseManifest(envelope.signed).block.createdAt);
  try {
    const path = manifestSignaturePath(feed, metadata.version as ReleaseNumber);
    const cms = await files.find(path, limits.cmsBytesMax);
    return cms === undefined ? made : (await parseToken(timestampTokenOf(cms))).info.time;
  } catch (error) {
    if (error instanceof RulemintError) return made;
    throw error;
  }
}

/** With the tolerance that stamps have. */
const isLater = (time: Date, at: Date): boolean => !isReached(time, at);
