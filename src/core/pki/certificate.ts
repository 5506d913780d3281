/** X.509 version 3 certificates (RFC 5280 §4.1), read strictly; nothing here decides whether one is trusted. */
import type { Sha256Hex } from "../brands.js";
import { equalBytes, hexText } from "../encoding/bytes.js";
import * as der from "../encoding/der-schema.js";
import { type DERNode, parseDER } from "../encoding/der.js";
import { sha256 } from "../encoding/sha256.js";
import { limits } from "../limits.js";
import { type PublicKey, parsePublicKey, readIdentifier, type Signed } from "./algorithms.js";
import { type Extensions, parseExtensions } from "./extensions.js";
import { ensure, secondText, structured } from "./failure.js";
import type { SignerIdentity } from "./model.js";
import { type Name, nameText, parseName } from "./names.js";

export interface Certificate extends Signed {
  readonly der: Uint8Array;
  /** Two's complement octets, as encoded. */
  readonly serial: Uint8Array;
  readonly issuer: Name;
  readonly subject: Name;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly key: PublicKey;
  readonly extensions: Extensions;
}

/** Certificates; those of a path leaf first, anchor last. */
export type Certs = readonly Certificate[];

/** Certs of this size do not occur; the cap bounds the work for one of them. */
const certificateBytesMax = 64 * 1024;

const readSigned = der.sequence("a signed structure", {
  tbs: der.any,
  signatureAlgorithm: readIdentifier,
  signature: der.bitString,
});
const readBody = der.sequence("a certificate body", {
  version: der.required(der.explicit(0, der.smallInteger)),
  serial: der.integer,
  signatureAlgorithm: readIdentifier,
  issuer: parseName,
  validity: der.sequence("a validity", { notBefore: der.time, notAfter: der.time }),
  subject: parseName,
  key: parsePublicKey,
  // RFC 5280 §4.1.2.8: unique identifiers must not be there. They would mean that a name is not enough to know somebody by.
  extensions: der.required(der.explicit(3, parseExtensions)),
});

/** @throws VerificationError CERTIFICATE_MALFORMED, LIMIT_EXCEEDED */
export function parseCertificate(bytes: Uint8Array): Certificate {
  return structured("CERTIFICATE_MALFORMED", () => readCertificate(parseDER(bytes, certificateBytesMax)));
}

/** The same from a value that is part of something larger. */
export function readCertificate(node: DERNode): Certificate {
  return structured("CERTIFICATE_MALFORMED", () => {
    const { version, validity, ...body } = readSignedBody(node, readBody);
    // SPEC §6.5.1, RFC 5280 §4.1.2.1: extensions are there, so the version is 3 (encoded as 2).
    ensure(version === 2, "DER_MALFORMED", "version 3", version + 1);
    const isNamed = [body.issuer, body.subject].every(({ attributes }) => attributes.length > 0);
    ensure(isNamed, "DER_MALFORMED", "an issuer and a subject", "an empty name");
    ensure(body.serial.length <= 20, "DER_MALFORMED", "a serial number of at most 20 octets", "a longer one");
    return { ...validity, ...body };
  });
}

/** A certificate or a list. RFC 5280 §4.1.1.2, §5.1.1.2: the algorithm is named twice, the same way. */
export function readSignedBody<B extends Pick<Signed, "signatureAlgorithm">>(
  node: DERNode,
  read: der.Reader<B>,
) {
  const { tbs, signatureAlgorithm, signature } = readSigned(node);
  const body = read(tbs);
  const isSame = equalBytes(body.signatureAlgorithm, signatureAlgorithm);
  ensure(isSame, "DER_MALFORMED", "the same signature algorithm twice", "two");
  return { ...body, der: node.bytes, tbs: tbs.bytes, signature };
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

/** True unless `time` is further ahead of `now` than clocks differ. */
export const isReached = (time: Date, now: Date): boolean =>
  time.getTime() <= now.getTime() + limits.timestampFutureSecondsMax * 1000;
