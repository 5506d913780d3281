/**
 * CMS SignedData (RFC 5652 §5), read strictly: one signer, named by issuer and serial, with signed attributes. Nothing here
 * is proven yet; see signed-data.ts.
 */
import { concatBytes, equalBytes } from "../encoding/bytes.js";
import { constructedTag, type DERNode, parseDER, tags } from "../encoding/der.js";
import { type ErrorCode, quote } from "../errors.js";
import { limits } from "../limits.js";
import { type HashName, parseDigestAlgorithm } from "./algorithms.js";
import { type Certificate, readCertificate } from "./certificate.js";
import { refusal, structured } from "./failure.js";
import { oids } from "./oids.js";

export interface SignedData {
  readonly contentType: string;
  /** The embedded content, if there is any. */
  readonly content: Uint8Array | undefined;
  readonly certificates: readonly Certificate[];
  /** Revocation data, as it came. */
  readonly revocation: readonly Uint8Array[];
  readonly signer: SignerInfo;
}

/** Attribute values by type; every attribute has one value. */
export type Attributes = ReadonlyMap<string, DERNode>;

export interface SignerInfo {
  /** DER of the issuer's name, and the octets of the serial number. */
  readonly issuer: Uint8Array;
  readonly serial: Uint8Array;
  readonly hash: HashName;
  readonly digestAlgorithm: DERNode;
  readonly signedAttributes: Attributes;
  /** What the signature covers. */
  readonly signedBytes: Uint8Array;
  readonly signatureAlgorithm: DERNode;
  readonly signature: Uint8Array;
  readonly unsignedAttributes: Attributes;
}

/** @throws VerificationError CMS_MALFORMED, _SIGNED_ATTRIBUTES_MISSING, _ATTRIBUTES_INVALID, _ALGORITHM, LIMIT_EXCEEDED */
export function parseSignedData(bytes: Uint8Array): SignedData {
  return structured("CMS_MALFORMED", () => {
    const contentInfo = parseDER(bytes).fields("a content info");
    if (contentInfo.next().oid() !== oids.signedData) throw refusal("CMS_MALFORMED", "expected signed data");
    const fields = contentInfo.next().only("a content", constructedTag(0)).fields("signed data");
    contentInfo.end();

    const version = fields.next().smallInteger();
    const digestAlgorithms = fields.next().setOf("digest algorithms");
    const { contentType, content } = parseContent(fields.next());
    const certificates = parseCertificates(fields.optional(constructedTag(0)));
    const revocation = parseRevocation(fields.optional(constructedTag(1)));
    const signers = fields.next().setOf("signers");
    fields.end();

    // SPEC §6.2.1, RFC 5652 §5.1: given what else we allow, 5 with an OCSP response among the revocation data, else 1 for plain data, 3
    // for any other type.
    const withResponse = revocation.some(([tag]) => tag !== tags.sequence);
    const expected = withResponse ? 5 : contentType === oids.data ? 1 : 3;
    if (version !== expected) throw refusal("CMS_MALFORMED", `expected version ${expected}, got ${version}`);
    const [node, ...others] = signers;
    if (node === undefined || others.length > 0) {
      throw refusal("CMS_MALFORMED", `expected one signer, got ${signers.length}`);
    }
    const signer = parseSignerInfo(node);
    // SPEC §6.2.2, RFC 5652 §5.1: the list helps one-pass readers; with one signer it says the signer's digest and nothing else.
    const [announced, ...more] = digestAlgorithms;
    if (announced === undefined || more.length > 0) {
      throw refusal("CMS_MALFORMED", `expected one digest algorithm, got ${digestAlgorithms.length}`);
    }
    if (parseDigestAlgorithm(announced, "CMS_ALGORITHM") !== signer.hash) {
      throw refusal("CMS_ALGORITHM", "expected the signer's digest algorithm, got another");
    }
    return { contentType, content, certificates, revocation, signer };
  });
}

