/** Who signed a metadata file, counted (TUF §5.3.4): distinct public keys of the role, each with a valid signature. */
import { hexBytes } from "../encoding/bytes.js";
import { VerificationError } from "../errors.js";
import { keyIdentity, verifyTUFSignature } from "./keys.js";
import type { Envelope, RoleKeys } from "./metadata.js";
import type { TUFKey } from "./model.js";

/** A key whose signature has been checked. */
export interface ProvenSigner {
  readonly keyid: string;
  readonly key: TUFKey;
}

/**
 * SPEC §5.2.2: one public key counts once, under however many ids it is listed. Signatures that do not verify are no
 * error, they just do not count: a threshold must survive a broken signer.
 *
 * @throws VerificationError METADATA_THRESHOLD
 */
export async function requireThreshold(
  envelope: Envelope,
  role: RoleKeys,
  name: string,
): Promise<readonly ProvenSigner[]> {
  const signers = new Map<string, ProvenSigner>();
  for (const { keyid, sig } of envelope.signatures) {
    const key = role.keys.get(keyid);
    if (key === undefined || !/^([0-9a-f]{2})+$/.test(sig)) continue;
    const identity = await keyIdentity(key);
    if (identity === undefined || signers.has(identity)) continue;
    if (await verifyTUFSignature(key, envelope.message, hexBytes(sig))) signers.set(identity, { keyid, key });
  }
  if (signers.size < role.threshold) {
    throw new VerificationError(
      "METADATA_THRESHOLD",
      `expected ${role.threshold} distinct keys to have signed ${name}, got ${signers.size}`,
    );
  }
  return [...signers.values()];
}
