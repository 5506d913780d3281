/**
 * Certificate revocation lists (RFC 5280 §5), read strictly. Nothing here decides whether one is believed: see revocation.ts.
 * A list with an extension that is critical and not understood, in it or in any entry, is refused when it is read.
 */
import * as der from "../encoding/der-schema.js";
import { type DERNode, parseDER, tags } from "../encoding/der.js";
import { limits } from "../limits.js";
import { readIdentifier } from "./algorithms.js";
import { readSignedBody } from "./certificate.js";
import { parseDistributionPoints, parseListScope } from "./distribution-points.js";
import { readAuthorityKeyIdentifier, soundExtensionsOf } from "./extensions.js";
import { ensure, structured } from "./failure.js";
import { directoryNames, parseGeneralNames } from "./general-names.js";
import { parseName } from "./names.js";

/** What somebody says about one certificate, in a list or in a response. */
export interface Revocation {
  readonly revokedAt: Date;
  /** CRLReason (RFC 5280 §5.3.1); undefined when none is given. */
  readonly reason?: number | undefined;
  readonly invalidSince?: Date | undefined;
}

export interface RevokedCertificate extends Revocation {
  /** DER of the certificate's issuer, and the octets of its serial number. */
  readonly issuer: Uint8Array;
  readonly serial: Uint8Array;
}

/** RFC 5280 §5.3.1. */
export const reasonCodes = {
  ...{ unspecified: 0, keyCompromise: 1, caCompromise: 2, affiliationChanged: 3, superseded: 4 },
  ...{ cessationOfOperation: 5, certificateHold: 6, removeFromCRL: 8, privilegeWithdrawn: 9 },
  ...{ aaCompromise: 10 },
} as const;

const isReason = (code: number): boolean => Object.values<number>(reasonCodes).includes(code);
const readReason = der.where(der.enumerated, isReason, "a known reason");
/** RFC 5280 §5.2.3: up to 20 octets, not negative. */
const readNumber = (node: DERNode): bigint => {
  const octets = der.unsigned(node);
  ensure(node.content.length <= 20, "DER_MALFORMED", "a CRL number of 20 octets", octets.length);
  return octets.reduce((value, octet) => value * 256n + BigInt(octet), 0n);
};

/** RFC 5280 §5.3 */
const readEntryExtensions = soundExtensionsOf({
  reason: ["2.5.29.21", "not critical", readReason],
  invalidSince: ["2.5.29.24", "not critical", der.generalizedTime],
  names: ["2.5.29.29", "critical", parseGeneralNames],
});
const readEntry = der.sequence("a revoked certificate", {
  serial: der.integer,
  revokedAt: der.time,
  extensions: der.optional(tags.sequence, readEntryExtensions),
});
/** RFC 5280 §5.2 */
const readListExtensions = soundExtensionsOf({
  number: ["2.5.29.20", "not critical", readNumber],
  baseNumber: ["2.5.29.27", "critical", readNumber],
  scope: ["2.5.29.28", "critical", der.any],
  authorityKeyIdentifier: ["2.5.29.35", "not critical", readAuthorityKeyIdentifier],
  freshestCRL: ["2.5.29.46", "not critical", parseDistributionPoints],
});
/** RFC 5280 §5.1 */
const readBody = der.sequence("a revocation list body", {
  version: der.smallInteger,
  signatureAlgorithm: readIdentifier,
  issuer: parseName,
  thisUpdate: der.time,
  // RFC 5280 §5.1.2.5: nextUpdate is there; a list that never ends would hide every later one.
  nextUpdate: der.time,
  // RFC 5280 §5.1.2.6: a list without entries leaves the field out.
  revoked: der.optional(tags.sequence, der.sequenceOf("revoked certificates", readEntry, 1)),
  extensions: der.required(der.explicit(0, readListExtensions)),
});

export type RevocationList = ReturnType<typeof parseCRL>;

/** @throws VerificationError REVOCATION_MALFORMED, LIMIT_EXCEEDED */
export function parseCRL(bytes: Uint8Array) {
  return structured("REVOCATION_MALFORMED", () => {
    const node = parseDER(bytes, limits.crlBytesMax);
    const { version, revoked = [], extensions, ...body } = readSignedBody(node, readBody);
    // RFC 5280 §5.1.2.1: extensions are there, so the version is 2 (encoded as 1).
    ensure(version === 1, "DER_MALFORMED", "version 2", version + 1);
    // `baseNumber` is set in a delta: the number of the complete list that it builds on.
    const { number, baseNumber, freshestCRL } = extensions;
    // RFC 5280 §5.2.3: without a number nobody can tell which list is newer.
    ensure(number !== undefined, "DER_MALFORMED", "a CRL number", "none");
    const scope = parseListScope(extensions.scope, body.issuer);
    let issuer = body.issuer.der;
    const entries = revoked.map(({ serial, revokedAt, extensions: { names, reason, invalidSince } = {} }) => {
      // RFC 5280 §5.3.3: in indirect lists alone; it holds until another entry names another issuer.
      const [named, another] = directoryNames(names ?? []);
      const isNamed = names === undefined || (scope.indirect && named !== undefined && another === undefined);
      ensure(isNamed, "DER_MALFORMED", "one name of an issuer, in indirect lists only");
      issuer = named?.der ?? issuer;
      // RFC 5280 §5.3.1: only a delta takes something back.
      const isLasting = reason !== reasonCodes.removeFromCRL;
      ensure(isLasting || baseNumber !== undefined, "DER_MALFORMED", "removeFromCRL in a delta only");
      return { issuer, serial, revokedAt, reason, invalidSince };
    });
    const authorityKeyIdentifier = extensions.authorityKeyIdentifier?.keyID;
    return { ...body, number, baseNumber, authorityKeyIdentifier, scope, freshestCRL, entries };
  });
}
