/**
 * Certificate revocation lists (RFC 5280 §5), read strictly. Nothing here decides whether one is believed: see revocation.ts.
 * A list with an extension that is critical and not understood, in it or in any entry, is refused when it is read.
 */
import { equalBytes } from "../encoding/bytes.js";
import { constructedTag, contextTag, type DERNode, parseDER, tags } from "../encoding/der.js";
import { quote } from "../errors.js";
import { limits } from "../limits.js";
import { directoryNames, type ListScope, parseListScope, wholeScope } from "./crl-scope.js";
import { parseExtension } from "./extensions.js";
import { refusal, structured } from "./failure.js";
import { parseGeneralNames } from "./general-names.js";
import { type Name, parseName } from "./names.js";

export interface RevokedCertificate {
  /** DER of the certificate's issuer, and the octets of its serial number. */
  readonly issuer: Uint8Array;
  readonly serial: Uint8Array;
  readonly revokedAt: Date;
  /** CRLReason (RFC 5280 §5.3.1); undefined when the list gives none. */
  readonly reason: number | undefined;
  readonly invalidSince: Date | undefined;
}

export interface RevocationList {
  readonly der: Uint8Array;
  readonly tbs: Uint8Array;
  readonly signatureAlgorithm: DERNode;
  readonly signature: Uint8Array;
  readonly issuer: Name;
  readonly thisUpdate: Date;
  readonly nextUpdate: Date;
  readonly number: bigint;
  /** Set in a delta: the number of the complete list that it builds on. */
  readonly baseNumber: bigint | undefined;
  readonly authorityKeyIdentifier: Uint8Array | undefined;
  readonly scope: ListScope;
  readonly entries: readonly RevokedCertificate[];
}

/** RFC 5280 §5.3.1. */
export const reasonCodes = {
  ...{ unspecified: 0, keyCompromise: 1, caCompromise: 2, affiliationChanged: 3, superseded: 4 },
  ...{
    cessationOfOperation: 5,
    certificateHold: 6,
    removeFromCRL: 8,
    privilegeWithdrawn: 9,
    aaCompromise: 10,
  },
} as const;

const oids = {
  authorityKeyIdentifier: "2.5.29.35",
  crlNumber: "2.5.29.20",
  deltaIndicator: "2.5.29.27",
  issuingDistributionPoint: "2.5.29.28",
  reasonCode: "2.5.29.21",
  invalidityDate: "2.5.29.24",
  certificateIssuer: "2.5.29.29",
} as const;

/** @throws VerificationError REVOCATION_MALFORMED, LIMIT_EXCEEDED */
export function parseCRL(der: Uint8Array): RevocationList {
  return structured("REVOCATION_MALFORMED", () => readCRL(parseDER(der, limits.crlBytesMax)));
}

function readCRL(node: DERNode): RevocationList {
  const outer = node.fields("a revocation list");
  const tbs = outer.next();
  const signatureAlgorithm = outer.next();
  const signature = outer.next().bitString();
  outer.end();

  const fields = tbs.fields("a revocation list body");
  // RFC 5280 §5.1.2.1: extensions are there, so the version is 2 (encoded as 1).
  const version = fields.next().smallInteger();
  if (version !== 1) throw malformed(`expected version 2, got ${version + 1}`);
  // RFC 5280 §5.1.1.2: the algorithm is named twice, the same way.
  if (!equalBytes(fields.next().bytes, signatureAlgorithm.bytes)) {
    throw malformed("expected the same signature algorithm twice, got two");
  }
  const issuer = parseName(fields.next());
  const thisUpdate = fields.next().time();
  // RFC 5280 §5.1.2.5: nextUpdate is there; a list that never ends would hide every later one.
  const nextUpdate = fields.next().time();
  const revoked = fields.optional(tags.sequence);
  const extensions = parseListExtensions(fields.next().only("extensions", constructedTag(0)), issuer);
  fields.end();
  // RFC 5280 §5.1.2.6: a list without entries leaves the field out.
  if (revoked?.children.length === 0) throw malformed("expected a revoked certificate, got an empty list");
  return {
    ...{ der: node.bytes, tbs: tbs.bytes, signatureAlgorithm, signature },
    ...{ issuer, thisUpdate, nextUpdate, ...extensions },
    entries: parseEntries(revoked?.children ?? [], issuer, extensions),
  };
}

