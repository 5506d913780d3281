/**
 * The signature of a SignedData, and what its signed attributes bind: type, digest, certificate, algorithms. What is proven
 * here is "the key in this certificate signed this content"; who that is, the path decides.
 */
import { equalBytes } from "../encoding/bytes.js";
import { constructedTag, type DERNode, tags } from "../encoding/der.js";
import { quote } from "../errors.js";
import { digest, isSignatureOf, parseDigestAlgorithm, parseSignatureAlgorithm } from "./algorithms.js";
import type { Certificate } from "./certificate.js";
import type { SignedData, SignerInfo } from "./cms.js";
import { refusal, structured } from "./failure.js";
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
  const matching = certificates.filter(
    (certificate) =>
      equalBytes(certificate.issuer.der, signer.issuer) && equalBytes(certificate.serial, signer.serial),
  );
  const [certificate, ...others] = matching;
  if (certificate === undefined || others.length > 0) {
    throw refusal("CMS_SIGNER_NOT_FOUND", `expected one certificate of the signer, got ${matching.length}`);
  }
  return certificate;
}

/** As far as signers of every kind have them. */
type Attributed = Pick<SignerInfo, "signedAttributes" | "digestAlgorithm" | "signatureAlgorithm">;

function attribute(signer: Attributed, type: string, name: string): DERNode {
  const value = signer.signedAttributes.get(type);
  if (value === undefined)
    throw refusal("CMS_ATTRIBUTES_INVALID", `expected the signed attribute ${name}, got none`);
  return value;
}

/** SPEC §6.3.2, RFC 5652 §11.1: the attribute repeats the type of the content. */
export function requireContentType(signer: Attributed, contentType: string): void {
  const node = attribute(signer, oids.contentType, "content-type");
  const signed = structured("CMS_ATTRIBUTES_INVALID", () => node.oid());
  if (signed !== contentType) {
    throw refusal("CMS_ATTRIBUTES_INVALID", `expected content type ${contentType}, got ${quote(signed)}`);
  }
}

/** RFC 5652 §11.2, compared without an early exit. */
export function requireMessageDigest(signer: Attributed, contentDigest: Uint8Array): void {
  const node = attribute(signer, oids.messageDigest, "message-digest");
  const signed = structured("CMS_ATTRIBUTES_INVALID", () => node.octets());
  if (!equalBytes(signed, contentDigest)) {
    throw refusal(
      "CMS_DIGEST_MISMATCH",
      "expected a signature over this content, got one over other content",
    );
  }
}

/** SPEC §6.3.3, RFC 5035 §3: the first identifier is the signer's certificate. The attribute itself is SHA-2 only (version 2). */
async function requireSigningCertificate(signer: SignerInfo, certificate: Certificate): Promise<void> {
  const node = attribute(signer, oids.signingCertificateV2, "signing-certificate-v2");
  const { hash, certHash, issuerSerial } = structured("CMS_ATTRIBUTES_INVALID", () => parseESSCertID(node));
  const matches = equalBytes(certHash, await digest(hash, certificate.der));
  if (!matches || (issuerSerial !== undefined && !namesCertificate(issuerSerial, certificate))) {
    throw refusal("CMS_CERTIFICATE_MISMATCH", "expected the certificate that was signed for, got another");
  }
}

function parseESSCertID(node: DERNode) {
  const outer = node.fields("a signing certificate");
  const [first] = outer.next().sequenceOf("certificate identifiers");
  outer.optional(tags.sequence);
  outer.end();
  if (first === undefined)
    throw refusal("CMS_ATTRIBUTES_INVALID", "expected a certificate identifier, got none");
  const fields = first.fields("a certificate identifier");
  // RFC 5035 §4: SHA-256 is the default.
  const algorithm = fields.optional(tags.sequence);
  const hash = algorithm === undefined ? "SHA-256" : parseDigestAlgorithm(algorithm, "CMS_ALGORITHM");
  const certHash = fields.next().octets();
  const issuerSerial = fields.optional(tags.sequence);
  fields.end();
  return { hash, certHash, issuerSerial } as const;
}

/** IssuerSerial: one directory name, byte for byte the issuer, and the serial number. */
function namesCertificate(issuerSerial: DERNode, certificate: Certificate): boolean {
  return structured("CMS_ATTRIBUTES_INVALID", () => {
    const fields = issuerSerial.fields("an issuer and serial number");
    const names = fields.next().only("issuer names", tags.sequence);
    const serial = fields.next().integerBytes();
    fields.end();
    const name = names.only("a directory name", constructedTag(4));
    return equalBytes(name.bytes, certificate.issuer.der) && equalBytes(serial, certificate.serial);
  });
}

/** SPEC §6.3.4, RFC 6211 §3: when the attribute is there, it repeats both algorithms of the signer. */
export function requireAlgorithmProtection(signer: Attributed): void {
  const node = signer.signedAttributes.get(oids.algorithmProtection);
  if (node === undefined) return;
  const same = structured("CMS_ATTRIBUTES_INVALID", () => {
    const fields = node.fields("algorithm protection");
    const digestAlgorithm = fields.next();
    const signatureAlgorithm = fields.next().expect(constructedTag(1), "a signature algorithm");
    fields.end();
    return (
      equalBytes(digestAlgorithm.bytes, signer.digestAlgorithm.bytes) &&
      equalBytes(signatureAlgorithm.content, signer.signatureAlgorithm.content)
    );
  });
  if (!same) throw refusal("CMS_ALGORITHM", "expected the algorithms that were signed for, got others");
}

async function requireSignature(signer: SignerInfo, certificate: Certificate): Promise<void> {
  const parsed = structured("CMS_MALFORMED", () =>
    parseSignatureAlgorithm(signer.signatureAlgorithm, "CMS_ALGORITHM"),
  );
  // RFC 3370 §3.2: rsaEncryption leaves the hash to the digest algorithm. One hash throughout, in every case.
  const algorithm = { ...parsed, hash: parsed.hash ?? signer.hash };
  if (algorithm.hash !== signer.hash) {
    throw refusal("CMS_ALGORITHM", `expected a signature with ${signer.hash}, got ${algorithm.hash}`);
  }
  // SPEC §6.3.7
  if (!(await isSignatureOf(certificate.key, algorithm, signer.signedBytes, signer.signature))) {
    throw refusal("CMS_SIGNATURE_INVALID", "expected a signature by the signer's certificate");
  }
}

/** RFC 5652 §11.3: what the signer's own clock said. Information only; the time-stamp is what counts. */
export function signingTime(signer: SignerInfo): Date | undefined {
  return structured("CMS_ATTRIBUTES_INVALID", () => signer.signedAttributes.get(oids.signingTime)?.time());
}
