/**
 * Somebody else's clock with a signature (RFC 3161). The token covers the SHA-256 that was asked for and the nonce
 * that the adapter drew; the adapter has compared both, and the status, before it returns. It tries its addresses in order.
 *
 * @throws OperationError TSA_UNAVAILABLE when none of them gave a token; nothing is lost, the caller waits.
 */
export interface TimestampAuthority {
  /** DER of the TimeStampToken (a CMS ContentInfo). */
  stamp(sha256: Uint8Array): Promise<Uint8Array>;
}