function parseContent(node: DERNode): { contentType: string; content: Uint8Array | undefined } {
  const fields = node.fields("encapsulated content");
  const contentType = fields.next().oid();
  const content = fields.optional(constructedTag(0))?.only("a content").octets();
  fields.end();
  return { contentType, content };
}

/** The order of the certificates means nothing: real authorities send them in any. */
function parseCertificates(node: DERNode | undefined): readonly Certificate[] {
  const choices = node?.children ?? [];
  if (choices.length > limits.certificatesMax) {
    throw refusal(
      "LIMIT_EXCEEDED",
      `expected at most ${limits.certificatesMax} certificates, got ${choices.length}`,
    );
  }
  return choices.map(readCertificate);
}

/** RFC 5652 §10.2.1, a SET OF: ascending, so that no order and no repetition makes another file of the same signature. */
function parseRevocation(node: DERNode | undefined): readonly Uint8Array[] {
  const choices = node?.setOf("revocation data", constructedTag(1)).map(({ bytes }) => bytes) ?? [];
  if (choices.length > limits.revocationItemsMax) {
    const expected = `expected at most ${limits.revocationItemsMax} items of revocation data`;
    throw refusal("LIMIT_EXCEEDED", `${expected}, got ${choices.length}`);
  }
  if (choices.some((bytes, i) => i > 0 && equalBytes(bytes, choices[i - 1] as Uint8Array))) {
    throw refusal("CMS_MALFORMED", "expected each item of revocation data once, got one twice");
  }
  return choices;
}

function parseSignerInfo(node: DERNode): SignerInfo {
  const fields = node.fields("a signer");
  // RFC 5652 §5.3: version 1 goes with issuer and serial number.
  const version = fields.next().smallInteger();
  if (version !== 1) throw refusal("CMS_MALFORMED", `expected signer version 1, got ${version}`);
  const sid = fields.next().fields("an issuer and serial number");
  const issuer = sid.next().expect(tags.sequence, "an issuer").bytes;
  const serial = sid.next().integerBytes();
  sid.end();
  const digestAlgorithm = fields.next();
  const hash = parseDigestAlgorithm(digestAlgorithm, "CMS_ALGORITHM");
  const signedNode = fields.optional(constructedTag(0));
  const signatureAlgorithm = fields.next();
  const signature = fields.next().octets();
  const unsignedNode = fields.optional(constructedTag(1));
  fields.end();
  // SPEC §6.2.4: a signature over bare content could be passed off as another protocol's, or attributes as content. Never accepted.
  if (signedNode === undefined) {
    throw refusal("CMS_SIGNED_ATTRIBUTES_MISSING", "expected signed attributes, got none");
  }
  return {
    ...{ issuer, serial, hash, digestAlgorithm, signatureAlgorithm, signature },
    signedAttributes: parseAttributes(signedNode, "CMS_ATTRIBUTES_INVALID"),
    // RFC 5652 §5.4: the signature covers the attributes as SET OF (0x31), not as [0].
    signedBytes: concatBytes(Uint8Array.of(tags.set), signedNode.bytes.subarray(1)),
    unsignedAttributes:
      unsignedNode === undefined ? new Map() : parseAttributes(unsignedNode, "CMS_ATTRIBUTES_INVALID"),
  };
}

/** SPEC §6.3.1, RFC 5652 §5.3, §11: sorted, each type once; every attribute that we know has one value. */
export function parseAttributes(node: DERNode, code: ErrorCode): Attributes {
  return structured(code, () => {
    const attributes = new Map<string, DERNode>();
    const set = node.setOf("attributes", node.tag);
    if (set.length === 0) throw refusal(code, "expected attributes, got an empty set");
    for (const attribute of set) {
      const fields = attribute.fields("an attribute");
      const type = fields.next().oid();
      const values = fields.next();
      fields.end();
      if (attributes.has(type)) throw refusal(code, `expected each attribute once, got ${quote(type)} twice`);
      attributes.set(type, values.only("attribute values", tags.set));
    }
    return attributes;
  });
}
