/**
 * Older releases, proven by the newest: every manifest names the digest of the one before it, so whoever has proven the newest has proven
 * them all, back to the first (SPEC §16.1.6). No signature of theirs is asked, and no key that was retired since.
 */
import { hexText } from "../core/encoding/bytes.js";
import { sha256 } from "../core/encoding/sha256.js";
import { VerificationError } from "../core/errors.js";
import { limits } from "../core/limits.js";
import { metadataPath } from "../core/release/tree-paths.js";
import { parseManifest } from "../core/trust/manifest.js";
import { parseEnvelope } from "../core/trust/metadata.js";
import type { Manifest } from "../core/trust/model.js";
import { type PublicTreeReader, ifThere } from "./fetch-file.js";

export interface ChainedManifest {
  readonly manifest: Manifest;
  /** The file as served; undefined for the newest, which is kept anyway. */
  readonly bytes?: Uint8Array;
}

/**
 * The newest and those before it that are above `floor`, newest first.
 * @throws VerificationError MANIFEST_CHAIN_BROKEN for a manifest that is not the one in the chain; OperationError FETCH_*
 */
export async function* manifestChain(
  tree: PublicTreeReader,
  newest: Manifest,
  floor: number,
): AsyncGenerator<ChainedManifest> {
  yield { manifest: newest };
  const { feed } = newest.block;
  const lowest = Math.max(floor + 1, newest.version - limits.chainedReleasesMax, 1);
  let wanted = newest.block.previousManifestSha256;
  // A number that was never public is missing (SPEC §5.4.1): the digest says which file is the next.
  for (let number = newest.version - 1; wanted !== null && number >= lowest; number--) {
    const digest = wanted;
    const bytes = await ifThere(
      tree.accepted(metadataPath(feed, number), limits.targetsBytesMax, async (offered) => {
        await requireDigest(offered, digest, number);
        return offered;
      }),
    );
    if (bytes === undefined) continue;
    const manifest = parseManifest(parseEnvelope(bytes, "targets").signed);
    yield { manifest, bytes };
    wanted = manifest.block.previousManifestSha256;
  }
}

/** SPEC §16.1.6 */
async function requireDigest(bytes: Uint8Array, expected: string, number: number): Promise<void> {
  const got = hexText(await sha256(bytes));
  if (got === expected) return;
  throw new VerificationError(
    "MANIFEST_CHAIN_BROKEN",
    `expected release ${number} as the manifest after it names it (${expected}), got ${got}`,
  );
}
