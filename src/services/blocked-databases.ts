/** Which databases the manifest of a release blocks (SPEC §16.2). */
import type { Sha256Hex } from "../core/brands.js";
import { limits } from "../core/limits.js";
import { parseManifest } from "../core/trust/manifest.js";
import { parseEnvelope } from "../core/trust/metadata.js";
import type { ServiceContext } from "./context.js";
import { requireRelease } from "./documents.js";
import type { ReleaseRecord } from "./model.js";
import { readObject } from "./source-batches.js";

/** SPEC §16.2.2: what the release before blocked, and what this one recalls; the oldest give way. */
export async function blockedDatabases(
  context: ServiceContext,
  release: ReleaseRecord,
): Promise<Sha256Hex[]> {
  const before = await previousManifest(context, release);
  const file = before && (await readObject(context.objects, before));
  const known = file ? (parseManifest(parseEnvelope(file, "targets").signed).block.blocked ?? []) : [];
  const all = new Set([...known, ...(release.blocks ?? [])]);
  if (release.database !== null) all.delete(release.database.sha256);
  return [...all].slice(-limits.blockedDatabasesMax);
}

/** Digest of the manifest file before, as served. */
export async function previousManifest(
  { records }: Pick<ServiceContext, "records">,
  release: ReleaseRecord,
): Promise<Sha256Hex | null> {
  if (release.previous === null) return null;
  const { body } = await requireRelease(records, release.feed, release.previous);
  return body.manifestSha256;
}
