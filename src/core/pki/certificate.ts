/** X.509 version 3 certificates (RFC 5280 §4.1), read strictly; nothing here decides whether one is trusted. */
import { equalBytes, hexText } from "../encoding/bytes.js";
import { constructedTag, type DERNode, parseDER } from "../encoding/der.js";
import { sha256 } from "../encoding/sha256.js";
import type { Sha256Hex } from "../brands.js";
import { type PublicKey, parsePublicKey } from "./algorithms.js";
import { type Extensions, parseExtensions } from "./extensions.js";
import { refusal, structured } from "./failure.js";
import type { SignerIdentity } from "./model.js";
import { type Name, nameText, parseName } from "./names.js";

export interface Certificate {
  readonly der: Uint8Array;
  /** What the issuer signed. */
  readonly tbs: Uint8Array;
  readonly signatureAlgorithm: DERNode;
  readonly signature: Uint8Array;
  /** Two's complement octets, as encoded. */
  readonly serial: Uint8Array;
  readonly issuer: Name;
  readonly subject: Name;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly key: PublicKey;
  readonly extensions: Extensions;
}

/** Certificates of this size do not occur; the cap bounds the work for one of them. */
const certificateBytesMax = 64 * 1024;

/** @throws VerificationError CERTIFICATE_MALFORMED, LIMIT_EXCEEDED */
export function parseCertificate(der: Uint8Array): Certificate {
  return structured("CERTIFICATE_MALFORMED", () => readCertificate(parseDER(der, certificateBytesMax)));
}

/** The same from a value that is part of something larger. */
export function readCertificate(node: DERNode): Certificate {
  return structured("CERTIFICATE_MALFORMED", () => {
    const outer = node.fields("a certificate");
    const tbs = outer.next();
    const signatureAlgorithm = outer.next();
    const signature = outer.next().bitString();
    outer.end();

    const fields = tbs.fields("a certificate body");
    // RFC 5280 §4.1.2.1: extensions are there, so the version is 3 (encoded as 2).
    const version = fields.next().only("a version", constructedTag(0)).smallInteger();
    const serial = fields.next().integerBytes();
    const innerAlgorithm = fields.next();
    const issuer = parseName(fields.next());
    const validity = fields.next().fields("a validity");
    const notBefore = validity.next().time();
    const notAfter = validity.next().time();
    validity.end();
    const subject = parseName(fields.next());
    const key = parsePublicKey(fields.next());
    const extensions = parseExtensions(fields.next().only("extensions", constructedTag(3)).sequenceOf());
    // RFC 5280 §4.1.2.8: unique identifiers must not be there; `end` refuses them.
    fields.end();

    // SPEC §6.5.1
    if (version !== 2) throw refusal("CERTIFICATE_MALFORMED", `expected version 3, got ${version + 1}`);
    // RFC 5280 §4.1.1.2: the algorithm is named twice, the same way.
    if (!equalBytes(signatureAlgorithm.bytes, innerAlgorithm.bytes)) {
      throw refusal("CERTIFICATE_MALFORMED", "expected the same signature algorithm twice, got two");
    }
    if (issuer.attributes.length === 0 || subject.attributes.length === 0) {
      throw refusal("CERTIFICATE_MALFORMED", "expected an issuer and a subject, got an empty name");
    }
    if (serial.length > 20) throw refusal("CERTIFICATE_MALFORMED", "expected a serial of at most 20 octets");
    return {
      ...{ der: node.bytes, tbs: tbs.bytes, signatureAlgorithm, signature, serial },
      ...{ issuer, subject, notBefore, notAfter, key, extensions },
    };
  });
}

/** What people want to know about a certificate. */
export async function signerIdentity(certificate: Certificate): Promise<SignerIdentity> {
  return {
    subject: nameText(certificate.subject),
    issuer: nameText(certificate.issuer),
    serial: hexText(certificate.serial),
    notBefore: secondText(certificate.notBefore),
    notAfter: secondText(certificate.notAfter),
    certificateSha256: hexText(await sha256(certificate.der)) as Sha256Hex,
    spki: certificate.key.spki,
  };
}

/** `YYYY-MM-DDTHH:MM:SSZ` */
export function secondText(date: Date): string {
  return `${date.toISOString().slice(0, 19)}Z`;
}
