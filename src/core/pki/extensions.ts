/**
 * X.509 extensions, of certificates, lists, their entries and responses: a table says which we know, how each is read and whether it
 * may be critical. Twice the same is refused here; what is critical without being understood is collected in `refused`, which nobody
 * on a path and no list may have.
 */
import * as der from "../encoding/der-schema.js";
import { type DERNode, parseDER, tags } from "../encoding/der.js";
import { parseDistributionPoints } from "./distribution-points.js";
import { ensure } from "./failure.js";
import { parseAlternativeNames, parseGeneralName, parseGeneralNames } from "./general-names.js";
import { parseNameConstraints } from "./name-constraints.js";
import { parsePolicies, parsePolicyConstraints, parsePolicyMappings } from "./policies.js";

/** RFC 5280 says of each extension whether it is critical. */
type Criticality = "critical" | "not critical" | "either";
type Rule<T> = readonly [oid: string, Criticality, read: (value: DERNode, critical: boolean) => T];
type Table = Readonly<Record<string, Rule<unknown>>>;

export interface Judged {
  /** Critical, and not understood or never to be critical. */
  readonly refused: readonly string[];
  /** Not critical though they must be: others than us might not see them. */
  readonly ignorable: readonly string[];
}
type Read<T extends Table> = Judged & { readonly [Name in keyof T]?: ReturnType<T[Name][2]> };

const fields = { oid: der.objectID, critical: der.flag(), value: der.octetString };
const readExtension = der.sequence("an extension", fields);
const readExtensions = der.sequenceOf("extensions", readExtension, 1);

/** A reader of Extensions by this table. */
export function extensionsOf<const T extends Table>(table: T): der.Reader<Read<T>> {
  const rules = new Map(Object.entries(table).map(([name, rule]) => [rule[0], { name, rule }]));
  return (node) => {
    const values: Record<string, unknown> = {};
    const [seen, refused, ignorable]: [Set<string>, string[], string[]] = [new Set(), [], []];
    for (const { oid, critical, value } of readExtensions(node)) {
      // RFC 5280 §4.2: not more than one instance of an extension.
      ensure(!seen.has(oid), "DER_MALFORMED", "each extension once", oid, "twice");
      seen.add(oid);
      const { name = "", rule: [, criticality, read] = [] } = rules.get(oid) ?? {};
      if (critical && (criticality ?? "not critical") === "not critical") refused.push(oid);
      if (!critical && criticality === "critical") ignorable.push(oid);
      // Values of extensions that we do not know stay closed: some are empty, which is no DER.
      if (read !== undefined) values[name] = read(parseDER(value), critical);
    }
    return Object.assign(values as Read<T>, { refused, ignorable });
  };
}

/** The same for lists and responses, which are refused at once. */
export function soundExtensionsOf<const T extends Table>(table: T): der.Reader<Read<T>> {
  const isSound = ({ refused, ignorable }: Judged): boolean => refused.length + ignorable.length === 0;
  return der.where(extensionsOf(table), isSound, "known extensions, critical as they must be");
}

/** Positions in the KeyUsage bit string (RFC 5280 §4.2.1.3). */
export const keyUsageBits = { digitalSignature: 0, nonRepudiation: 1, keyCertSign: 5, crlSign: 6 } as const;

const constraints = { ca: der.flag(), pathLen: der.optional(tags.integer, der.smallInteger) };
const readConstraints = der.where(
  der.sequence("basic constraints", constraints),
  // RFC 5280 §4.2.1.9: pathLenConstraint is for CAs alone.
  ({ ca, pathLen }) => ca || pathLen === undefined,
  "a path length in CA certificates only",
);
const readKeyUsage = der.where(der.namedBits, (bits) => bits.size > 0, "at least one key usage");
const readKeyPurposes = der.sequenceOf("key purposes", der.objectID, 1);
/** The key identifier is compared; issuer and serial number, where they are given, are not. */
export const readAuthorityKeyIdentifier = der.sequence("an authority key identifier", {
  keyID: der.implicit(0, tags.octetString, der.octetString),
  issuer: der.implicit(1, tags.sequence, parseGeneralNames),
  serial: der.implicit(2, tags.integer, der.integer),
});
const readAccess = der.sequence("an access", { method: der.objectID, location: parseGeneralName });
const readAccesses = der.sequenceOf("accesses", readAccess, 1);

/** Of certificates: RFC 5280 §4.2.1, §4.2.2.1; RFC 6960 §4.2.2.2.1. */
export const parseExtensions = extensionsOf({
  subjectKeyIdentifier: ["2.5.29.14", "not critical", der.octetString],
  keyUsage: ["2.5.29.15", "either", (value, critical) => ({ critical, bits: readKeyUsage(value) })],
  subjectAltName: ["2.5.29.17", "not critical", parseAlternativeNames],
  basicConstraints: ["2.5.29.19", "either", (value, critical) => ({ critical, ...readConstraints(value) })],
  nameConstraints: ["2.5.29.30", "critical", parseNameConstraints],
  crlDistributionPoints: ["2.5.29.31", "either", parseDistributionPoints],
  certificatePolicies: ["2.5.29.32", "either", parsePolicies],
  policyMappings: ["2.5.29.33", "either", parsePolicyMappings],
  authorityKeyIdentifier: ["2.5.29.35", "not critical", readAuthorityKeyIdentifier],
  policyConstraints: ["2.5.29.36", "critical", parsePolicyConstraints],
  extKeyUsage: ["2.5.29.37", "either", (value, critical) => ({ critical, purposes: readKeyPurposes(value) })],
  freshestCRL: ["2.5.29.46", "not critical", parseDistributionPoints],
  inhibitAnyPolicy: ["2.5.29.54", "critical", der.smallInteger],
  authorityInfoAccess: ["1.3.6.1.5.5.7.1.1", "not critical", readAccesses],
  ocspNoCheck: ["1.3.6.1.5.5.7.48.1.5", "not critical", der.none],
});

export type Extensions = ReturnType<typeof parseExtensions>;
