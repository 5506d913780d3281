/** Builds a CMS SignedData with one signer and signed attributes; never without them, because bare content could be replayed. */
import type * as asn1js from "asn1js";
import * as pkijs from "pkijs";
import { compareBytes } from "../core/encoding/bytes.js";
import { sha256 } from "../core/encoding/sha256.js";
import { UsageError } from "../core/errors.js";
import { type IssuingKey, sha256Identifier, signatureIdentifier } from "./algorithms.js";
import {
  copied,
  encoded,
  integer,
  objectID,
  octetString,
  sequence,
  setOf,
  spliced,
  tagged,
  time,
  type Value,
} from "./asn1.js";

export interface SignedDataInput {
  readonly contentType: string;
  /** Embedded when given. */
  readonly content: Uint8Array | undefined;
  readonly contentSha256: Uint8Array;
  readonly key: IssuingKey;
  /** Leaf first, DER. */
  readonly chain: readonly Uint8Array[];
  /** Whether the certificates travel along. */
  readonly certificates: "included" | "left-out";
  readonly signingTime: Date;
  /** More signed attributes: type and value. */
  readonly attributes?: readonly (readonly [string, Value])[];
  /** Asked for the unsigned attributes once the signature is made. */
  readonly unsigned?: (signature: Uint8Array) => Promise<readonly (readonly [string, Value])[]>;
  /** Asked last: revocation data that travel along, lists or RFC 5652 §10.2.1 choices, DER. */
  readonly revocation?: () => Promise<readonly Uint8Array[]>;
}

const oids = {
  data: "1.2.840.113549.1.7.1",
  signedData: "1.2.840.113549.1.7.2",
  contentType: "1.2.840.113549.1.9.3",
  messageDigest: "1.2.840.113549.1.9.4",
  signingTime: "1.2.840.113549.1.9.5",
  signingCertificateV2: "1.2.840.113549.1.9.16.2.47",
  algorithmProtection: "1.2.840.113549.1.9.52",
} as const;

/** DER of the ContentInfo. */
export async function buildSignedData(input: SignedDataInput): Promise<Uint8Array<ArrayBuffer>> {
  const [leaf] = input.chain;
  if (leaf === undefined) throw new UsageError("USAGE", "expected a certificate chain, got none");
  const certificate = parsed(leaf);
  const identifier = signatureIdentifier(input.key.scheme);
  const attributes = await signedAttributes(input, leaf, certificate, identifier);
  // RFC 5652 §5.4: what is signed is the DER of the attributes as SET OF.
  const signature = await input.key.sign(encoded(setOf(...attributes.map((one) => one.toSchema()))));
  const unsigned = ((await input.unsigned?.(signature)) ?? []).map(attribute);
  const { issuer, serialNumber } = certificate;
  const signer = new pkijs.SignerInfo({
    version: 1,
    sid: new pkijs.IssuerAndSerialNumber({ issuer, serialNumber }),
    digestAlgorithm: algorithm(sha256Identifier()),
    signedAttrs: new pkijs.SignedAndUnsignedAttributes({ type: 0, attributes }),
    signatureAlgorithm: algorithm(identifier),
    signature: octetString(signature),
  });
  if (unsigned.length > 0) {
    signer.unsignedAttrs = new pkijs.SignedAndUnsignedAttributes({ type: 1, attributes: unsigned });
  }
  const signedData = new pkijs.SignedData({
    digestAlgorithms: [algorithm(sha256Identifier())],
    encapContentInfo: encapsulated(input),
    signerInfos: [signer],
  });
  if (input.certificates === "included") {
    signedData.certificates = [...input.chain].sort(compareBytes).map(parsed);
  }
  const content = signedData.toSchema();
  const revocation = [...((await input.revocation?.()) ?? [])].sort(compareBytes);
  if (revocation.length > 0) {
    // RFC 5652 §5.1: `crls` stands before the signers, the last field. Spliced in, because the library encodes lists anew.
    content.valueBlock.value.splice(-1, 0, tagged(1, ...revocation.map(spliced)));
  }
  // RFC 5652 §5.1: whoever reads it should know that there are other data than lists.
  if (revocation.some(([tag]) => tag !== 0x30)) content.valueBlock.value[0] = integer(5);
  const contentInfo = new pkijs.ContentInfo({ contentType: oids.signedData, content });
  return encoded(contentInfo.toSchema());
}

/** The content is set afterwards: the constructor would cut it into the chunks of BER. */
function encapsulated({ contentType, content }: SignedDataInput): pkijs.EncapsulatedContentInfo {
  const info = new pkijs.EncapsulatedContentInfo({ eContentType: contentType });
  if (content !== undefined) info.eContent = octetString(content);
  return info;
}

async function signedAttributes(
  input: SignedDataInput,
  leaf: Uint8Array,
  certificate: pkijs.Certificate,
  identifier: asn1js.AsnType,
): Promise<pkijs.Attribute[]> {
  // RFC 6211 §3: both algorithms, under the signature.
  const protection = sequence(
    sha256Identifier(),
    tagged(1, ...(identifier as asn1js.Sequence).valueBlock.value),
  );
  const all: (readonly [string, Value])[] = [
    [oids.contentType, objectID(input.contentType)],
    [oids.messageDigest, octetString(input.contentSha256)],
    [oids.signingTime, time(input.signingTime)],
    [oids.signingCertificateV2, await signingCertificate(leaf, certificate)],
    [oids.algorithmProtection, protection],
    ...(input.attributes ?? []),
  ];
  // The library does not sort a SET OF.
  return all.map(attribute).sort((a, b) => compareBytes(encoded(a.toSchema()), encoded(b.toSchema())));
}

/** RFC 5035 §3: the certificate's SHA-256 (the default, so its name is left out), issuer and serial number. */
async function signingCertificate(leaf: Uint8Array, certificate: pkijs.Certificate): Promise<Value> {
  const issuer = sequence(tagged(4, certificate.issuer.toSchema()));
  const identifier = sequence(octetString(await sha256(leaf)), sequence(issuer, certificate.serialNumber));
  return sequence(sequence(identifier));
}

const attribute = ([type, value]: readonly [string, Value]): pkijs.Attribute =>
  new pkijs.Attribute({ type, values: [value] });
const algorithm = (schema: Value): pkijs.AlgorithmIdentifier => new pkijs.AlgorithmIdentifier({ schema });
const parsed = (der: Uint8Array): pkijs.Certificate => pkijs.Certificate.fromBER(copied(der));
