/** What this rebuilder tells the world in a form that strangers' tools read, and what the builder told it in that form (SPEC §12). */
import type { FeedName, Sha256Hex } from "../core/brands.js";
import { hexText } from "../core/encoding/bytes.js";
import { formatPEM } from "../core/encoding/pem.js";
import { sha256 } from "../core/encoding/sha256.js";
import { RulemintError } from "../core/errors.js";
import { parseDSSE } from "../core/trust/attest/dsse.js";
import { verifyProvenance } from "../core/trust/attest/provenance.js";
import { signStatement } from "../core/trust/attest/sign-statement.js";
import { verdictFor } from "../core/trust/attest/verdict.js";
import { formatTime } from "../core/trust/metadata.js";
import type { TUFKey } from "../core/trust/model.js";
import type { AssayContext } from "./model.js";
import type { PinnedTrust } from "./pinned-trust.js";
import { type StagedManifest, mismatch, publisherKeys } from "./staged-manifest.js";

/** SPEC §10.2.13. @throws VerificationError ASSAY_MISMATCH, ATTESTATION_* */
export async function requireProvenance(
  { desk }: AssayContext,
  trust: PinnedTrust,
  { manifest, envelope }: StagedManifest,
): Promise<void> {
  const file = await provenanceFile(desk, manifest.block.feed, manifest.version);
  if (file === undefined) throw mismatch("the builder's provenance", "none");
  const keys = [...publisherKeys(trust).values()].filter((key): key is TUFKey => key !== undefined);
  await verifyProvenance(parseDSSE(file), manifest, envelope.signed, keys);
}

/** SPEC §10.3.3: signed and delivered; a key that strangers' tools do not read signs none. */
export async function attest(
  { desk, signer, compilers, clock, onProgress }: AssayContext,
  feed: FeedName,
  { manifest, messageSha256 }: StagedManifest,
  result: "PASSED" | "FAILED",
  explanation: string,
  sourceMapSha256?: Sha256Hex,
): Promise<void> {
  if (signer.scheme === "rsa-pss-3072-sha256") {
    onProgress("no verdict for the world: it takes a key of P-256 or Ed25519, and this one is RSA");
    return;
  }
  const file = await provenanceFile(desk, feed, manifest.version);
  const statement = await verdictFor({
    ...{ manifest, result, explanation, paths: compilers, spki: signer.spki },
    signedSha256: messageSha256 as Sha256Hex,
    sourceMapSha256,
    timeVerified: formatTime(clock.now()),
    provenanceSha256: file && (hexText(await sha256(file)) as Sha256Hex),
  });
  const publicKey = formatPEM(signer.spki, "PUBLIC KEY");
  await desk.attest(feed, manifest.version, { envelope: await signStatement(statement, signer), publicKey });
}

async function provenanceFile(
  desk: AssayContext["desk"],
  feed: FeedName,
  release: StagedManifest["manifest"]["version"],
): Promise<Uint8Array | undefined> {
  try {
    return await desk.provenance(feed, release);
  } catch (error) {
    if (error instanceof RulemintError && error.code === "FETCH_NOT_FOUND") return undefined;
    throw error;
  }
}
