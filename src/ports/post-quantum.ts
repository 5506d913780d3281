/**
 * ML-DSA-65 (FIPS 204), pure mode, empty context. Experimental: the key is in software, because no token of the field
 * offers the algorithm yet. Two ports, because endpoints verify and never sign.
 */
import type { MLDSAVerify } from "../core/trust/mldsa.js";

export interface PostQuantumVerifier {
  readonly verify: MLDSAVerify;
}

/**
 * Signs whole messages with one key, and verifies every signature before it hands it out.
 * @throws OperationError SIGNER_UNAVAILABLE when it cannot, or is closed
 */
export interface PostQuantumSigner {
  /** 1952 octets. */
  readonly publicKey: Uint8Array;
  /** 3309 octets. */
  sign(message: Uint8Array): Promise<Uint8Array>;
  close(): Promise<void>;
}
