/** The second signature: a detached SignedData by a bare ML-DSA-65 key (RFC 9882). Experimental. SPEC §6.10. */
import { mldsaKey } from "../core/trust/mldsa.js";
import { hexBytes } from "../core/encoding/bytes.js";
import type { PostQuantumSigner } from "../ports/post-quantum.js";
import { digestOIDs } from "./algorithms.js";
import {
  copied,
  derSorted,
  encoded,
  integer,
  objectID,
  octetString,
  sequence,
  setOf,
  tagged,
  taggedBytes,
  type Value,
} from "./asn1.js";

const data = "1.2.840.113549.1.7.1";
const signedData = "1.2.840.113549.1.7.2";
const contentType = "1.2.840.113549.1.9.3";
const messageDigest = "1.2.840.113549.1.9.4";
const algorithmProtection = "1.2.840.113549.1.9.52";
const mldsa65 = "2.16.840.1.101.3.4.3.18";

/** RFC 5754 §2, RFC 9882 §3.2: neither has parameters. */
const sha512Identifier = (): Value => sequence(objectID(digestOIDs["SHA-512"]));

/** DER. @throws OperationError SIGNER_UNAVAILABLE */
export async function signMLDSA(
  content: Uint8Array,
  signer: PostQuantumSigner,
): Promise<Uint8Array<ArrayBuffer>> {
  const { sha256 } = await mldsaKey(signer.publicKey);
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-512", copied(content)));
  const attributes = derSorted([
    attribute(contentType, objectID(data)),
    attribute(messageDigest, octetString(digest)),
    // RFC 6211 §3: both algorithms, under the signature.
    attribute(algorithmProtection, sequence(sha512Identifier(), tagged(1, objectID(mldsa65)))),
  ]);
  const signature = await signer.sign(encoded(setOf(...attributes)));
  const info = sequence(
    integer(3),
    taggedBytes(0, hexBytes(sha256)),
    sha512Identifier(),
    // RFC 5652 §5.4: what was signed begins with 0x31; what is sent, with 0xa0.
    tagged(0, ...attributes),
    sequence(objectID(mldsa65)),
    octetString(signature),
  );
  const body = sequence(integer(3), setOf(sha512Identifier()), sequence(objectID(data)), setOf(info));
  return encoded(sequence(objectID(signedData), tagged(0, body)));
}

const attribute = (type: string, value: Value): Value => sequence(objectID(type), setOf(value));
