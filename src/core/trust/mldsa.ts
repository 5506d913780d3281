/**
 * The second signature, experimental: a detached CMS SignedData by one bare ML-DSA-65 key (RFC 9882). SPEC §6.10.
 *
 * No certificate, no time-stamp: who the key is, the policy says, and the classical signature beside it says when. The
 * arithmetic is the caller's (`MLDSAVerify`), because no platform has it everywhere; everything around it is judged here.
 */
import { sha256Hex, type Sha256Hex } from "../brands.js";
import { concatBytes, equalBytes, hexBytes, hexText } from "../encoding/bytes.js";
import { derValue, derObjectID } from "../encoding/der-writer.js";
import * as der from "../encoding/der-schema.js";
import { tags } from "../encoding/der.js";
import { parsePEM } from "../encoding/pem.js";
import { sha256 } from "../encoding/sha256.js";
import { digest, parseDigestAlgorithm } from "../pki/algorithms.js";
import { parseSigner, readForm } from "../pki/cms.js";
import { ensure, recoded } from "../pki/failure.js";
import { oids } from "../pki/oids.js";
import { requireAlgorithmProtection, requireContentType, requireMessageDigest } from "../pki/signed-data.js";

/** FIPS 204 §5.3: pure ML-DSA-65 with an empty context. False, never an exception, for what is no signature. */
export type MLDSAVerify = (input: {
  /** 1952 octets. */
  readonly publicKey: Uint8Array;
  readonly message: Uint8Array;
  /** 3309 octets. */
  readonly signature: Uint8Array;
}) => boolean | Promise<boolean>;

export interface MLDSAKey {
  readonly publicKey: Uint8Array;
  /** Of the SubjectPublicKeyInfo: what manifests and signatures call the key by. */
  readonly sha256: Sha256Hex;
}

/** RFC 9881 §4: SubjectPublicKeyInfo up to the 1952 octets of the key. */
const spkiPrefix = hexBytes("308207b2300b0609608648016503040312038207a100");
const keyOctets = 1952;
const signatureOctets = 3309;

/** SubjectPublicKeyInfo, DER. */
export function mldsaSPKI(publicKey: Uint8Array): Uint8Array<ArrayBuffer> {
  return concatBytes(spkiPrefix, publicKey);
}

/** The bare key in the PEM that a policy pins. @throws VerificationError ENCODING_MALFORMED */
export function mldsaPublicKey(pem: string): Uint8Array {
  const [spki = new Uint8Array(), ...others] = parsePEM(pem, "PUBLIC KEY");
  const key = spki.subarray(spkiPrefix.length);
  const isWhole = others.length === 0 && key.length === keyOctets && equalBytes(spki, mldsaSPKI(key));
  ensure(isWhole, "ENCODING_MALFORMED", "one ML-DSA-65 public key", "another thing");
  return key;
}

export async function mldsaKey(publicKey: Uint8Array): Promise<MLDSAKey> {
  return { publicKey, sha256: sha256Hex(hexText(await sha256(mldsaSPKI(publicKey)))) };
}

export interface MLDSAInput {
  readonly content: Uint8Array;
  /** DER of the detached SignedData. */
  readonly cms: Uint8Array;
  readonly key: MLDSAKey;
  readonly verify: MLDSAVerify;
}

/** RFC 9882 §3.2: no parameters. Pure mode: the pre-hash variants have identifiers of their own. */
const mldsa65 = derValue(tags.sequence, derObjectID("2.16.840.1.101.3.4.3.18"));
const readKeyIdentifier = der.required(der.implicit(0, tags.octetString, der.octetString));

/** @throws VerificationError PQ_SIGNATURE_INVALID */
export async function verifyMLDSA({ content, cms, key, verify }: MLDSAInput): Promise<void> {
  const code = "PQ_SIGNATURE_INVALID";
  await recoded(code, async () => {
    // SPEC §6.10.2: the one form that there is; a field more or less refuses the file.
    const { version, announced, encapsulated, certificates, revocation, signer: fields } = readForm(cms);
    // RFC 5652 §5.1, §5.3: version 3, because the signer is named by key identifier.
    ensure(version === 3 && fields.version === 3, code, "version 3 twice");
    const extras = [encapsulated.content, certificates, revocation, fields.unsignedAttributes];
    ensure(
      extras.every((one) => one === undefined),
      code,
      "a signer and nothing else",
      "more",
    );
    // RFC 9882 §3.3: SHA-512 suits every size of ML-DSA; no other is taken, so there is nothing to choose.
    const hash = parseDigestAlgorithm(fields.digestAlgorithm, code);
    const isOneHash = hash === "SHA-512" && equalBytes(announced, fields.digestAlgorithm);
    ensure(isOneHash, code, "SHA-512 twice");
    ensure(equalBytes(fields.signatureAlgorithm, mldsa65), code, "ML-DSA-65");
    const octets = fields.signature.length;
    ensure(octets === signatureOctets, code, `${signatureOctets} octets of signature`, octets);
    const named = hexText(readKeyIdentifier(fields.sid).subarray(0, 33));
    ensure(named === key.sha256, code, `the signer ${key.sha256}`, named);
    // SPEC §6.10.3
    const signer = parseSigner(fields);
    ensure(encapsulated.contentType === oids.data, code, "plain data as content type");
    requireContentType(signer, oids.data);
    requireMessageDigest(signer, await digest("SHA-512", content));
    requireAlgorithmProtection(signer);
    const { signedBytes: message, signature } = signer;
    const isSigned = await verify({ publicKey: key.publicKey, message, signature });
    ensure(isSigned, code, "a signature by the key that the manifest names");
  });
}
