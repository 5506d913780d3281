/**
 * Issues X.509 certificates. Randomness, time and keys come from the caller; the same input with a deterministic key
 * gives the same bytes. Verification has its own reader and shares nothing with this.
 */
import * as asn1js from "asn1js";
import * as pkijs from "pkijs";
import { UsageError } from "../core/errors.js";
import { type IssuingKey, signatureIdentifier } from "./algorithms.js";
import { bitString, copied, encoded, positiveInteger, sequence, spliced, wholeSeconds } from "./asn1.js";
import { type CertificateProfile, certificateExtensions } from "./certificate-extensions.js";
import { distinguishedName, type Subject } from "./names.js";

export interface CertificateRequest {
  readonly profile: CertificateProfile;
  /** See ExtensionFacts. */
  readonly alsoEmail?: boolean;
  readonly subject: Subject;
  /** SubjectPublicKeyInfo of the new certificate, DER. */
  readonly spki: Uint8Array;
  /** The key that signs, and the certificate (DER) that it belongs to; none for a root, which signs itself. */
  readonly issuerKey: IssuingKey;
  readonly issuerCertificate?: Uint8Array;
  /** 8 to 19 random octets. */
  readonly serial: Uint8Array;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly policyOIDs?: readonly string[];
  readonly crlURL?: string;
  readonly issuerURL?: string;
  readonly deltaURL?: string;
  readonly ocspURL?: string;
}

/** What a vector generator may bend before the certificate is signed. */
export type Bend = (certificate: pkijs.Certificate) => void;

/** Code-signing requirements §6.3.2; three years for a seal. Both ends count. */
const leafDaysMax: Partial<Record<CertificateProfile, number>> = {
  "code-signing": 460,
  "regulated-seal": 1095,
};

/** The certificate, DER. @throws UsageError USAGE when the request contradicts its profile */
export async function issueCertificate(request: CertificateRequest): Promise<Uint8Array<ArrayBuffer>> {
  const days = (request.notAfter.getTime() - request.notBefore.getTime() + 1000) / 86_400_000;
  const daysMax = leafDaysMax[request.profile] ?? Number.POSITIVE_INFINITY;
  if (days > daysMax) {
    throw new UsageError(
      "USAGE",
      `expected at most ${daysMax} days for a ${request.profile} leaf, got ${days}`,
    );
  }
  if ((request.issuerCertificate === undefined) !== (request.profile === "root")) {
    throw new UsageError("USAGE", "expected an issuer certificate for everything but a root");
  }
  return issueBentCertificate(request, () => undefined);
}

/** Without the guards, and with a last word before signing: for certificates that are wrong on purpose. */
export async function issueBentCertificate(
  request: CertificateRequest,
  bend: Bend,
): Promise<Uint8Array<ArrayBuffer>> {
  const { issuerKey, profile } = request;
  const issuer = request.issuerCertificate === undefined ? undefined : parsed(request.issuerCertificate);
  const subject = distinguishedName(request.subject);
  const subjectKeyID = await keyIdentifier(request.spki);
  const certificate = new pkijs.Certificate();
  certificate.version = 2;
  certificate.serialNumber = positiveInteger(request.serial);
  certificate.signature = new pkijs.AlgorithmIdentifier({ schema: signatureIdentifier(issuerKey.scheme) });
  certificate.issuer = issuer?.subject ?? subject;
  certificate.subject = subject;
  certificate.notBefore = time(request.notBefore);
  certificate.notAfter = time(request.notAfter);
  certificate.subjectPublicKeyInfo = pkijs.PublicKeyInfo.fromBER(copied(request.spki));
  certificate.extensions = certificateExtensions({
    profile,
    alsoEmail: request.alsoEmail === true,
    subjectKeyID,
    authorityKeyID: issuer === undefined ? undefined : subjectKeyIDOf(issuer),
    policyOIDs: request.policyOIDs ?? [],
    crlURL: request.crlURL,
    issuerURL: request.issuerURL,
    deltaURL: request.deltaURL,
    ocspURL: request.ocspURL,
  });
  bend(certificate);
  const tbs = encoded(certificate.encodeTBS());
  const signature = await issuerKey.sign(tbs);
  // RFC 5280 §4.1.1.2: the algorithm stands inside and outside, the same way.
  return encoded(sequence(spliced(tbs), certificate.signature.toSchema(), bitString(signature)));
}

/** RFC 7093 §2 (1): the leftmost 160 bits of the SHA-256 of the key bits. */
export async function keyIdentifier(spki: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
  const info = pkijs.PublicKeyInfo.fromBER(copied(spki));
  const bits = copied(info.subjectPublicKey.valueBlock.valueHexView);
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bits)).slice(0, 20);
}

function subjectKeyIDOf(issuer: pkijs.Certificate): Uint8Array {
  const found = issuer.extensions?.find(({ extnID }) => extnID === "2.5.29.14");
  const value =
    found === undefined ? undefined : asn1js.fromBER(found.extnValue.valueBlock.valueHexView).result;
  if (!(value instanceof asn1js.OctetString)) {
    throw new UsageError("USAGE", "expected a subject key identifier in the issuer certificate");
  }
  return value.valueBlock.valueHexView;
}

function parsed(der: Uint8Array): pkijs.Certificate {
  return pkijs.Certificate.fromBER(copied(der));
}

function time(date: Date): pkijs.Time {
  const value = wholeSeconds(date);
  return new pkijs.Time({ type: value.getUTCFullYear() < 2050 ? 0 : 1, value });
}
