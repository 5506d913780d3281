/**
 * X.509 extensions. Every extension is looked at: twice the same one is refused here, and what is critical without being
 * understood (or constrains names or policies) is collected in `refused`, which nobody on a path may have.
 */
import { contextTag, type DERNode, parseDER, tags } from "../encoding/der.js";
import { quote, VerificationError } from "../errors.js";
import { oids } from "./oids.js";

export interface Extensions {
  readonly basicConstraints?: { readonly critical: boolean; readonly ca: boolean; readonly pathLen?: number };
  readonly keyUsage?: { readonly critical: boolean; readonly bits: ReadonlySet<number> };
  readonly extKeyUsage?: { readonly critical: boolean; readonly purposes: readonly string[] };
  readonly subjectKeyIdentifier?: Uint8Array;
  /** The keyIdentifier of it. */
  readonly authorityKeyIdentifier?: Uint8Array;
  /** Extensions that forbid the use of the certificate here. */
  readonly refused: readonly string[];
}

/** Positions in the KeyUsage bit string (RFC 5280 §4.2.1.3). */
export const keyUsageBits = { digitalSignature: 0, nonRepudiation: 1, keyCertSign: 5, crlSign: 6 } as const;

/** Only these may be critical; they are also the only ones whose meaning is judged in full. */
const understood: readonly string[] = [oids.basicConstraints, oids.keyUsage, oids.extKeyUsage];
/** They narrow what a path may contain. Until they are judged, a certificate that has one is not used. */
const constraints: readonly string[] = [
  oids.nameConstraints,
  oids.policyConstraints,
  oids.policyMappings,
  oids.inhibitAnyPolicy,
];

const known: readonly string[] = [...understood, oids.subjectKeyIdentifier, oids.authorityKeyIdentifier];

type Mutable = { -readonly [Key in keyof Extensions]: Extensions[Key] };

/** @throws VerificationError DER_MALFORMED */
export function parseExtensions(nodes: readonly DERNode[]): Extensions {
  if (nodes.length === 0) throw malformed("expected at least one extension, got none");
  const seen = new Set<string>();
  const refused: string[] = [];
  const result: Mutable = { refused };
  for (const node of nodes) {
    const fields = node.fields("an extension");
    const oid = fields.next().oid();
    const criticalNode = fields.optional(tags.boolean);
    const value = fields.next().octets();
    fields.end();
    // RFC 5280 §4.2: not more than one instance of an extension. X.690 §11.5: the default (false) is left out.
    if (seen.has(oid)) throw malformed(`expected each extension once, got ${quote(oid)} twice`);
    if (criticalNode?.boolean() === false) throw malformed("expected no encoding of a default value");
    seen.add(oid);
    const critical = criticalNode !== undefined;
    if (constraints.includes(oid) || (critical && !understood.includes(oid))) refused.push(oid);
    readExtension(result, oid, critical, value);
  }
  return result;
}

/** The values of extensions that we do not know stay closed: some are empty, which is no DER. */
function readExtension(result: Mutable, oid: string, critical: boolean, bytes: Uint8Array): void {
  if (!known.includes(oid)) return;
  const value = parseDER(bytes);
  switch (oid) {
    case oids.basicConstraints: {
      result.basicConstraints = { critical, ...parseBasicConstraints(value) };
      return;
    }
    case oids.keyUsage: {
      const bits = value.namedBits();
      if (bits.size === 0) throw malformed("expected at least one key usage, got none");
      result.keyUsage = { critical, bits };
      return;
    }
    case oids.extKeyUsage: {
      const purposes = value.sequenceOf("key purposes").map((purpose) => purpose.oid());
      if (purposes.length === 0) throw malformed("expected at least one key purpose, got none");
      result.extKeyUsage = { critical, purposes };
      return;
    }
    case oids.subjectKeyIdentifier: {
      result.subjectKeyIdentifier = value.octets();
      return;
    }
    case oids.authorityKeyIdentifier: {
      // Issuer and serial number may follow; the key identifier alone is compared.
      const keyID = value.fields("an authority key identifier").optional(contextTag(0));
      if (keyID !== undefined) result.authorityKeyIdentifier = keyID.content;
      return;
    }
  }
}

function parseBasicConstraints(value: DERNode): { ca: boolean; pathLen?: number } {
  const fields = value.fields("basic constraints");
  const caNode = fields.optional(tags.boolean);
  if (caNode?.boolean() === false) throw malformed("expected no encoding of a default value");
  const pathLen = fields.optional(tags.integer)?.smallInteger();
  fields.end();
  const ca = caNode !== undefined;
  // RFC 5280 §4.2.1.9: pathLenConstraint is for CAs alone.
  if (pathLen !== undefined && !ca) throw malformed("expected a path length in CA certificates only");
  return pathLen === undefined ? { ca } : { ca, pathLen };
}

function malformed(message: string): VerificationError {
  return new VerificationError("DER_MALFORMED", message);
}
