/** Who somebody is here, of whom the identity provider has said something (SPEC §17.10). */
import { PolicyError, quote } from "../core/errors.js";
import type { ProvenClaims } from "../ports/identity-provider.js";
import { type Identity, type Role, roles } from "./model.js";

export interface ClaimRules {
  /** In front of every name, so that none is that of a token made here. */
  readonly namePrefix: string;
  /** The claim with a name that nobody can choose for himself. */
  readonly nameClaim: string;
  /** The claim with roles or groups; members of members with dots: `realm_access.roles`. */
  readonly rolesClaim: string;
  /** For each of our roles what the claim must have, any one of them. A role that is not named is nobody's. */
  readonly roles: Readonly<Partial<Record<Role, readonly string[]>>>;
}

const namePattern = /^[\p{L}\p{N}][\p{L}\p{N} ._@|+:/-]{0,119}$/u;

/** @throws PolicyError TOKEN_REFUSED for a token without a usable name */
export function claimedIdentity(claims: ProvenClaims, rules: ClaimRules): Identity {
  const name = memberOf(claims, rules.nameClaim);
  if (typeof name !== "string" || !namePattern.test(name)) {
    throw new PolicyError(
      "TOKEN_REFUSED",
      `expected a name in the claim ${rules.nameClaim}, got ${quote(String(name))}`,
    );
  }
  // SPEC §17.10.2: what is not proven and not configured is not had.
  const said = groupsOf(memberOf(claims, rules.rolesClaim));
  const held = roles.filter((role) => rules.roles[role]?.some((group) => said.has(group)) === true);
  return { name: `${rules.namePrefix}${name}`, roles: held };
}

/** A list, or words with spaces between them as in `scope`. Anything else is no role. */
function groupsOf(value: unknown): ReadonlySet<string> {
  if (typeof value === "string") return new Set(value.split(" ").filter((word) => word !== ""));
  return new Set(Array.isArray(value) ? value.filter((one) => typeof one === "string") : []);
}

/** A claim may have dots in its own name, as addresses have: the whole name first. */
function memberOf(claims: Readonly<Record<string, unknown>>, path: string): unknown {
  if (Object.hasOwn(claims, path)) return claims[path];
  return path.split(".").reduce<unknown>((value, name) => {
    const isObject = typeof value === "object" && value !== null && Object.hasOwn(value, name);
    return isObject ? (value as Record<string, unknown>)[name] : undefined;
  }, claims);
}
