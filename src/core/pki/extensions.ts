/**
 * X.509 extensions. Every extension is looked at: twice the same one is refused here, and what is critical without being
 * understood is collected in `refused`, which nobody on a path may have.
 */
import { constructedTag, contextTag, type DERNode, parseDER, tags } from "../encoding/der.js";
import { quote, type VerificationError } from "../errors.js";
import { refusal } from "./failure.js";
import {
  type DistributionPoint,
  type GeneralName,
  parseDistributionPoints,
  parseGeneralName,
  parseAlternativeNames,
  parseGeneralNames,
} from "./general-names.js";
import { type NameConstraints, parseNameConstraints } from "./name-constraints.js";
import { oids } from "./oids.js";
import {
  parsePolicies,
  parsePolicyConstraints,
  parsePolicyMappings,
  type PolicyMapping,
} from "./policies.js";

export interface Extensions {
  readonly basicConstraints?: { readonly critical: boolean; readonly ca: boolean; readonly pathLen?: number };
  readonly keyUsage?: { readonly critical: boolean; readonly bits: ReadonlySet<number> };
  readonly extKeyUsage?: { readonly critical: boolean; readonly purposes: readonly string[] };
  readonly subjectKeyIdentifier?: Uint8Array;
  /** The keyIdentifier of it. */
  readonly authorityKeyIdentifier?: Uint8Array;
  /** The authorityKeyIdentifier also names an issuer and a serial number, or holds no keyIdentifier. */
  readonly authorityOtherwise?: true;
  readonly subjectAltName?: readonly GeneralName[];
  readonly nameConstraints?: NameConstraints;
  /** Policy identifiers; qualifiers decide nothing. */
  readonly certificatePolicies?: readonly string[];
  readonly policyMappings?: readonly PolicyMapping[];
  readonly policyConstraints?: { readonly requireExplicit?: number; readonly inhibitMapping?: number };
  readonly inhibitAnyPolicy?: number;
  readonly crlDistributionPoints?: readonly DistributionPoint[];
  readonly freshestCRL?: readonly DistributionPoint[];
  readonly authorityInfoAccess?: readonly { readonly method: string; readonly location: GeneralName }[];
  /** Extensions that forbid the use of the certificate here. */
  readonly refused: readonly string[];
  /** Constraints that RFC 5280 wants critical and that are not: others than us might not see them. */
  readonly ignorable: readonly string[];
}

/** Positions in the KeyUsage bit string (RFC 5280 §4.2.1.3). */
export const keyUsageBits = { digitalSignature: 0, nonRepudiation: 1, keyCertSign: 5, crlSign: 6 } as const;

/** RFC 5280 §4.2: these may be critical; any other critical extension is one that we do not understand. */
const understood: readonly string[] = [
  ...[oids.basicConstraints, oids.keyUsage, oids.extKeyUsage, oids.nameConstraints, oids.certificatePolicies],
  ...[oids.policyMappings, oids.policyConstraints, oids.inhibitAnyPolicy, oids.crlDistributionPoints],
];
/** RFC 5280 §4.2.1.10, §4.2.1.11, §4.2.1.14: whoever does not understand them must not go on, so they are critical. */
const alwaysCritical: readonly string[] = [
  oids.nameConstraints,
  oids.policyConstraints,
  oids.inhibitAnyPolicy,
];

export type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

/** @throws VerificationError DER_MALFORMED */
export function parseExtensions(nodes: readonly DERNode[]): Extensions {
  if (nodes.length === 0) throw malformed("expected at least one extension, got none");
  const seen = new Set<string>();
  const refused: string[] = [];
  const ignorable: string[] = [];
  const result: Mutable<Extensions> = { refused, ignorable };
  for (const node of nodes) {
    const { oid, critical, bytes } = parseExtension(node);
    // RFC 5280 §4.2: not more than one instance of an extension.
    if (seen.has(oid)) throw malformed(`expected each extension once, got ${quote(oid)} twice`);
    seen.add(oid);
    if (critical && !understood.includes(oid)) refused.push(oid);
    if (!critical && alwaysCritical.includes(oid)) ignorable.push(oid);
    // Values of extensions that we do not know stay closed: some are empty, which is no DER.
    readers.get(oid)?.(result, parseDER(bytes), critical);
  }
  return result;
}

