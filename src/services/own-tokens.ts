/**
 * Tokens that people and machines make for themselves: with no more roles than the token they have in hand, always with an end, shown once.
 * One ends with the token that it was made with, so a stolen token does not outlive its own revocation.
 */
import { PolicyError, quote, UsageError } from "../core/errors.js";
import type { ServiceContext } from "./context.js";
import { createToken, tokenID } from "./create-token.js";
import { timeText, untilCommitted } from "./documents.js";
import type { Identity, Role, TokenRecord } from "./model.js";

export interface OwnToken {
  /** `t-` and the beginning of its digest. */
  readonly id: string;
  readonly label: string;
  readonly roles: readonly Role[];
  readonly createdAt: string;
  readonly expiresAt: string | null;
  readonly revokedAt: string | null;
}

export interface TokenOrder {
  readonly label: string;
  /** Some of the roles of the token in hand; all of them when absent. */
  readonly roles?: readonly Role[];
  readonly days: number;
}

type TokenContext = Pick<ServiceContext, "records" | "clock">;

const dayMs = 86_400_000;
const shownDigits = 16;

/** @throws PolicyError ROLE_REFUSED for a role that the token in hand has not; UsageError REQUEST_INVALID */
export async function createOwnToken(
  context: TokenContext,
  identity: Identity,
  { label, roles = identity.roles, days }: TokenOrder,
  { parent, random }: { readonly parent: string; readonly random: Uint8Array },
): Promise<OwnToken & { readonly token: string }> {
  // SPEC §17.8.2: never more than the one in hand.
  const more = roles.find((role) => !identity.roles.includes(role));
  if (more !== undefined) throw new PolicyError("ROLE_REFUSED", `expected a role of this token, got ${more}`);
  // SPEC §17.10.3: what the provider gives out ends soon; a token that outlives it would outlive the person's leave too.
  if ((await context.records.get("tokens", parent)) === undefined) {
    throw new PolicyError(
      "ROLE_REFUSED",
      "expected a token of this service to make another with, got one of the identity provider",
    );
  }
  const expiresAt = timeText(new Date(context.clock.now().getTime() + days * dayMs));
  const own = { identity: { name: identity.name, roles }, label, expiresAt, parent };
  const token = await createToken(context, { ...own, random });
  const id = await tokenID(token);
  const found = await context.records.get<TokenRecord>("tokens", id);
  if (found === undefined) throw new UsageError("NOT_FOUND", "expected the token that was made, got none");
  return { ...shown(id, found.body), token };
}

/** Those of the same name, newest first; never a token itself. */
export async function listOwnTokens({ records }: TokenContext, { name }: Identity): Promise<OwnToken[]> {
  const all = await records.list<TokenRecord>("tokens");
  const own = all.filter(({ body }) => body.identity.name === name);
  return own.map(({ id, body }) => shown(id, body)).sort((a, b) => (a.createdAt < b.createdAt ? 1 : -1));
}

/** Again is no error. @throws UsageError NOT_FOUND, also for somebody else's */
export async function revokeOwnToken(
  context: TokenContext,
  { name }: Identity,
  id: string,
): Promise<OwnToken> {
  return untilCommitted(async () => {
    const prefix = id.slice(2);
    const [found] = await context.records.list<TokenRecord>("tokens", { prefix, limit: 1 });
    if (prefix.length !== shownDigits || found === undefined || found.body.identity.name !== name) {
      throw new UsageError("NOT_FOUND", `expected a token of one's own, got ${quote(id)}`);
    }
    if (found.body.revokedAt !== null) return shown(found.id, found.body);
    const body: TokenRecord = { ...found.body, revokedAt: timeText(context.clock.now()) };
    await context.records.commit([{ collection: "tokens", id: found.id, expected: found.version, body }]);
    return shown(found.id, body);
  });
}

function shown(id: string, { identity, label, createdAt, expiresAt, revokedAt }: TokenRecord): OwnToken {
  return {
    ...{ id: `t-${id.slice(0, shownDigits)}`, label: label ?? "", roles: identity.roles },
    ...{ createdAt, expiresAt: expiresAt ?? null, revokedAt },
  };
}
