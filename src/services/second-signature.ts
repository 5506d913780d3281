/**
 * The publisher's post-quantum second signature, when it has a key for one (SPEC §6.10). Experimental: announced in the manifest
 * that both parties sign, made when the release is sealed, over the same bytes as the classical signature.
 */
import type { Sha256Hex } from "../core/brands.js";
import { OperationError } from "../core/errors.js";
import { mldsaKey } from "../core/trust/mldsa.js";
import { parseManifest } from "../core/trust/manifest.js";
import { parseEnvelope } from "../core/trust/metadata.js";
import type { PostQuantumAnnouncement, SignaturePolicy } from "../core/trust/model.js";
import { requirePinnedKey, verifySecondSignature } from "../core/trust/second-signature.js";
import { signMLDSA } from "../issuing/mldsa.js";
import type { ServiceContext } from "./context.js";
import { publishedPolicy } from "./published-trust.js";
import { readObject } from "./source-batches.js";

/**
 * Undefined when this publisher makes none.
 * @throws VerificationError PQ_KEY_UNKNOWN before the root pins the key: customers would refuse the release
 */
export async function announceSecondSignature(
  context: ServiceContext,
): Promise<PostQuantumAnnouncement | undefined> {
  if (context.postQuantum === undefined) return undefined;
  const { sha256 } = await mldsaKey(context.postQuantum.publicKey);
  await requirePinnedKey(sha256, await publishedPolicy(context));
  return { scheme: "ml-dsa-65", keySha256: sha256 };
}

/** The object that holds it. Undefined when the manifest announces none. @throws OperationError SIGNER_UNAVAILABLE */
export async function signSecond(
  context: ServiceContext,
  policy: SignaturePolicy,
  manifestSha256: Sha256Hex,
): Promise<Sha256Hex | undefined> {
  const content = await readObject(context.objects, manifestSha256);
  const { block } = parseManifest(parseEnvelope(content, "targets").signed);
  if (block.postQuantum === undefined) return undefined;
  if (context.postQuantum === undefined) {
    throw new OperationError(
      "SIGNER_UNAVAILABLE",
      "expected the post-quantum key that the manifest announces, got none",
    );
  }
  const cms = await signMLDSA(content, context.postQuantum);
  // By the customer's own verifier, before it counts.
  await verifySecondSignature({ cms, verify: context.postQuantumVerifier?.verify }, content, block, policy);
  return (await context.objects.put([cms])).sha256;
}
