/**
 * What a revocation means for something that was stamped, and how old the data may be. The time of the stamp is the one that
 * is judged; SPEC §6.8 says why, clause by clause.
 */
import { hexText } from "../encoding/bytes.js";
import { quote } from "../errors.js";
import { limits } from "../limits.js";
import { type Certificate, secondText } from "./certificate.js";
import { reasonCodes } from "./crl.js";
import { refusal } from "./failure.js";
import type { RevocationPolicy } from "./model.js";
import { nameText } from "./names.js";

/** What the path did: it signed content that somebody else stamped, or it made the stamp. */
export type StampedAs = "signer" | "time-stamp authority";

export interface JudgedAt {
  readonly at: Date;
  readonly now: Date;
  readonly as: StampedAs;
  readonly policy: RevocationPolicy;
}

export interface Revocation {
  readonly revokedAt: Date;
  readonly reason: number | undefined;
  readonly invalidSince: Date | undefined;
}

/** What an endpoint asks for when its policy does not say: evidence, as fresh as code-signing requirements §4.9.7 have it. */
export const defaultRevocationPolicy: RevocationPolicy = {
  ...{ required: true, leafDaysMax: 10, authorityDaysMax: 366, keyCompromise: "from-its-date" },
};

const { keyCompromise, caCompromise, aaCompromise } = reasonCodes;
const compromises: readonly (number | undefined)[] = [keyCompromise, caCompromise, aaCompromise];
const { unspecified, affiliationChanged, superseded, cessationOfOperation } = reasonCodes;
const harmless: readonly (number | undefined)[] = [
  ...[unspecified, affiliationChanged, superseded, cessationOfOperation],
];

/** @throws VerificationError CERTIFICATE_REVOKED when the revocation reaches what was stamped */
export function requireNotRevoked(
  certificate: Certificate,
  revocation: Revocation,
  { at, as, policy }: JudgedAt,
): void {
  const { revokedAt, reason, invalidSince } = revocation;
  // SPEC §6.8.5: the CA may date the harm before the day it learned of it.
  const since = invalidSince !== undefined && invalidSince < revokedAt ? invalidSince : revokedAt;
  const always =
    // RFC 3161 §4 (1): stamps of a revoked authority stay good only when the reason says that its key is still its own.
    (as === "time-stamp authority" && !harmless.includes(reason)) ||
    (compromises.includes(reason) && policy.keyCompromise === "refuse-all");
  // SPEC §6.8.4: what was stamped before the revocation stays valid.
  if (!always && at < since) return;
  const why = reason === undefined ? "no reason given" : `reason ${reason}`;
  throw refusal(
    "CERTIFICATE_REVOKED",
    `expected a certificate not revoked at ${secondText(at)}, got ${quote(nameText(certificate.subject))}, ` +
      `serial ${hexText(certificate.serial)}, revoked since ${secondText(since)}, ${why}`,
  );
}

export interface DataWindow {
  readonly thisUpdate: Date;
  readonly nextUpdate: Date;
}

const dayMilliseconds = 86_400_000;

/**
 * SPEC §6.8.3: the data vouches for `at`. It may be from before or after that time, but its end is not before it. For people:
 * until when it holds. @throws VerificationError REVOCATION_STALE
 */
export function freshnessOf(data: DataWindow, certificate: Certificate, judged: JudgedAt): string {
  const { thisUpdate, nextUpdate } = data;
  const { at, now, policy } = judged;
  const span = `${secondText(thisUpdate)} to ${secondText(nextUpdate)}`;
  const stale = (expected: string) =>
    refusal("REVOCATION_STALE", `expected ${expected}, got data for ${span}`);
  if (thisUpdate.getTime() > now.getTime() + limits.timestampFutureSecondsMax * 1000) {
    throw stale(`revocation data from before ${secondText(now)}`);
  }
  if (nextUpdate < at) throw stale(`revocation data that reaches ${secondText(at)}`);
  // RFC 5280 §5: once expired, a certificate may be dropped from the list, so silence says nothing any more.
  if (thisUpdate > certificate.notAfter)
    throw stale(`revocation data from before ${secondText(certificate.notAfter)}`);
  const isLeaf = certificate.extensions.basicConstraints?.ca !== true;
  const daysMax = isLeaf && judged.as === "signer" ? policy.leafDaysMax : policy.authorityDaysMax;
  if (nextUpdate.getTime() - thisUpdate.getTime() > daysMax * dayMilliseconds) {
    throw stale(`revocation data for at most ${daysMax} days`);
  }
  return `until ${secondText(nextUpdate)}`;
}
