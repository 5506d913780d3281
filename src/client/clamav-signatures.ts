/**
 * The publisher's signatures over the files that ClamAV loads, for `sigtool --verify` of ClamAV 1.5. Comfort, not trust: what
 * is exported has been proven already, so a signature that is missing or wrong is left out and nothing else happens (SPEC §8.7.3).
 */
import type { SignatureMemory } from "../core/pki/algorithms.js";
import type { Sha256Hex } from "../core/brands.js";
import { equalBytes, hexBytes } from "../core/encoding/bytes.js";
import { RulemintError, VerificationError, quote } from "../core/errors.js";
import { limits } from "../core/limits.js";
import { verifySignature } from "../core/pki/verify-signature.js";
import {
  clamavSignaturesPath,
  formatClamAVSignatures,
  formatSignFile,
  parseClamAVSignatures,
  type SignedFile,
} from "../core/release/clamav-signatures.js";
import type { ProvenRelease, ProvenSignature } from "../core/trust/model.js";
import type { EndpointFiles } from "../ports/endpoint-store.js";
import type { SignFile } from "./export-database.js";
import type { PublicTreeReader } from "./fetch-file.js";
import type { UpdateEvent } from "./model.js";
import { policyInForce } from "./prove-release.js";
import { startFromStoredRoot } from "./refresh.js";
import { readKept } from "./watch-revocation.js";

interface Input {
  readonly files: EndpointFiles;
  readonly now: Date;
  readonly emit: (event: UpdateEvent) => void;
  readonly memory?: SignatureMemory;
}

const stored = "clamav-signatures.json";

/**
 * Keeps what the publisher offers for the release and what holds, so that later exports need no network. Whoever keeps back this
 * file must not keep the engines from their rules.
 */
export async function fetchClamAVSignatures(
  input: Input & { readonly tree: PublicTreeReader },
  proof: ProvenRelease,
): Promise<void> {
  const { files, tree } = input;
  const { version, block } = proof.manifest;
  const path = clamavSignaturesPath(proof.feed, version);
  const offered = await attempt(input, path, async () => {
    if ((block.database.rules.clamav ?? 0) === 0) return undefined;
    const bytes = await tree.find(path, limits.clamavSignaturesBytesMax);
    return bytes && parseClamAVSignatures(bytes);
  });
  if (offered === undefined) return files.remove(stored);
  const kept: SignedFile[] = [];
  for (const file of offered.files) {
    if (await attempt(input, exportedPath(file), () => requireSigner(input, file, proof))) kept.push(file);
  }
  await files.write(stored, formatClamAVSignatures({ ...offered, files: kept }));
}

/** Undefined when there are none. What it answers is the `.sign` file for an exported file of this path and digest. */
export async function clamavSigner(input: Input): Promise<SignFile | undefined> {
  const bytes = await input.files.read(stored);
  if (bytes === undefined) return undefined;
  const kept = await attempt(input, stored, async () => parseClamAVSignatures(bytes).files);
  return async (path: string, sha256: Sha256Hex) => {
    const found = kept?.find((file) => exportedPath(file) === path && file.sha256 === sha256);
    if (found === undefined) return undefined;
    // Judged again: the disk may have spoiled it, and policies change.
    if ((await attempt(input, path, () => verify(input, found))) === undefined) return undefined;
    return formatSignFile(found.cms);
  };
}

const exportedPath = ({ path }: SignedFile) => `clamav/${path}`;

async function verify({ files, now, memory }: Input, { sha256, cms }: SignedFile): Promise<ProvenSignature> {
  const { policy } = await policyInForce(files, (await startFromStoredRoot(files, now)).root);
  // SPEC §6.8.8: what was learned of revocation since is judged as well.
  const revocationItems = await readKept({ files });
  return verifySignature({ contentSha256: hexBytes(sha256), cms, policy, now, revocationItems, memory });
}

/** SPEC §8.7.1: the key is the one behind the manifest's evidence. @throws VerificationError SIGNER_KEY_MISMATCH */
async function requireSigner(input: Input, file: SignedFile, proof: ProvenRelease): Promise<true> {
  const { signer } = await verify(input, file);
  if (equalBytes(signer.spki, proof.signature.signer.spki)) return true;
  throw new VerificationError(
    "SIGNER_KEY_MISMATCH",
    `expected the key that signed the manifest, got another of ${quote(signer.subject)}`,
  );
}

/** Undefined, and an event, when `work` was refused or the server failed; faults of the disk pass through. */
async function attempt<T>({ emit }: Input, path: string, work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    const known = error instanceof RulemintError && !error.code.startsWith("STORE_");
    if (!known) throw error;
    emit({ type: "signature-left-out", path, code: error.code });
    return undefined;
  }
}