type ListExtensions = Pick<RevocationList, "number" | "baseNumber" | "authorityKeyIdentifier" | "scope">;

/** RFC 5280 §5.2: crlNumber never critical, deltaCRLIndicator and issuingDistributionPoint always. */
function parseListExtensions(node: DERNode, issuer: Name): ListExtensions {
  const extensions = extensionValues(node, [oids.deltaIndicator, oids.issuingDistributionPoint]);
  const number = extensions.get(oids.crlNumber);
  // RFC 5280 §5.2.3: without a number nobody can tell which list is newer.
  if (number === undefined) throw malformed("expected a CRL number, got none");
  const base = extensions.get(oids.deltaIndicator);
  const scope = extensions.get(oids.issuingDistributionPoint);
  const keyID = extensions
    .get(oids.authorityKeyIdentifier)
    ?.fields("a key identifier")
    .optional(contextTag(0));
  return {
    number: crlNumber(number),
    baseNumber: base === undefined ? undefined : crlNumber(base),
    authorityKeyIdentifier: keyID?.content,
    scope: scope === undefined ? wholeScope : parseListScope(scope, issuer),
  };
}

/** RFC 5280 §5.2.3: up to 20 octets, not negative. */
function crlNumber(node: DERNode): bigint {
  const octets = node.integerBytes();
  if (octets.length > 20 || (octets[0] as number) >= 0x80)
    throw malformed("expected a CRL number of 20 octets");
  return octets.reduce((value, octet) => value * 256n + BigInt(octet), 0n);
}

function parseEntries(
  nodes: readonly DERNode[],
  listIssuer: Name,
  { scope, baseNumber }: ListExtensions,
): RevokedCertificate[] {
  let issuer = listIssuer.der;
  return nodes.map((node) => {
    const fields = node.fields("a revoked certificate");
    const serial = fields.next().integerBytes();
    const revokedAt = fields.next().time();
    const own = fields.optional(tags.sequence);
    fields.end();
    const extensions = own === undefined ? undefined : extensionValues(own, [oids.certificateIssuer]);
    const named = extensions?.get(oids.certificateIssuer);
    if (named !== undefined) {
      // RFC 5280 §5.3.3: in indirect lists alone; it holds until another entry names another issuer.
      if (!scope.indirect) throw malformed("expected a certificate issuer in indirect lists only");
      const [name, ...others] = directoryNames(parseGeneralNames(named));
      if (name === undefined || others.length > 0)
        throw malformed("expected one name of a certificate issuer");
      issuer = name.der;
    }
    const reason = extensions?.get(oids.reasonCode)?.smallInteger(tags.enumerated);
    if (reason !== undefined && !Object.values<number>(reasonCodes).includes(reason)) {
      throw malformed(`expected a known reason, got ${reason}`);
    }
    // RFC 5280 §5.3.1: only a delta takes something back.
    if (reason === reasonCodes.removeFromCRL && baseNumber === undefined) {
      throw malformed("expected removeFromCRL in a delta only");
    }
    const invalidSince = extensions?.get(oids.invalidityDate)?.generalizedTime("whole-seconds");
    return { issuer, serial, revokedAt, reason, invalidSince };
  });
}

const understood: readonly string[] = Object.values(oids);

/** Values by identifier. `critical` are those that must be critical; every other that we read must not be. */
function extensionValues(node: DERNode, critical: readonly string[]): Map<string, DERNode> {
  const values = new Map<string, DERNode>();
  const seen = new Set<string>();
  for (const one of node.sequenceOf("extensions")) {
    const { oid, critical: isCritical, bytes } = parseExtension(one);
    if (seen.has(oid)) throw malformed(`expected each extension once, got ${quote(oid)} twice`);
    seen.add(oid);
    // RFC 5280 §5.2, §5.3: what is critical and not understood refuses the list.
    if (isCritical && !critical.includes(oid)) throw malformed(`expected ${quote(oid)} not to be critical`);
    if (!isCritical && critical.includes(oid)) throw malformed(`expected ${quote(oid)} to be critical`);
    if (understood.includes(oid)) values.set(oid, parseDER(bytes));
  }
  if (seen.size === 0) throw malformed("expected an extension, got none");
  return values;
}

const malformed = (message: string) => refusal("REVOCATION_MALFORMED", message);
