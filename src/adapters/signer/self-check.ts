/** A signature leaves a signer only when the platform's own WebCrypto, which did not make it, has verified it. */
import { parseECDSASignature } from "../../core/encoding/der-ecdsa.js";
import { OperationError } from "../../core/errors.js";
import type { SignatureScheme } from "../../ports/signer.js";

const importParameters = {
  "ecdsa-p256-sha256": { name: "ECDSA", namedCurve: "P-256" },
  "rsa-pss-3072-sha256": { name: "RSA-PSS", hash: "SHA-256" },
  ed25519: { name: "Ed25519" },
} as const;

const verifyParameters = {
  "ecdsa-p256-sha256": { name: "ECDSA", hash: "SHA-256" },
  "rsa-pss-3072-sha256": { name: "RSA-PSS", saltLength: 32 },
  ed25519: { name: "Ed25519" },
} as const;

export type SignatureCheck = (message: Uint8Array, signature: Uint8Array) => Promise<Uint8Array>;

/** SPEC §6.9.3: a check for one key; it gives the signature back. @throws OperationError SIGNER_UNAVAILABLE for a wrong signature */
export function signatureCheck(scheme: SignatureScheme, spki: Uint8Array): SignatureCheck {
  const { subtle } = globalThis.crypto;
  const key = subtle.importKey("spki", Uint8Array.from(spki), importParameters[scheme], false, ["verify"]);
  // Whoever awaits the key first sees its failure; until then it is not an unhandled one.
  key.catch(() => undefined);
  return async (message, signature) => {
    const raw = scheme === "ecdsa-p256-sha256" ? parseECDSASignature(signature, 32) : signature;
    const valid = await subtle.verify(
      verifyParameters[scheme],
      await key,
      Uint8Array.from(raw),
      Uint8Array.from(message),
    );
    if (!valid) {
      throw new OperationError("SIGNER_UNAVAILABLE", "expected a valid signature from the key, got another");
    }
    return signature;
  };
}
