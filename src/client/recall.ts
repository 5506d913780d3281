/** Recalled databases, as the newest manifest on the disk lists them: asked before anything goes back without a network. */
import { PolicyError } from "../core/errors.js";
import type { EndpointFiles } from "../ports/endpoint-store.js";
import { storedManifest } from "./holdings.js";
import type { InstalledRelease } from "./model.js";

/** The release that blocks it. */
export async function blockedBy(files: EndpointFiles, wanted: InstalledRelease): Promise<number | undefined> {
  const newest = await storedManifest(files, "manifest.json");
  return newest?.block.blocked?.includes(wanted.databaseSha256) ? newest.version : undefined;
}

/** SPEC §16.2.3 @throws PolicyError RELEASE_BLOCKED */
export async function requireNotBlocked(files: EndpointFiles, wanted: InstalledRelease): Promise<void> {
  const blocking = await blockedBy(files, wanted);
  if (blocking === undefined) return;
  throw new PolicyError(
    "RELEASE_BLOCKED",
    `expected a release that was not recalled, got ${wanted.release}: release ${blocking} blocks its database`,
  );
}
