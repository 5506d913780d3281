/**
 * Which list speaks about which certificate: issuingDistributionPoint of a list (RFC 5280 §5.2.5) against the distribution points of
 * a certificate (§4.2.1.13). Names of points are compared as texts that are equal only if the names are.
 */
import { hexText } from "../encoding/bytes.js";
import * as der from "../encoding/der-schema.js";
import { type DERNode, tags } from "../encoding/der.js";
import type { Certificate } from "./certificate.js";
import { ensure } from "./failure.js";
import { directoryNames, type GeneralName, parseGeneralNames } from "./general-names.js";
import type { Name } from "./names.js";

/** Positions in ReasonFlags (RFC 5280 §4.2.1.13) that a certificate can be revoked for; position 0 is unused. */
export const allReasons: ReadonlySet<number> = new Set([1, 2, 3, 4, 5, 6, 7, 8]);

/** Either one; `relativeName` is a RelativeDistinguishedName below the issuer of the list, with its tag [1]. */
export interface PointName {
  readonly fullName?: readonly GeneralName[];
  readonly relativeName?: DERNode;
}
const readPointName = der.choice("a distribution point name", {
  fullName: der.implicit(0, tags.sequence, parseGeneralNames),
  relativeName: der.implicit(1, tags.set, (node) => node.setOf("a relative name") && node),
});
const pointName = der.explicit<PointName>(0, readPointName);
const readScope = der.sequence("an issuing distribution point", {
  point: pointName,
  users: der.flag(1),
  authorities: der.flag(2),
  reasons: der.implicit(3, tags.bitString, der.namedBits),
  indirect: der.flag(4),
  attributes: der.flag(5),
});
const readPoint = der.sequence("a distribution point", {
  point: pointName,
  /** Positions in ReasonFlags; undefined for all reasons. */
  reasons: der.implicit(1, tags.bitString, der.namedBits),
  /** Who signs the list, when it is not the issuer of the certificate. */
  crlIssuer: der.implicit(2, tags.sequence, parseGeneralNames),
});
export type DistributionPoint = ReturnType<typeof readPoint>;
const readNamedPoint = der.where(
  readPoint,
  // RFC 5280 §4.2.1.13: not reasons alone.
  ({ point, crlIssuer }) => (point ?? crlIssuer) !== undefined,
  "a name or an issuer in a distribution point",
);
export const parseDistributionPoints = der.sequenceOf("distribution points", readNamedPoint, 1);

/** What a list speaks about. */
export interface ListScope {
  /** Names of the point; empty when the list names none. */
  readonly names: readonly string[];
  readonly only: "all" | "users" | "authorities" | "attributes";
  readonly reasons: ReadonlySet<number>;
  readonly indirect: boolean;
  /** DER of the extension; empty without it. A delta and its base have the same. */
  readonly bytes: Uint8Array;
}

const whole: ListScope = {
  ...{ names: [], only: "all", reasons: allReasons, indirect: false, bytes: new Uint8Array() },
};
const kindNames = ["users", "authorities", "attributes"] as const;

/** Of a list without the extension: everything that its issuer issued. @throws VerificationError DER_MALFORMED */
export function parseListScope(node: DERNode | undefined, issuer: Name): ListScope {
  if (node === undefined) return whole;
  const { point = {}, reasons = allReasons, indirect, ...kinds } = readScope(node);
  const [only = "all", ...others] = kindNames.filter((kind) => kinds[kind]);
  // RFC 5280 §5.2.5: at most one of the three.
  ensure(others.length === 0, "DER_MALFORMED", "a list of one kind of certificates", "one of several");
  return { names: namesOf(point, issuer), only, reasons, indirect, bytes: node.bytes };
}

/** A point that a certificate names, or the one that its issuer's own name implies. */
export interface CertificatePoint {
  readonly names: readonly string[];
  readonly reasons: ReadonlySet<number>;
  /** DER of the names that may have signed the list; empty for the issuer of the certificate. */
  readonly issuers: readonly Uint8Array[];
}

/** RFC 5280 §6.3.3: the points that it names, and then the implied one: a list of its issuer, wherever it was found. */
export function pointsOf({ issuer, extensions }: Certificate): CertificatePoint[] {
  const { crlDistributionPoints = [] } = extensions;
  const named = crlDistributionPoints.map(({ point = {}, reasons = allReasons, crlIssuer = [] }) => {
    const issuers = directoryNames(crlIssuer);
    const own = namesOf(point, issuers[0] ?? issuer);
    // RFC 5280 §6.3.3 b 2 i: without a name of its own the point is known by the issuer of its list.
    const names = own.length > 0 ? own : issuers.map(directoryKey);
    return { names, reasons, issuers: issuers.map(({ der }) => der) };
  });
  return [...named, { names: [directoryKey(issuer)], reasons: allReasons, issuers: [] }];
}

/** RFC 5280 §6.3.3 b 2: the list is about this point, and about certificates of this kind. */
export function isInScope(scope: ListScope, point: CertificatePoint, certificate: Certificate): boolean {
  const isPoint = scope.names.length === 0 || scope.names.some((name) => point.names.includes(name));
  const kind = certificate.extensions.basicConstraints?.ca === true ? "authorities" : "users";
  return isPoint && (scope.only === "all" || scope.only === kind);
}

function namesOf({ fullName = [], relativeName }: PointName, issuer: Name): string[] {
  // One more relative name below the issuer's; its tag is [1] where it stands and SET in a name.
  if (relativeName) return [`${directoryKey(issuer)}31${hexText(relativeName.bytes.subarray(1))}`];
  return fullName.map(({ name, bytes }) => (name === undefined ? hexText(bytes) : directoryKey(name)));
}

const directoryKey = ({ relativeNames }: Name): string => `name:${hexText(relativeNames)}`;
