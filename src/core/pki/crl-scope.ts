/** What a revocation list speaks about: issuingDistributionPoint (RFC 5280 §5.2.5) against the distribution points of a certificate. */
import { hexText } from "../encoding/bytes.js";
import { constructedTag, contextTag, type DERNode } from "../encoding/der.js";
import type { Certificate } from "./certificate.js";
import { refusal } from "./failure.js";
import { type DistributionPoint, type GeneralName, parsePointName } from "./general-names.js";
import type { Name } from "./names.js";

/** Positions in ReasonFlags (RFC 5280 §4.2.1.13) that a certificate can be revoked for; position 0 is unused. */
export const allReasons: ReadonlySet<number> = new Set([1, 2, 3, 4, 5, 6, 7, 8]);

export interface ListScope {
  /** Names of the point, in a form that can be compared; empty when the list names none. */
  readonly names: readonly string[];
  readonly only: "all" | "users" | "authorities" | "attributes";
  readonly reasons: ReadonlySet<number>;
  readonly indirect: boolean;
  /** DER of the extension; empty without it. A delta and its base have the same. */
  readonly bytes: Uint8Array;
}

export const wholeScope: ListScope = {
  ...{ names: [], only: "all", reasons: allReasons, indirect: false, bytes: new Uint8Array() },
};

/** A point that a certificate names, or the one that its issuer's own name implies. */
export interface CertificatePoint {
  readonly names: readonly string[];
  readonly reasons: ReadonlySet<number>;
  /** DER of the names that may have signed the list; empty for the issuer of the certificate. */
  readonly issuers: readonly Uint8Array[];
}

/** @throws VerificationError DER_MALFORMED, REVOCATION_MALFORMED */
export function parseListScope(node: DERNode, issuer: Name): ListScope {
  const fields = node.fields("an issuing distribution point");
  const point = parsePointName(fields.optional(constructedTag(0)));
  const flag = (number: number): boolean => {
    const set = fields.optional(contextTag(number))?.boolean(contextTag(number));
    if (set === false) throw refusal("REVOCATION_MALFORMED", "expected no encoding of a default value");
    return set === true;
  };
  const users = flag(1);
  const authorities = flag(2);
  const someReasons = fields.optional(contextTag(3))?.namedBits(contextTag(3));
  const indirect = flag(4);
  const attributes = flag(5);
  fields.end();
  // RFC 5280 §5.2.5: at most one of the three.
  if ([users, authorities, attributes].filter(Boolean).length > 1) {
    throw refusal("REVOCATION_MALFORMED", "expected a list of one kind of certificates, got several");
  }
  const only = users ? "users" : authorities ? "authorities" : attributes ? "attributes" : "all";
  const reasons = someReasons ?? allReasons;
  return { names: pointNames(point, issuer), only, reasons, indirect, bytes: node.bytes };
}

/**
 * RFC 5280 §6.3.3: the points that the certificate names, and after them the one that is implied: a list of the
 * certificate's issuer, wherever it was found.
 */
export function pointsOf({ issuer, extensions }: Certificate): CertificatePoint[] {
  const named = (extensions.crlDistributionPoints ?? []).map((point): CertificatePoint => {
    const issuers = directoryNames(point.crlIssuer);
    const signer = issuers[0] ?? issuer;
    const names = pointNames(point, signer);
    return {
      // RFC 5280 §6.3.3 b 2 i: without a name of its own the point is known by the issuer of its list.
      names: names.length > 0 ? names : issuers.map((name) => directoryKey(name.relativeNames)),
      reasons: point.reasons ?? allReasons,
      issuers: issuers.map(({ der }) => der),
    };
  });
  return [...named, { names: [directoryKey(issuer.relativeNames)], reasons: allReasons, issuers: [] }];
}

/** RFC 5280 §6.3.3 b 2: the list is about this point, and about certificates of this kind. */
export function isInScope(scope: ListScope, point: CertificatePoint, certificate: Certificate): boolean {
  if (scope.names.length > 0 && !scope.names.some((name) => point.names.includes(name))) return false;
  const isAuthority = certificate.extensions.basicConstraints?.ca === true;
  if (scope.only === "users") return !isAuthority;
  return scope.only === "all" || (scope.only === "authorities" && isAuthority);
}

/** The directory names among general names. */
export function directoryNames(names: readonly GeneralName[]): Name[] {
  return names.flatMap(({ name }) => name ?? []);
}

type PointName = Pick<DistributionPoint, "fullName" | "relativeName">;

function pointNames({ fullName, relativeName }: PointName, issuer: Name): string[] {
  if (relativeName === undefined) {
    return fullName.map(({ name, bytes }) =>
      name === undefined ? hexText(bytes) : directoryKey(name.relativeNames),
    );
  }
  // One more relative name below the issuer's; its tag is [1] here and SET there.
  const set = `31${hexText(relativeName.bytes.subarray(1))}`;
  return [`${directoryKey(issuer.relativeNames)}${set}`];
}

const directoryKey = (relativeNames: Uint8Array): string => `name:${hexText(relativeNames)}`;
