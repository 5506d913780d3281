/**
 * CMS SignedData (RFC 5652 §5), read strictly: one signer, named by issuer and serial, with signed attributes. Nothing here
 * is proven yet; see signed-data.ts.
 */
import { concatBytes, equalBytes } from "../encoding/bytes.js";
import * as der from "../encoding/der-schema.js";
import { constructedTag, type DERNode, parseDER, tags } from "../encoding/der.js";
import { limits } from "../limits.js";
import { parseDigestAlgorithm, readIdentifier } from "./algorithms.js";
import { readCertificate } from "./certificate.js";
import { ensure, structured } from "./failure.js";
import { oids } from "./oids.js";

const { certificatesMax, revocationItemsMax: itemsMax } = limits;
const readSigner = der.sequence("a signer", {
  version: der.smallInteger,
  sid: der.any,
  digestAlgorithm: readIdentifier,
  signedAttributes: der.optional(constructedTag(0), der.any),
  signatureAlgorithm: readIdentifier,
  signature: der.octetString,
  unsignedAttributes: der.optional(constructedTag(1), der.any),
});
const readSignedData = der.sequence("signed data", {
  version: der.smallInteger,
  // SPEC §6.2.2, RFC 5652 §5.1: the list helps one-pass readers; with one signer it says the signer's digest and nothing else.
  announced: der.setOfOne("digest algorithms", readIdentifier),
  encapsulated: der.sequence("encapsulated content", {
    contentType: der.objectID,
    content: der.explicit(0, der.octetString),
  }),
  certificates: der.optional(constructedTag(0), der.any),
  revocation: der.implicit(1, tags.set, der.setOf("revocation data", der.encoding, 0, itemsMax)),
  signer: der.setOfOne("signers", readSigner),
});
const readContentInfo = der.sequence("a content info", {
  type: der.where(der.objectID, (type) => type === oids.signedData, "signed data"),
  content: der.required(der.explicit(0, readSignedData)),
});
const readSid = der.sequence("an issuer and serial number", {
  issuer: (node) => node.expect(tags.sequence, "an issuer").bytes,
  serial: der.integer,
});
const readValue = der.setOfOne("attribute values", der.any);
const readAttribute = der.sequence("an attribute", { type: der.objectID, value: readValue });
const readAttributes = der.setOf("attributes", readAttribute, 1);

/** The form of every SignedData that we take; what it must hold beyond that is the caller's. @throws VerificationError DER_MALFORMED */
export const readForm = (bytes: Uint8Array) => readContentInfo(parseDER(bytes)).content;

/** Attribute values by type; every attribute has one value. */
export type Attributes = ReadonlyMap<string, DERNode>;
export type Signer = ReturnType<typeof parseSigner>;
export type SignedData = ReturnType<typeof parseSignedData>;

/** @throws VerificationError CMS_MALFORMED, _SIGNED_ATTRIBUTES_MISSING, _ATTRIBUTES_INVALID, _ALGORITHM, LIMIT_EXCEEDED */
export function parseSignedData(bytes: Uint8Array) {
  return structured("CMS_MALFORMED", () => {
    const { version, announced, encapsulated, signer: fields, ...data } = readForm(bytes);
    const { revocation = [] } = data;
    // SPEC §6.2.1, RFC 5652 §5.1: given what else we allow, 5 with an OCSP response among the revocation data, else 1 for plain
    // data, 3 for any other type.
    const withResponse = revocation.some(([tag]) => tag !== tags.sequence);
    const expected = withResponse ? 5 : encapsulated.contentType === oids.data ? 1 : 3;
    ensure(version === expected, "DER_MALFORMED", `version ${expected}`, version);
    // RFC 5652 §5.3: version 1 goes with issuer and serial number.
    ensure(fields.version === 1, "DER_MALFORMED", "signer version 1", fields.version);
    const { issuer, serial } = readSid(fields.sid);
    const hash = parseDigestAlgorithm(fields.digestAlgorithm, "CMS_ALGORITHM");
    const isSame = parseDigestAlgorithm(announced, "CMS_ALGORITHM") === hash;
    ensure(isSame, "CMS_ALGORITHM", "the signer's digest algorithm");
    const certificates = data.certificates?.children ?? [];
    const count = certificates.length;
    ensure(count <= certificatesMax, "LIMIT_EXCEEDED", `at most ${certificatesMax} certificates`, count);
    // RFC 5652 §10.2.1: ascending, so that no order and no repetition makes another file of the same signature.
    const isTwice = revocation.some((one, i) => i > 0 && equalBytes(one, revocation[i - 1] as Uint8Array));
    ensure(!isTwice, "DER_MALFORMED", "each item of revocation data once", "one twice");
    return {
      ...encapsulated,
      /** Their order means nothing: real authorities send them in any. */
      certificates: certificates.map(readCertificate),
      /** As it came. */
      revocation,
      /** `issuer` is the DER of a name, `serial` the octets of a number. */
      signer: { issuer, serial, hash, ...parseSigner(fields) },
    };
  });
}

/** What the signed attributes of any signer are held against. */
export function parseSigner(fields: ReturnType<typeof readSigner>) {
  const {
    digestAlgorithm,
    signatureAlgorithm,
    signature,
    signedAttributes: node,
    unsignedAttributes,
  } = fields;
  // SPEC §6.2.4: a signature over bare content could be passed off as another protocol's, or attributes as content. Never accepted.
  ensure(node !== undefined, "CMS_SIGNED_ATTRIBUTES_MISSING", "signed attributes", "none");
  return {
    ...{ digestAlgorithm, signatureAlgorithm, signature, signedAttributes: parseAttributes(node) },
    /** What the signature covers. RFC 5652 §5.4: the attributes as SET OF (0x31), not as [0]. */
    signedBytes: concatBytes(Uint8Array.of(tags.set), node.bytes.subarray(1)),
    unsignedAttributes: unsignedAttributes === undefined ? new Map() : parseAttributes(unsignedAttributes),
  };
}

/** SPEC §6.3.1, RFC 5652 §5.3, §11: sorted, each type once; every attribute that we know has one value. */
function parseAttributes(node: DERNode): Attributes {
  return structured("CMS_ATTRIBUTES_INVALID", () => {
    const attributes = new Map<string, DERNode>();
    for (const { type, value } of readAttributes(node.as(node.tag, tags.set))) {
      ensure(!attributes.has(type), "DER_MALFORMED", "each attribute once", type, "twice");
      attributes.set(type, value);
    }
    return attributes;
  });
}
