/**
 * What a revocation means for something that was stamped, and how old the data may be. The time of the stamp is the one that
 * is judged; SPEC §6.8 says why, clause by clause.
 */
import { hexText } from "../encoding/bytes.js";
import { type Certificate, isReached } from "./certificate.js";
import { type Revocation, type RevocationList, reasonCodes } from "./crl.js";
import { ensure, secondText } from "./failure.js";
import type { RevocationPolicy } from "./model.js";

/** What the path did: it signed content that somebody else stamped, or it made the stamp. */
export type StampedAs = "signer" | "time-stamp authority";

export interface JudgedAt {
  readonly at: Date;
  readonly now: Date;
  readonly as: StampedAs;
  readonly policy: RevocationPolicy;
}

/** What an endpoint asks for when its policy does not say: evidence, as fresh as code-signing requirements §4.9.7 have it. */
export const defaultRevocationPolicy: RevocationPolicy = {
  ...{ required: true, leafDaysMax: 10, authorityDaysMax: 366, keyCompromise: "from-its-date" },
};

const reasonsOf = (...names: readonly (keyof typeof reasonCodes)[]): readonly unknown[] =>
  names.map((name) => reasonCodes[name]);
const compromises = reasonsOf("keyCompromise", "caCompromise", "aaCompromise");
const harmless = reasonsOf("unspecified", "affiliationChanged", "superseded", "cessationOfOperation");

/** @throws VerificationError CERTIFICATE_REVOKED when the revocation reaches what was stamped */
export function requireNotRevoked(
  { subject, serial }: Certificate,
  { revokedAt, reason, invalidSince = revokedAt }: Revocation,
  { at, as, policy }: JudgedAt,
): void {
  // SPEC §6.8.5: the CA may date the harm before the day it learned of it.
  const since = invalidSince < revokedAt ? invalidSince : revokedAt;
  const isTotal =
    // RFC 3161 §4 (1): stamps of a revoked authority stay good only when the reason says that its key is still its own.
    (as === "time-stamp authority" && !harmless.includes(reason)) ||
    (policy.keyCompromise === "refuse-all" && compromises.includes(reason));
  // SPEC §6.8.4: what was stamped before the revocation stays valid.
  const isValid = !isTotal && at < since;
  const found = [
    subject,
    `serial ${hexText(serial)}, revoked since`,
    since,
    `reason ${reason ?? "not given"}`,
  ];
  ensure(isValid, "CERTIFICATE_REVOKED", "a certificate that was not revoked", ...found, "at", at);
}

/** When data were made, and when newer ones are due. */
export type DataWindow = Pick<RevocationList, "thisUpdate" | "nextUpdate">;
const dayMilliseconds = 86_400_000;

/**
 * SPEC §6.8.3: the data vouches for `at`. It may be from before or after that time, but its end is not before it. For people:
 * until when it holds. @throws VerificationError REVOCATION_STALE
 */
export function freshnessOf(
  { thisUpdate, nextUpdate }: DataWindow,
  { notAfter, extensions }: Certificate,
  { at, now, policy, as }: JudgedAt,
): string {
  const span = [thisUpdate, "to", nextUpdate, "for"] as const;
  const fresh = (holds: boolean, expected: string, limit: Date | number): void =>
    ensure(holds, "REVOCATION_STALE", `revocation data ${expected}`, ...span, limit);
  fresh(isReached(thisUpdate, now), "from the past", now);
  fresh(nextUpdate >= at, "that reach the time", at);
  // RFC 5280 §5: once expired, a certificate may be dropped from the list, so silence says nothing any more.
  fresh(thisUpdate <= notAfter, "from before the certificate's end", notAfter);
  const isLeaf = extensions.basicConstraints?.ca !== true;
  const daysMax = isLeaf && as === "signer" ? policy.leafDaysMax : policy.authorityDaysMax;
  const days = (nextUpdate.getTime() - thisUpdate.getTime()) / dayMilliseconds;
  fresh(days <= daysMax, `for at most ${daysMax} days`, days);
  return `until ${secondText(nextUpdate)}`;
}
