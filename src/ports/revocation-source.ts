/** Where the issuer of a certificate publishes its revocation list. */
export interface RevocationPoint {
  /** A file name for it, the same for every certificate that names the same place: lower-case letters, digits, hyphens. */
  readonly name: string;
  /** http and https, in the certificate's order. */
  readonly addresses: readonly string[];
}

/**
 * Revocation lists from a certification authority. Bounded in size and time; what comes is bytes that nobody has judged. The source
 * may answer with `current`, the list that the caller has, when there is no other.
 *
 * @throws OperationError FETCH_FAILED, FETCH_NOT_FOUND when no address gave a list; nothing is lost, the caller waits.
 */
export interface RevocationSource {
  /** DER of a CertificateList. */
  fetch(point: RevocationPoint, current: Uint8Array | undefined): Promise<Uint8Array>;
}
