/** What belongs to a release in a copy: its evidence, its packs, and the manifests before it. What is read is kept. */
import { readPack } from "../audit/audit-evidence.js";
import { findManifest } from "../audit/former-manifests.js";
import type { FeedName, ReleaseNumber } from "../core/brands.js";
import type { PackFacts } from "../core/format/model.js";
import { limits } from "../core/limits.js";
import { clamavSignaturesPath } from "../core/release/clamav-signatures.js";
import {
  evidencePath,
  manifestSecondSignaturePath,
  manifestSignaturePath,
} from "../core/release/tree-paths.js";
import { provenancePath, verdictsPath } from "../core/trust/attest/verdict-list.js";
import { parseManifest } from "../core/trust/manifest.js";
import { parseEnvelope } from "../core/trust/metadata.js";
import type { Manifest } from "../core/trust/model.js";
import type { KeptFiles } from "./kept-files.js";

/** As far as there is any. */
export async function keepEvidence(kept: KeptFiles, feed: FeedName, release: ReleaseNumber): Promise<void> {
  for (const [path, bytesMax] of [
    [manifestSignaturePath(feed, release), limits.cmsBytesMax],
    [manifestSecondSignaturePath(feed, release), limits.cmsBytesMax],
    [clamavSignaturesPath(feed, release), limits.clamavSignaturesBytesMax],
    [provenancePath(feed, release), limits.attestationBytesMax],
    [verdictsPath(feed, release), limits.verdictListBytesMax],
    [evidencePath(feed, release), limits.evidenceBytesMax],
  ] as const) {
    await kept.reading.find(path, bytesMax);
  }
}

/** @throws VerificationError PACK_DIGEST_MISMATCH; OperationError FETCH_* */
export async function keepPacks(kept: KeptFiles, packs: readonly PackFacts[]): Promise<void> {
  for (const pack of packs) await readPack(kept.reading, pack);
}

/** Those before `newest` and above `floor`, newest first, each proven by the digest in the one after it. */
export async function* keptManifests(
  kept: KeptFiles,
  newest: Manifest,
  floor: number,
): AsyncGenerator<Manifest> {
  for (let { block, version } = newest; block.previousManifestSha256 !== null && version > floor; ) {
    const bytes = await findManifest(kept.reading, block.feed, version, block.previousManifestSha256);
    const manifest = parseManifest(parseEnvelope(bytes, "targets").signed);
    yield manifest;
    ({ block, version } = manifest);
  }
}
