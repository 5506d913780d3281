/** A private key that can be used and never seen. */
export type SignatureScheme = "ecdsa-p256-sha256" | "rsa-pss-3072-sha256" | "ed25519";

/**
 * Signs whole messages with one key; hashing is the signer's work. Up to eight calls may be open at once; the
 * adapter queues where its device cannot. A signer verifies every signature before it hands it out.
 *
 * @throws OperationError SIGNER_UNAVAILABLE when the key cannot be reached: the caller may try again later.
 * @throws OperationError SIGNER_PIN when the secret that unlocks it is wrong: trying again makes it worse.
 */
export interface Signer {
  readonly scheme: SignatureScheme;
  /** SubjectPublicKeyInfo, DER. */
  readonly spki: Uint8Array;
  /** ECDSA: DER SEQUENCE of r and s. RSA-PSS: salt of 32 bytes. Ed25519: 64 bytes. */
  sign(message: Uint8Array): Promise<Uint8Array>;
  /** Reaches the key and signs nothing, where there is a device to be reached. @throws as `sign` */
  probe?(): Promise<void>;
  close(): Promise<void>;
}
