/** What an OCSP responder is asked (RFC 6960 §4.1), in the lightweight form of RFC 5019 that every responder understands. */
import { parseCertificate } from "../core/pki/certificate.js";
import { parseDER, tags } from "../core/encoding/der.js";
import { encoded, none, objectID, octetString, sequence, spliced } from "./asn1.js";

/**
 * DER of an OCSPRequest about one certificate, both in DER. Without a nonce, because responses are judged by their times and most are
 * made in advance.
 */
export async function formatOCSPRequest(
  certificate: Uint8Array,
  issuer: Uint8Array,
): Promise<Uint8Array<ArrayBuffer>> {
  const about = parseCertificate(certificate);
  const fields = parseDER(parseCertificate(issuer).key.spki).fields("a public key");
  fields.next().expect(tags.sequence);
  const key = fields.next().bitString();
  // RFC 5019 §2.1.1: SHA-1, which names a certificate here and proves nothing about it.
  const certID = sequence(
    sequence(objectID("1.3.14.3.2.26"), none()),
    octetString(await sha1(about.issuer.der)),
    octetString(await sha1(key)),
    spliced(Uint8Array.of(tags.integer, about.serial.length, ...about.serial)),
  );
  return encoded(sequence(sequence(sequence(sequence(certID)))));
}

async function sha1(bytes: Uint8Array): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest("SHA-1", Uint8Array.from(bytes)));
}