/** One extension, also of a CRL, an OCSP response or their entries. @throws VerificationError DER_MALFORMED */
export function parseExtension(node: DERNode): { oid: string; critical: boolean; bytes: Uint8Array } {
  const fields = node.fields("an extension");
  const oid = fields.next().oid();
  const criticalNode = fields.optional(tags.boolean);
  const bytes = fields.next().octets();
  fields.end();
  // X.690 §11.5: the default (false) is left out.
  if (criticalNode?.boolean() === false) throw malformed("expected no encoding of a default value");
  return { oid, critical: criticalNode !== undefined, bytes };
}

type Reader = (result: Mutable<Extensions>, value: DERNode, critical: boolean) => void;

/** For extensions whose whole value is one field of the result. */
function field<K extends keyof Extensions>(key: K, read: (value: DERNode) => Extensions[K]): Reader {
  return (result, value) => {
    (result as { [Key in K]: Extensions[Key] })[key] = read(value);
  };
}

const readers = new Map<string, Reader>([
  [oids.basicConstraints, readBasicConstraints],
  [oids.keyUsage, readKeyUsage],
  [oids.extKeyUsage, readExtKeyUsage],
  [oids.subjectKeyIdentifier, field("subjectKeyIdentifier", (value) => value.octets())],
  [oids.authorityKeyIdentifier, readAuthorityKeyIdentifier],
  [oids.subjectAltName, field("subjectAltName", parseAlternativeNames)],
  [oids.nameConstraints, field("nameConstraints", parseNameConstraints)],
  [oids.certificatePolicies, field("certificatePolicies", parsePolicies)],
  [oids.policyMappings, field("policyMappings", parsePolicyMappings)],
  [oids.policyConstraints, field("policyConstraints", parsePolicyConstraints)],
  [oids.inhibitAnyPolicy, field("inhibitAnyPolicy", (value) => value.smallInteger())],
  [oids.crlDistributionPoints, field("crlDistributionPoints", parseDistributionPoints)],
  [oids.freshestCRL, field("freshestCRL", parseDistributionPoints)],
  [oids.authorityInfoAccess, readAuthorityInfoAccess],
]);

function readBasicConstraints(result: Mutable<Extensions>, value: DERNode, critical: boolean): void {
  const fields = value.fields("basic constraints");
  const caNode = fields.optional(tags.boolean);
  if (caNode?.boolean() === false) throw malformed("expected no encoding of a default value");
  const pathLen = fields.optional(tags.integer)?.smallInteger();
  fields.end();
  const ca = caNode !== undefined;
  // RFC 5280 §4.2.1.9: pathLenConstraint is for CAs alone.
  if (pathLen !== undefined && !ca) throw malformed("expected a path length in CA certificates only");
  result.basicConstraints = { critical, ca, ...(pathLen !== undefined && { pathLen }) };
}

function readKeyUsage(result: Mutable<Extensions>, value: DERNode, critical: boolean): void {
  const bits = value.namedBits();
  if (bits.size === 0) throw malformed("expected at least one key usage, got none");
  result.keyUsage = { critical, bits };
}

function readExtKeyUsage(result: Mutable<Extensions>, value: DERNode, critical: boolean): void {
  const purposes = value.sequenceOf("key purposes").map((purpose) => purpose.oid());
  if (purposes.length === 0) throw malformed("expected at least one key purpose, got none");
  result.extKeyUsage = { critical, purposes };
}

/** The key identifier alone is compared. */
function readAuthorityKeyIdentifier(result: Mutable<Extensions>, value: DERNode): void {
  const fields = value.fields("an authority key identifier");
  const keyID = fields.optional(contextTag(0));
  const issuer = fields.optional(constructedTag(1));
  if (issuer !== undefined) parseGeneralNames(issuer, issuer.tag);
  const serial = fields.optional(contextTag(2));
  serial?.integerBytes(serial.tag);
  fields.end();
  if (keyID !== undefined) result.authorityKeyIdentifier = keyID.content;
  if (keyID === undefined || issuer !== undefined || serial !== undefined) result.authorityOtherwise = true;
}

function readAuthorityInfoAccess(result: Mutable<Extensions>, value: DERNode): void {
  result.authorityInfoAccess = value.sequenceOf("access descriptions").map((node) => {
    const fields = node.fields("an access description");
    const method = fields.next().oid();
    const location = parseGeneralName(fields.next());
    fields.end();
    return { method, location };
  });
  if (result.authorityInfoAccess.length === 0) throw malformed("expected an access description, got none");
}

const malformed = (message: string): VerificationError => refusal("DER_MALFORMED", message);
