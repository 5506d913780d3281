/** Where the issuer of a certificate publishes a revocation list. */
export interface RevocationPoint {
  /** A file name for it, the same for every certificate that names the same place: lower-case letters, digits, hyphens. */
  readonly name: string;
  /** http and https, in the certificate's order. */
  readonly addresses: readonly string[];
}

/** What an OCSP responder is asked, and where. */
export interface StatusRequest extends RevocationPoint {
  /** DER of an OCSPRequest. */
  readonly request: Uint8Array<ArrayBuffer>;
}

/**
 * Revocation data from a certification authority. Bounded in size and time; what comes is bytes that nobody has judged. The source
 * may answer `fetch` with `current`, the list that the caller has, when there is no other.
 *
 * @throws OperationError FETCH_FAILED, FETCH_NOT_FOUND when no address gave an answer; nothing is lost, the caller waits.
 */
export interface RevocationSource {
  /** DER of a CertificateList. */
  fetch(point: RevocationPoint, current: Uint8Array | undefined): Promise<Uint8Array>;
  /** DER of an OCSPResponse that holds an answer, good or not. */
  ask(question: StatusRequest): Promise<Uint8Array>;
}
