/** Who may do what: the one place where a role is compared. */
import { PolicyError } from "../core/errors.js";
import { deskRoles, type Identity, type Role } from "./model.js";

/** @throws PolicyError ROLE_REFUSED when the identity has none of the roles */
export function requireRole(identity: Identity, ...allowed: readonly Role[]): void {
  if (identity.roles.some((role) => allowed.includes(role))) return;
  throw new PolicyError(
    "ROLE_REFUSED",
    `expected role ${allowed.join(" or ")}, got ${identity.roles.join(", ") || "none"}`,
  );
}

/** For what everybody at the desk may read. @throws PolicyError ROLE_REFUSED */
export function requireAnyRole(identity: Identity): void {
  requireRole(identity, ...deskRoles);
}
