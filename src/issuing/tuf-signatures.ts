/**
 * Signatures on TUF metadata files. The signature covers the canonical form; the file that is served is ordinary JSON.
 * Every signature is verified before it is added, and they stand in the order of their key ids.
 */
import { hexText, utf8Bytes } from "../core/encoding/bytes.js";
import { encodeCanonicalJSON } from "../core/encoding/canonical-json.js";
import { type JSONObject, isJSONObject, parseJSON } from "../core/encoding/json.js";
import { VerificationError } from "../core/errors.js";
import { type TUFScheme, keyID, tufKeyFromSPKI, verifyTUFSignature } from "../core/trust/keys.js";
import type { TUFKey } from "../core/trust/model.js";
import { array, object, text } from "../core/trust/metadata.js";
import type { SignatureScheme, Signer } from "../ports/signer.js";

const schemes = {
  ed25519: "ed25519",
  "ecdsa-p256-sha256": "ecdsa-sha2-nistp256",
  "rsa-pss-3072-sha256": "rsassa-pss-sha256",
} as const satisfies Record<SignatureScheme, TUFScheme>;

/** The signer's public key as TUF writes it. */
export function tufKeyOfSigner(signer: Pick<Signer, "scheme" | "spki">): TUFKey {
  return tufKeyFromSPKI(signer.spki, schemes[signer.scheme]);
}

/** How a public key signs in metadata: P-256 and Ed25519 by their encoding, anything else as RSA. */
export function schemeOfSPKI(spki: Uint8Array): SignatureScheme {
  for (const scheme of ["ed25519", "ecdsa-p256-sha256"] as const) {
    try {
      tufKeyFromSPKI(spki, schemes[scheme]);
      return scheme;
    } catch (error) {
      // Another kind of key.
      if (!(error instanceof VerificationError)) throw error;
    }
  }
  return "rsa-pss-3072-sha256";
}

/** The file to serve, signed by all of them. @throws VerificationError SIGNATURE_REFUSED; what the signers throw */
export async function signMetadata(
  signed: JSONObject,
  signers: readonly Signer[],
): Promise<Uint8Array<ArrayBuffer>> {
  const message = encodeCanonicalJSON(signed);
  let file = metadataFile(signed, []);
  for (const signer of signers) {
    file = await addSignature(file, tufKeyOfSigner(signer), await signer.sign(message));
  }
  return file;
}

/** What a signer far away must sign: the canonical form of the file's `signed` part. */
export function signingPayload(file: Uint8Array): Uint8Array<ArrayBuffer> {
  return encodeCanonicalJSON(readFile(file).signed);
}

/**
 * The file with one more signature, or with a newer one of the same key.
 * @throws VerificationError SIGNATURE_REFUSED when it is not the key's signature over this file
 */
export async function addSignature(
  file: Uint8Array,
  key: TUFKey,
  signature: Uint8Array,
): Promise<Uint8Array<ArrayBuffer>> {
  const { signed, signatures } = readFile(file);
  const keyid = keyID(key);
  if (!(await verifyTUFSignature(key, encodeCanonicalJSON(signed), signature))) {
    throw new VerificationError("SIGNATURE_REFUSED", `expected a signature by key ${keyid} over this file`);
  }
  const others = signatures.filter((other) => other.keyid !== keyid);
  return metadataFile(signed, [...others, { keyid, sig: hexText(signature) }]);
}

interface FileSignature {
  readonly keyid: string;
  readonly sig: string;
}

function readFile(file: Uint8Array): { signed: JSONObject; signatures: FileSignature[] } {
  const whole = parseJSON(file);
  if (!isJSONObject(whole)) throw new VerificationError("METADATA_MALFORMED", "expected a metadata file");
  const signatures = array(whole.signatures, "signatures", 32).map((entry) => {
    const { keyid, sig } = object(entry, "a signature");
    return { keyid: text(keyid, "keyid"), sig: text(sig, "sig") };
  });
  return { signed: object(whole.signed, "signed"), signatures };
}

/** SPEC §5.1.4: ordinary JSON. Compact, signatures first: somebody who looks at the file sees at once who spoke. Ends with a line feed. */
function metadataFile(signed: JSONObject, signatures: readonly FileSignature[]): Uint8Array<ArrayBuffer> {
  const sorted = [...signatures].sort((a, b) => (a.keyid < b.keyid ? -1 : 1));
  return utf8Bytes(`${JSON.stringify({ signatures: sorted, signed })}\n`);
}
