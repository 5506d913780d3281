/** A release in a bundle was published in the past: at which time it is judged, and by which snapshot it became public. */
import { VerificationError } from "../../core/errors.js";
import { limits } from "../../core/limits.js";
import { parseToken } from "../../core/pki/timestamp.js";
import { manifestSignaturePath, metadataPath } from "../../core/release/tree-paths.js";
import { formatTime } from "../../core/trust/metadata.js";
import type { TrustedMetadata } from "../../core/trust/trusted-metadata.js";
import type { PublicFiles } from "../fetch-file.js";
import type { AuditLog } from "../report.js";
import { timestampTokenOf } from "./derived.js";
import { publicMember } from "./layout.js";
import { type Bundle, malformed } from "./open.js";

export interface Bundled {
  readonly bundle: Bundle;
  readonly files: PublicFiles;
  readonly at: Date;
}

/** The versions of a role's files in the bundle, rising. */
export function versionsIn({ paths }: Bundle, role: "root" | "snapshot"): number[] {
  const pattern = new RegExp(`^public/metadata/([1-9][0-9]{0,14})\\.${role}\\.json$`);
  return paths
    .flatMap((path) => pattern.exec(path)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => a - b);
}

/**
 * SPEC §14.5.2: the time that is given, or that of the stamp on the manifest. Here the stamp is only read; the step that judges the signature
 * proves it, or ends the audit.
 */
export async function auditTime(
  log: AuditLog,
  bundle: Bundle,
  { at, now }: { readonly at?: Date; readonly now: Date },
): Promise<Date> {
  if (at !== undefined) return at;
  return log.step("The time at which it is judged", "SPEC §14.5", async () => {
    const { feed, release } = bundle;
    const cms = await bundle.read(publicMember(manifestSignaturePath(feed, release)), limits.cmsBytesMax);
    const value = (await parseToken(timestampTokenOf(cms))).info.time;
    // SPEC §6.6.3: the clock of whoever verifies is asked here, because everything below is judged by the stamp's.
    if (value.getTime() > now.getTime() + limits.timestampFutureSecondsMax * 1000) {
      const message = `expected a stamp from before ${formatTime(now)}, got ${formatTime(value)}`;
      throw new VerificationError("TIMESTAMP_INVALID", message);
    }
    return { value, evidence: [`${formatTime(value)}, as the stamp on the manifest says; proven below`] };
  });
}

/** SPEC §14.5.3: no timestamp is asked for, because what was newest then is no question now. Returns the snapshot's version. */
export function auditSnapshot(
  log: AuditLog,
  { bundle, files, at }: Bundled,
  trusted: TrustedMetadata,
): Promise<number> {
  return log.step("The snapshot that made it public", "TUF §5.5, SPEC §14.5", async () => {
    const [value, ...more] = versionsIn(bundle, "snapshot");
    if (value === undefined || more.length > 0) throw malformed("one snapshot", `${more.length + 1}`);
    await trusted.restoreSnapshot(await files.read(metadataPath("snapshot", value), limits.snapshotBytesMax));
    const expires = trusted.snapshot?.expires as Date;
    if (trusted.snapshot?.version !== value)
      throw malformed(`snapshot ${value}`, `${trusted.snapshot?.version}`);
    if (expires <= at) {
      throw new VerificationError(
        "METADATA_EXPIRED",
        `expected the snapshot to be valid at ${formatTime(at)}, got expiry at ${formatTime(expires)}`,
      );
    }
    return { value, evidence: [`snapshot ${value}, valid until ${formatTime(expires)}`] };
  });
}
