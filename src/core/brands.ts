/** Numbers and names that must not be mixed up. */
import { VerificationError, quote } from "./errors.js";

/** The number of a release within its feed: 1, 2, 3 … It is also the TUF version of the feed's role. */
export type ReleaseNumber = number & { readonly brand: "ReleaseNumber" };
/** A feed's name, which is also the name of its TUF role. */
export type FeedName = string & { readonly brand: "FeedName" };
/** 64 lower-case hexadecimal digits. */
export type Sha256Hex = string & { readonly brand: "Sha256Hex" };

const reservedRoles = new Set(["root", "targets", "snapshot", "timestamp"]);

/** @throws VerificationError ENCODING_MALFORMED */
export function releaseNumber(value: unknown): ReleaseNumber {
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 1) {
    throw new VerificationError(
      "ENCODING_MALFORMED",
      `expected a release number, got ${quote(String(value))}`,
    );
  }
  return value as ReleaseNumber;
}

/** Lower-case letters, digits and hyphens; never a top-level TUF role. @throws VerificationError ENCODING_MALFORMED */
export function feedName(value: unknown): FeedName {
  if (typeof value !== "string" || !/^[a-z][a-z0-9-]{0,62}$/.test(value) || reservedRoles.has(value)) {
    throw new VerificationError("ENCODING_MALFORMED", `expected a feed name, got ${quote(String(value))}`);
  }
  return value as FeedName;
}

/** @throws VerificationError ENCODING_MALFORMED */
export function sha256Hex(value: unknown): Sha256Hex {
  if (typeof value !== "string" || !/^[0-9a-f]{64}$/.test(value)) {
    throw new VerificationError(
      "ENCODING_MALFORMED",
      `expected a SHA-256 in hexadecimal, got ${quote(String(value))}`,
    );
  }
  return value as Sha256Hex;
}
