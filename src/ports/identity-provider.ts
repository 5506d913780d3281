/** What a provider has said of somebody, as far as its signature, times, issuer and audience prove it. */
export type ProvenClaims = Readonly<Record<string, unknown>> & { readonly sub: string };

/**
 * An OpenID Connect provider whose access tokens (JWT, RFC 9068) are taken here. Nothing is remembered of a token; keys are fetched
 * from the provider when they are needed, and again when one is unknown, not more often than every half minute.
 *
 * @throws PolicyError TOKEN_REFUSED for whatever is wrong with the token, without saying what;
 *         OperationError FETCH_FAILED when the provider's keys cannot be had
 */
export interface IdentityProvider {
  prove(token: string): Promise<ProvenClaims>;
}
