/** Who is behind a bearer token. */
import { PolicyError } from "../core/errors.js";
import type { Clock } from "../ports/clock.js";
import type { Records } from "../ports/records.js";
import { tokenID } from "./create-token.js";
import type { Identity, TokenRecord } from "./model.js";

/** A token, the one that it was made with, and so on: none makes many of them. */
const parentsMax = 8;

/**
 * The same answer for an unknown, an expired and a revoked token, and for one that was made with such a one (SPEC §17.8.3).
 * @throws PolicyError TOKEN_MISSING, TOKEN_REFUSED
 */
export async function authenticateToken(
  { records, clock }: { readonly records: Records; readonly clock: Clock },
  token: string | undefined,
): Promise<Identity> {
  if (!token) throw new PolicyError("TOKEN_MISSING", "expected a bearer token, got none");
  // Looked up by digest: how long a refusal takes says nothing about the token.
  const found = await records.get<TokenRecord>("tokens", await tokenID(token));
  let link = found;
  for (let i = 0; link !== undefined && i < parentsMax; i++) {
    const { revokedAt, expiresAt = null, parent = null } = link.body;
    const over = expiresAt !== null && Date.parse(expiresAt) <= clock.now().getTime();
    if (revokedAt !== null || over) break;
    if (parent === null && found !== undefined) return found.body.identity;
    link = parent === null ? undefined : await records.get<TokenRecord>("tokens", parent);
  }
  throw new PolicyError("TOKEN_REFUSED", "expected a known token, got another");
}
