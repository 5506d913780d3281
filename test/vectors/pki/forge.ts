/** Builds CMS SignedData with a knob for every part, so that a lie can be told anywhere. Tests only. */
import { createHash } from "node:crypto";
import * as pkijs from "pkijs";
import { type IssuingKey, sha256Identifier, signatureIdentifier } from "../../../src/issuing/algorithms.js";
import {
  derSorted,
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
} from "../../../src/issuing/asn1.js";

export const types = {
  data: "1.2.840.113549.1.7.1",
  signedData: "1.2.840.113549.1.7.2",
  timestampInfo: "1.2.840.113549.1.9.16.1.4",
  contentType: "1.2.840.113549.1.9.3",
  messageDigest: "1.2.840.113549.1.9.4",
  signingTime: "1.2.840.113549.1.9.5",
  signingCertificateV2: "1.2.840.113549.1.9.16.2.47",
  algorithmProtection: "1.2.840.113549.1.9.52",
  timestampToken: "1.2.840.113549.1.9.16.2.14",
} as const;

export type AttributeList = readonly (readonly [type: string, ...values: Value[]])[];

export interface Forgery {
  readonly key: IssuingKey;
  /** Named by the signer, and by the signing-certificate attribute. */
  readonly certificate: Uint8Array;
  readonly certificates: readonly Uint8Array[];
  readonly content: Uint8Array;
  readonly embedded?: boolean;
  readonly contentType?: string;
  readonly signingTime: Date;
  readonly version?: number;
  readonly signerVersion?: number;
  readonly sid?: Value;
  readonly digestAlgorithm?: Value;
  readonly announced?: readonly Value[];
  readonly signatureAlgorithm?: Value;
  readonly essCertificate?: Uint8Array;
  /** What to make of the good attributes; "none" signs the content itself. */
  readonly attributes?: ((good: AttributeList) => AttributeList) | "none";
  readonly order?: "sorted" | "as-given";
  readonly signature?: (good: Uint8Array) => Uint8Array;
  readonly unsigned?: (signature: Uint8Array) => Promise<AttributeList>;
  readonly signers?: (good: Value) => readonly Value[];
  readonly revocation?: readonly Value[];
}

export const sha256 = (bytes: Uint8Array): Uint8Array => createHash("sha256").update(bytes).digest();

export async function forgeSignedData(forgery: Forgery): Promise<Uint8Array> {
  const { contentType = types.data, unsigned } = forgery;
  const digestAlgorithm = forgery.digestAlgorithm ?? sha256Identifier();
  const good = goodAttributes(forgery, contentType);
  const attributes = forgery.attributes === "none" ? undefined : (forgery.attributes?.(good) ?? good);
  const values = attributes?.map(attribute) ?? [];
  const ordered = forgery.order === "as-given" ? values : derSorted(values);
  // `setOf` sorts; where the order is the lie, the signature covers the unsorted set.
  const signedSet = encoded(tagged(0, ...ordered));
  const made = await forgery.key.sign(
    attributes === undefined ? forgery.content : Uint8Array.of(0x31, ...signedSet.subarray(1)),
  );
  const signature = forgery.signature?.(made) ?? made;
  const outside = (await unsigned?.(signature)) ?? [];
  const signer = sequence(
    integer(forgery.signerVersion ?? 1),
    forgery.sid ?? issuerAndSerial(forgery.certificate),
    digestAlgorithm,
    ...(attributes === undefined ? [] : [tagged(0, ...ordered)]),
    forgery.signatureAlgorithm ?? signatureIdentifier(forgery.key.scheme),
    octetString(signature),
    ...(outside.length === 0 ? [] : [tagged(1, ...derSorted(outside.map(attribute)))]),
  );
  const content = forgery.embedded === true ? [tagged(0, octetString(forgery.content))] : [];
  // RFC 5652 §5.1
  const hasOthers = forgery.revocation?.some((one) => encoded(one)[0] !== 0x30) === true;
  const version = hasOthers ? 5 : contentType === types.data ? 1 : 3;
  const signedData = sequence(
    integer(forgery.version ?? version),
    setOf(...(forgery.announced ?? [digestAlgorithm])),
    sequence(objectID(contentType), ...content),
    tagged(0, ...derSorted(forgery.certificates.map(spliced))),
    ...(forgery.revocation === undefined ? [] : [tagged(1, ...forgery.revocation)]),
    setOf(...(forgery.signers?.(signer) ?? [signer])),
  );
  return encoded(sequence(objectID(types.signedData), tagged(0, signedData)));
}

function goodAttributes(forgery: Forgery, contentType: string): AttributeList {
  return [
    [types.contentType, objectID(contentType)],
    [types.messageDigest, octetString(sha256(forgery.content))],
    [types.signingTime, time(forgery.signingTime)],
    [types.signingCertificateV2, signingCertificate(forgery.essCertificate ?? forgery.certificate)],
  ];
}

const parsed = (der: Uint8Array): pkijs.Certificate => pkijs.Certificate.fromBER(Uint8Array.from(der).buffer);

export function issuerAndSerial(der: Uint8Array): Value {
  const { issuer, serialNumber } = parsed(der);
  return sequence(issuer.toSchema(), serialNumber);
}

/** RFC 5035 §4: the hash of one certificate, with the issuer and serial number of `named`. */
export function signingCertificate(der: Uint8Array, named = der): Value {
  const { issuer, serialNumber } = parsed(named);
  const name = sequence(sequence(tagged(4, issuer.toSchema())), serialNumber);
  return sequence(sequence(sequence(octetString(sha256(der)), name)));
}

const attribute = ([type, ...values]: readonly [string, ...Value[]]): Value =>
  sequence(objectID(type), setOf(...values));
