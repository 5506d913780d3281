/**
 * The second signature, experimental: a detached CMS SignedData by one bare ML-DSA-65 key (RFC 9882). SPEC §6.10.
 *
 * No certificate, no time-stamp: who the key is, the policy says, and the classical signature beside it says when. The
 * arithmetic is the caller's (`MLDSAVerify`), because no platform has it everywhere; everything around it is judged here.
 */
import { concatBytes, equalBytes, hexBytes, hexText } from "../encoding/bytes.js";
import { constructedTag, contextTag, type DERNode, parseDER, tags } from "../encoding/der.js";
import { parsePEM } from "../encoding/pem.js";
import { sha256 } from "../encoding/sha256.js";
import { sha256Hex, type Sha256Hex } from "../brands.js";
import { digest, parseDigestAlgorithm } from "./algorithms.js";
import { parseAttributes } from "./cms.js";
import { recoded, refusal } from "./failure.js";
import { oids } from "./oids.js";
import { requireAlgorithmProtection, requireContentType, requireMessageDigest } from "./signed-data.js";

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
  const [spki, ...others] = parsePEM(pem, "PUBLIC KEY");
  const whole = spki !== undefined && others.length === 0 && spki.length === spkiPrefix.length + keyOctets;
  if (!whole || !equalBytes(spki.subarray(0, spkiPrefix.length), spkiPrefix)) {
    throw refusal("ENCODING_MALFORMED", "expected one ML-DSA-65 public key, got another thing");
  }
  return spki.subarray(spkiPrefix.length);
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

/** @throws VerificationError PQ_SIGNATURE_INVALID */
export async function verifyMLDSA({ content, cms, key, verify }: MLDSAInput): Promise<void> {
  await recoded("PQ_SIGNATURE_INVALID", async () => {
    const signer = parseSigner(cms);
    if (!equalBytes(signer.keyIdentifier, hexBytes(key.sha256))) {
      throw invalid(
        `expected the signer ${key.sha256}, got ${hexText(signer.keyIdentifier.subarray(0, 32))}`,
      );
    }
    // SPEC §6.10.3
    requireContentType(signer, oids.data);
    requireMessageDigest(signer, await digest("SHA-512", content));
    requireAlgorithmProtection(signer);
    const { signedBytes: message, signature } = signer;
    if (!(await verify({ publicKey: key.publicKey, message, signature }))) {
      throw invalid("expected a signature by the key that the manifest names");
    }
  });
}

/** SPEC §6.10.2: the one form that there is; a field more or less refuses the file. */
function parseSigner(cms: Uint8Array) {
  const contentInfo = parseDER(cms).fields("a content info");
  requireOID(contentInfo.next(), oids.signedData);
  const fields = contentInfo.next().only("a content", constructedTag(0)).fields("signed data");
  contentInfo.end();
  // RFC 5652 §5.1: version 3, because the signer is named by key identifier.
  requireVersion(fields.next());
  const announced = fields.next().only("digest algorithms", tags.set);
  requireOID(fields.next().only("an encapsulated content", tags.sequence), oids.data);
  const info = fields.next().only("signers", tags.set).fields("a signer");
  fields.end();
  requireVersion(info.next());
  const keyIdentifier = info.next().octets(contextTag(0));
  const digestAlgorithm = info.next();
  if (!equalBytes(announced.bytes, digestAlgorithm.bytes)) throw invalid("expected one digest algorithm");
  // RFC 9882 §3.3: SHA-512 suits every size of ML-DSA; no other is taken, so there is nothing to choose.
  if (parseDigestAlgorithm(digestAlgorithm, "PQ_SIGNATURE_INVALID") !== "SHA-512")
    throw invalid("expected SHA-512");
  const signedNode = info.next().expect(constructedTag(0), "signed attributes");
  const signatureAlgorithm = info.next();
  // RFC 9882 §3.2: no parameters. Pure mode: the pre-hash variants have identifiers of their own.
  requireOID(signatureAlgorithm.only("a signature algorithm", tags.sequence), oids.mldsa65);
  const signature = info.next().octets();
  info.end();
  if (signature.length !== signatureOctets) throw invalid(`expected ${signatureOctets} octets of signature`);
  return {
    ...{ keyIdentifier, digestAlgorithm, signatureAlgorithm, signature },
    signedAttributes: parseAttributes(signedNode, "PQ_SIGNATURE_INVALID"),
    // RFC 5652 §5.4: the signature covers the attributes as SET OF (0x31), not as [0].
    signedBytes: concatBytes(Uint8Array.of(tags.set), signedNode.bytes.subarray(1)),
  };
}

function requireVersion(node: DERNode): void {
  const version = node.smallInteger();
  if (version !== 3) throw invalid(`expected version 3, got ${version}`);
}

function requireOID(node: DERNode, expected: string): void {
  const got = node.oid();
  if (got !== expected) throw invalid(`expected ${expected}, got ${got}`);
}

const invalid = (message: string) => refusal("PQ_SIGNATURE_INVALID", message);
