/** How each signature scheme is named in certificates and CMS, with the hash that goes with it. */
import { UsageError } from "../core/errors.js";
import type { Signer, SignatureScheme } from "../ports/signer.js";
import { integer, none, objectID, sequence, tagged, type Value } from "./asn1.js";

/** A key that issues: the port's schemes, and P-384 for certification authorities. */
export interface IssuingKey extends Pick<Signer, "spki" | "sign"> {
  readonly scheme: SignatureScheme | "ecdsa-p384-sha384";
}

export const digestOIDs = {
  "SHA-256": "2.16.840.1.101.3.4.2.1",
  "SHA-384": "2.16.840.1.101.3.4.2.2",
  "SHA-512": "2.16.840.1.101.3.4.2.3",
} as const;
export type DigestName = keyof typeof digestOIDs;

/** RFC 5754 §2: no parameters. */
export const sha256Identifier = (): Value => sequence(objectID(digestOIDs["SHA-256"]));

/** @throws UsageError USAGE for a scheme that certificates of ours do not use */
export function signatureIdentifier(scheme: IssuingKey["scheme"]): Value {
  switch (scheme) {
    case "ecdsa-p256-sha256":
      return sequence(objectID("1.2.840.10045.4.3.2"));
    case "ecdsa-p384-sha384":
      return sequence(objectID("1.2.840.10045.4.3.3"));
    case "rsa-pss-3072-sha256":
      return sequence(objectID("1.2.840.113549.1.1.10"), pssParameters());
    default:
      throw new UsageError("USAGE", `expected an ECDSA or RSA key, got ${scheme}`);
  }
}

/** RFC 4055 §3.1: SHA-256, MGF1 with SHA-256, a salt of 32 octets. */
function pssParameters(): Value {
  const hash = () => sequence(objectID(digestOIDs["SHA-256"]), none());
  const mask = sequence(objectID("1.2.840.113549.1.1.8"), hash());
  return sequence(tagged(0, hash()), tagged(1, mask), tagged(2, integer(32)));
}
