/** The release before one, as the manifest names it, and its database: what is needed to say which rules a release changes. */
import { VerificationError } from "../core/errors.js";
import type { PackFacts } from "../core/format/model.js";
import { packPath } from "../core/release/tree-paths.js";
import { parseManifest } from "../core/trust/manifest.js";
import { parseEnvelope } from "../core/trust/metadata.js";
import type { Manifest } from "../core/trust/model.js";
import { type Workshop, requireDigest, unpack } from "./audit-content.js";
import type { PublicFiles } from "./fetch-file.js";
import { findManifest } from "./former-manifests.js";

export interface PreviousRelease {
  readonly manifest: Manifest;
  readonly manifestFile: Uint8Array;
  readonly fullPack: PackFacts;
  readonly database: Uint8Array;
}

/**
 * Undefined for the first release. What proves the file is its digest in the manifest; who signed it is another question.
 * @throws VerificationError MANIFEST_CHAIN_BROKEN, METADATA_MISSING, DATABASE_DIGEST_MISMATCH
 */
export async function previousRelease(
  files: PublicFiles,
  { block, version }: Manifest,
  workshop: Pick<Workshop, "codec" | "digest">,
): Promise<PreviousRelease | undefined> {
  if (block.previousManifestSha256 === null) return undefined;
  const manifestFile = await findManifest(files, block.feed, version, block.previousManifestSha256);
  const manifest = parseManifest(parseEnvelope(manifestFile, "targets").signed);
  const fullPack = fullPackOf(manifest);
  const database = await unpack(await files.read(packPath(fullPack), fullPack.bytes), workshop);
  const { sha256 } = manifest.block.database;
  await requireDigest(fullPack.path, database, sha256, workshop.digest);
  return { manifest, manifestFile, fullPack, database };
}

/** SPEC §5.4.8: there is one. */
export function fullPackOf({ packs, version }: Manifest): PackFacts {
  const found = packs.find(({ kind, to }) => kind === "full" && to === version);
  if (found === undefined)
    throw new VerificationError("MANIFEST_MALFORMED", "expected a full pack, got none");
  return found;
}
