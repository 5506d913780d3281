/**
 * The signature of a SignedData, and what its signed attributes bind: type, digest, certificate, algorithms. What is proven
 * here is "the key in this certificate signed this content"; who that is, the path decides.
 */
import { equalBytes } from "../encoding/bytes.js";
import * as der from "../encoding/der-schema.js";
import { tags } from "../encoding/der.js";
import {
  digest,
  isSignatureOf,
  parseDigestAlgorithm,
  parseSignatureAlgorithm,
  readIdentifier,
} from "./algorithms.js";
import type { Certificate } from "./certificate.js";
import type { SignedData, Signer } from "./cms.js";
import { ensure, structured } from "./failure.js";
import { oids } from "./oids.js";

/**
 * `contentDigest` is made with the signer's hash, over the content that the caller holds.
 *
 * @throws VerificationError CMS_SIGNER_NOT_FOUND, _ATTRIBUTES_INVALID, _DIGEST_MISMATCH, _CERTIFICATE_MISMATCH, _ALGORITHM,
 * _SIGNATURE_INVALID
 */
export async function verifySignedData(data: SignedData, contentDigest: Uint8Array): Promise<Certificate> {
  const { signer } = data;
  const certificate = signerCertificate(data);
  requireContentType(signer, data.contentType);
  requireMessageDigest(signer, contentDigest);
  await requireSigningCertificate(signer, certificate);
  requireAlgorithmProtection(signer);
  await requireSignature(signer, certificate);
  return certificate;
}

/** SPEC §6.3.6: by the signer's own words, never by position: authorities send certificates in any order. */
function signerCertificate({ certificates, signer }: SignedData): Certificate {
  const [certificate, another] = certificates.filter((one) => isNamedBy(one, signer));
  const isOne = certificate !== undefined && another === undefined;
  ensure(isOne, "CMS_SIGNER_NOT_FOUND", "one certificate of the signer", "none or several");
  return certificate;
}

type IssuerSerial = Readonly<Record<"issuer" | "serial", Uint8Array>>;
const isNamedBy = (certificate: Certificate, { issuer, serial }: IssuerSerial): boolean =>
  equalBytes(certificate.issuer.der, issuer) && equalBytes(certificate.serial, serial);

/** The value of a signed attribute. */
function attribute<T>({ signedAttributes }: Signer, type: string, name: string, read: der.Reader<T>): T {
  const value = signedAttributes.get(type);
  ensure(value !== undefined, "CMS_ATTRIBUTES_INVALID", `the signed attribute ${name}`, "none");
  return structured("CMS_ATTRIBUTES_INVALID", () => read(value));
}

/** SPEC §6.3.2, RFC 5652 §11.1: the attribute repeats the type of the content. */
export function requireContentType(signer: Signer, contentType: string): void {
  const signed = attribute(signer, oids.contentType, "content-type", der.objectID);
  const isSame = signed === contentType;
  ensure(isSame, "CMS_ATTRIBUTES_INVALID", `content type ${contentType}`, signed);
}

/** RFC 5652 §11.2, compared without an early exit. */
export function requireMessageDigest(signer: Signer, contentDigest: Uint8Array): void {
  const signed = attribute(signer, oids.messageDigest, "message-digest", der.octetString);
  const isSame = equalBytes(signed, contentDigest);
  ensure(isSame, "CMS_DIGEST_MISMATCH", "a signature over this content", "one over other content");
}

/** RFC 5035 §4. The issuer is one directory name. */
const readIssuerSerial = der.sequence("an issuer and serial number", {
  issuer: (node) => der.required(der.explicit(4, der.encoding))(node.only("issuer names", tags.sequence)),
  serial: der.integer,
});
const readCertID = der.sequence("a certificate identifier", {
  algorithm: der.optional(tags.sequence, readIdentifier),
  hash: der.octetString,
  issuerSerial: der.optional(tags.sequence, readIssuerSerial),
});
const readSigningCertificate = der.sequence("a signing certificate", {
  identifiers: der.sequenceOf("certificate identifiers", readCertID, 1),
  policies: der.optional(tags.sequence, der.any),
});

/** SPEC §6.3.3, RFC 5035 §3: the first identifier is the signer's certificate. The attribute itself is SHA-2 only (version 2). */
async function requireSigningCertificate(signer: Signer, certificate: Certificate): Promise<void> {
  const type = oids.signingCertificateV2;
  const { identifiers } = attribute(signer, type, "signing-certificate-v2", readSigningCertificate);
  const { algorithm, hash, issuerSerial: named } = identifiers[0] as (typeof identifiers)[number];
  // RFC 5035 §4: SHA-256 is the default.
  const hashName = algorithm === undefined ? "SHA-256" : parseDigestAlgorithm(algorithm, "CMS_ALGORITHM");
  const isHashed = equalBytes(hash, await digest(hashName, certificate.der));
  const isNamed = named === undefined || isNamedBy(certificate, named);
  ensure(isHashed && isNamed, "CMS_CERTIFICATE_MISMATCH", "the certificate that was signed for");
}

const readProtection = der.sequence("algorithm protection", {
  digestAlgorithm: readIdentifier,
  signatureAlgorithm: der.required(der.implicit(1, tags.sequence, der.encoding)),
});

/** SPEC §6.3.4, RFC 6211 §3: when the attribute is there, it repeats both algorithms of the signer. */
export function requireAlgorithmProtection(signer: Signer): void {
  if (!signer.signedAttributes.has(oids.algorithmProtection)) return;
  const named = attribute(signer, oids.algorithmProtection, "algorithm protection", readProtection);
  const isSame =
    equalBytes(named.digestAlgorithm, signer.digestAlgorithm) &&
    // Its tag is [1] here and SEQUENCE there.
    equalBytes(named.signatureAlgorithm.subarray(1), signer.signatureAlgorithm.subarray(1));
  ensure(isSame, "CMS_ALGORITHM", "the algorithms that were signed for", "others");
}

async function requireSignature(signer: SignedData["signer"], { key }: Certificate): Promise<void> {
  const { signatureAlgorithm, signedBytes, signature } = signer;
  // RFC 3370 §3.2: rsaEncryption leaves the hash to the digest algorithm. One hash throughout, in every case.
  const { family, hash = signer.hash } = parseSignatureAlgorithm(signatureAlgorithm, "CMS_ALGORITHM");
  ensure(hash === signer.hash, "CMS_ALGORITHM", `a signature with ${signer.hash}`, hash);
  // SPEC §6.3.7
  const isSigned = await isSignatureOf(key, { family, hash }, signedBytes, signature);
  ensure(isSigned, "CMS_SIGNATURE_INVALID", "a signature by the signer's certificate");
}

/** RFC 5652 §11.3: what the signer's own clock said. Information only; the time-stamp is what counts. */
export function signingTime(signer: Signer): Date | undefined {
  return structured("CMS_ATTRIBUTES_INVALID", () => signer.signedAttributes.get(oids.signingTime)?.time());
}
