/** Who is behind a bearer token. */
import { PolicyError } from "../core/errors.js";
import type { Records } from "../ports/records.js";
import { tokenID } from "./create-token.js";
import type { Identity, TokenRecord } from "./model.js";

/**
 * The same answer for an unknown and for a revoked token.
 * @throws PolicyError TOKEN_MISSING, TOKEN_REFUSED
 */
export async function authenticateToken(
  context: { readonly records: Records },
  token: string | undefined,
): Promise<Identity> {
  if (!token) throw new PolicyError("TOKEN_MISSING", "expected a bearer token, got none");
  // Looked up by digest: how long a refusal takes says nothing about the token.
  const found = await context.records.get<TokenRecord>("tokens", await tokenID(token));
  if (found === undefined || found.body.revokedAt !== null) {
    throw new PolicyError("TOKEN_REFUSED", "expected a known token, got another");
  }
  return found.body.identity;
}
