/**
 * Whether a release needs the post-quantum second signature, and whether it holds. Experimental, and additive: it is asked
 * last, and nothing that it says replaces a classical check (SPEC §7.8).
 */
import { type JSONObject, isJSONObject } from "../encoding/json.js";
import { PolicyError, VerificationError } from "../errors.js";
import { type MLDSAKey, type MLDSAVerify, mldsaKey, mldsaPublicKey, verifyMLDSA } from "./mldsa.js";
import type { ManifestBlock, NamedCheck, SignaturePolicy } from "./model.js";

export interface SecondSignature {
  /** The file beside the classical signature; undefined when there is none. */
  readonly cms?: Uint8Array | undefined;
  /** Undefined in a program that cannot verify ML-DSA: it refuses what needs it. */
  readonly verify?: MLDSAVerify | undefined;
}

type Announcement = Pick<ManifestBlock, "postQuantum">;
type Demand = Pick<SignaturePolicy, "postQuantum" | "postQuantumKeys">;

/** True when the evidence must hold a second signature: whoever fetches asks for it only then. Nothing is verified here. */
export function asksForSecondSignature(manifest: JSONObject, policy: Demand): boolean {
  const block = manifest["x-rulemint"];
  return policy.postQuantum === "required" || (isJSONObject(block) && block.postQuantum !== undefined);
}

/**
 * Undefined when none is needed.
 *
 * @throws VerificationError PQ_SIGNATURE_MISSING, PQ_KEY_UNKNOWN, PQ_SIGNATURE_INVALID; PolicyError CLIENT_TOO_OLD
 */
export async function verifySecondSignature(
  { cms, verify }: SecondSignature,
  content: Uint8Array,
  block: Announcement,
  policy: Demand,
): Promise<NamedCheck | undefined> {
  const key = await requireAnnouncement(block, policy);
  if (key === undefined) return undefined;
  if (cms === undefined) throw missing(`a second signature by ${key.sha256}`);
  if (verify === undefined) {
    throw new PolicyError("CLIENT_TOO_OLD", "expected a client that verifies ml-dsa-65, got one that cannot");
  }
  await verifyMLDSA({ content, cms, key, verify });
  const evidence = `ml-dsa-65, key ${key.sha256} (experimental)`;
  return { name: "the second signature holds", clause: "SPEC §7.8", evidence };
}

/**
 * The pinned key that the manifest announces; undefined when it announces none and none is demanded.
 *
 * @throws VerificationError PQ_SIGNATURE_MISSING, PQ_KEY_UNKNOWN
 */
export async function requireAnnouncement(
  { postQuantum: announced }: Announcement,
  policy: Demand,
): Promise<MLDSAKey | undefined> {
  if (announced !== undefined) return requirePinnedKey(announced.keySha256, policy);
  // Both TUF keys signed the manifest without it; a policy that demands it cannot be met by leaving it out.
  if (policy.postQuantum !== "required") return undefined;
  throw missing("the manifest to announce a second signature, as the policy demands");
}

/** @throws VerificationError PQ_KEY_UNKNOWN */
export async function requirePinnedKey(wanted: string, { postQuantumKeys = [] }: Demand): Promise<MLDSAKey> {
  for (const pem of postQuantumKeys) {
    const key = await mldsaKey(mldsaPublicKey(pem));
    if (key.sha256 === wanted) return key;
  }
  throw new VerificationError(
    "PQ_KEY_UNKNOWN",
    `expected a post-quantum key that the policy pins, got ${wanted}`,
  );
}

function missing(what: string): VerificationError {
  return new VerificationError("PQ_SIGNATURE_MISSING", `expected ${what}, got none`);
}
