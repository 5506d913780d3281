/**
 * ML-DSA-65 over `@noble/post-quantum`, loaded when it is first needed: most releases announce no second signature. Private
 * keys are 32-octet seeds in PKCS#8 (RFC 9881 §6), as OpenSSL 3.5 and later read and write them; whoever calls keeps them
 * encrypted.
 */
import { concatBytes, equalBytes, hexBytes } from "../../core/encoding/bytes.js";
import { OperationError } from "../../core/errors.js";
import type { PostQuantumSigner, PostQuantumVerifier } from "../../ports/post-quantum.js";

/** RFC 9881 §6: OneAsymmetricKey up to the seed, which is the private key's short form. */
const pkcs8Prefix = hexBytes("3034020100300b060960864801650304031204228020");
const seedOctets = 32;
const publicKeyOctets = 1952;
const signatureOctets = 3309;

const library = async () => (await import("@noble/post-quantum/ml-dsa.js")).ml_dsa65;

export const nobleVerifier: PostQuantumVerifier = {
  verify: async ({ publicKey, message, signature }) =>
    // The library throws for lengths that no key or signature has; such a thing verifies nothing.
    publicKey.length === publicKeyOctets &&
    signature.length === signatureOctets &&
    (await library()).verify(signature, message, publicKey),
};

/** A new private key, PKCS#8 DER, not encrypted. */
export function drawMLDSAKey(): Uint8Array {
  return concatBytes(pkcs8Prefix, crypto.getRandomValues(new Uint8Array(seedOctets)));
}

/** @throws OperationError SIGNER_UNAVAILABLE when the PKCS#8 holds another thing than an ML-DSA-65 seed */
export async function openNobleSigner(pkcs8: Uint8Array): Promise<PostQuantumSigner> {
  const prefix = pkcs8.subarray(0, pkcs8Prefix.length);
  if (pkcs8.length !== pkcs8Prefix.length + seedOctets || !equalBytes(prefix, pkcs8Prefix)) {
    throw new OperationError("SIGNER_UNAVAILABLE", "expected an ML-DSA-65 seed in PKCS#8, got another key");
  }
  const mldsa = await library();
  const { publicKey, secretKey } = mldsa.keygen(pkcs8.slice(pkcs8Prefix.length));
  let open = true;
  return {
    publicKey,
    sign: async (message) => {
      if (!open) throw new OperationError("SIGNER_UNAVAILABLE", "expected an open signer, got a closed one");
      // FIPS 204 §3.4: hedged, the library draws fresh randomness for each signature.
      const signature = mldsa.sign(message, secretKey);
      if (mldsa.verify(signature, message, publicKey)) return signature;
      throw new OperationError(
        "SIGNER_UNAVAILABLE",
        "expected a signature that verifies, got one that does not",
      );
    },
    close: async () => {
      open = false;
      secretKey.fill(0);
    },
  };
}
