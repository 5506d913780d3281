/** PKCS#10 requests (RFC 2986): how a key that lives in an HSM asks a real certification authority for its certificate. */
import { type IssuingKey, signatureIdentifier } from "./algorithms.js";
import { bitString, encoded, integer, sequence, spliced, tagged } from "./asn1.js";
import { distinguishedName, type Subject } from "./names.js";

/** DER. The signature proves that the asker holds the key. */
export async function formatCertificateRequest(input: {
  subject: Subject;
  key: IssuingKey;
}): Promise<Uint8Array<ArrayBuffer>> {
  const { subject, key } = input;
  const name = spliced(encoded(distinguishedName(subject).toSchema()));
  const info = encoded(sequence(integer(0), name, spliced(key.spki), tagged(0)));
  const signature = await key.sign(info);
  return encoded(sequence(spliced(info), signatureIdentifier(key.scheme), bitString(signature)));
}
