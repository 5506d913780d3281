/**
 * Algorithm identifiers, public keys and the one place where a signature is put to the platform's WebCrypto.
 * SHA-2 only; ECDSA on P-256 and P-384; RSA with PKCS#1 v1.5 or with PSS whose salt is as long as the hash.
 */
import { concatBytes } from "../encoding/bytes.js";
import { parseECDSASignature } from "../encoding/der-ecdsa.js";
import { constructedTag, type DERNode, parseDER, tags } from "../encoding/der.js";
import { type ErrorCode, quote, VerificationError } from "../errors.js";
import { refusal } from "./failure.js";
import { oids } from "./oids.js";

export type HashName = "SHA-256" | "SHA-384" | "SHA-512";

const hashes = new Map<string, HashName>([
  ["2.16.840.1.101.3.4.2.1", "SHA-256"],
  ["2.16.840.1.101.3.4.2.2", "SHA-384"],
  ["2.16.840.1.101.3.4.2.3", "SHA-512"],
]);
const ecdsaHashes = new Map<string, HashName>([
  ["1.2.840.10045.4.3.2", "SHA-256"],
  ["1.2.840.10045.4.3.3", "SHA-384"],
  ["1.2.840.10045.4.3.4", "SHA-512"],
]);
const rsaHashes = new Map<string, HashName>([
  ["1.2.840.113549.1.1.11", "SHA-256"],
  ["1.2.840.113549.1.1.12", "SHA-384"],
  ["1.2.840.113549.1.1.13", "SHA-512"],
]);
const curves = new Map<string, "P-256" | "P-384">([
  ["1.2.840.10045.3.1.7", "P-256"],
  ["1.3.132.0.34", "P-384"],
]);
const hashOctets = { "SHA-256": 32, "SHA-384": 48, "SHA-512": 64 } as const;
const curveOctets = { "P-256": 32, "P-384": 48 } as const;

/** How a signature was made. `hash` is undefined for bare rsaEncryption, where CMS names the hash elsewhere. */
export interface SignatureAlgorithm {
  readonly family: "ecdsa" | "rsa-pkcs1" | "rsa-pss";
  readonly hash: HashName | undefined;
}

/** A SubjectPublicKeyInfo. `other` is a key that this verifier never uses. */
export interface PublicKey {
  readonly family: "ec" | "rsa" | "other";
  readonly curve: "P-256" | "P-384" | undefined;
  /** Bits of the modulus or of the curve. */
  readonly bits: number;
  readonly spki: Uint8Array;
}

export async function digest(hash: HashName, bytes: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await crypto.subtle.digest(hash, bytes as Uint8Array<ArrayBuffer>));
}

/** RFC 5754 §2: parameters absent, or NULL. @throws VerificationError with `code` when it is not SHA-2 */
export function parseDigestAlgorithm(node: DERNode, code: ErrorCode): HashName {
  const fields = node.fields("a digest algorithm");
  const oid = fields.next().oid();
  fields.optional(tags.null)?.null();
  fields.end();
  const hash = hashes.get(oid);
  if (hash === undefined) throw refusal(code, `expected a SHA-2 digest, got ${quote(oid)}`);
  return hash;
}

/** SPEC §6.4.2. @throws VerificationError with `code` when the algorithm is none of ours */
export function parseSignatureAlgorithm(node: DERNode, code: ErrorCode): SignatureAlgorithm {
  const fields = node.fields("a signature algorithm");
  const oid = fields.next().oid();
  const ecdsa = ecdsaHashes.get(oid);
  if (ecdsa !== undefined) {
    // RFC 5758 §3.2: ECDSA identifiers have no parameters.
    fields.end();
    return { family: "ecdsa", hash: ecdsa };
  }
  if (oid === oids.rsaPSS) {
    const hash = parsePSSParameters(fields.next(), code);
    fields.end();
    return { family: "rsa-pss", hash };
  }
  const hash = rsaHashes.get(oid);
  if (hash === undefined && oid !== oids.rsaEncryption) {
    throw refusal(code, `expected ECDSA or RSA with SHA-2, got ${quote(oid)}`);
  }
  fields.next().null();
  fields.end();
  return { family: "rsa-pkcs1", hash };
}

/** RFC 4055 §3.1: hash, mask generation with the same hash, salt as long as the hash, default trailer. */
function parsePSSParameters(node: DERNode, code: ErrorCode): HashName {
  const fields = node.fields("PSS parameters");
  const hash = parseDigestAlgorithm(fields.next().only("a hash", constructedTag(0)), code);
  const mask = fields.next().only("a mask generator", constructedTag(1)).fields("a mask generator");
  const generator = mask.next().oid();
  const maskHash = parseDigestAlgorithm(mask.next(), code);
  mask.end();
  const salt = fields.next().only("a salt length", constructedTag(2)).smallInteger();
  fields.end();
  if (generator !== oids.mgf1 || maskHash !== hash || salt !== hashOctets[hash]) {
    throw refusal(code, `expected PSS with one hash and a salt of ${hashOctets[hash]} octets, got ${salt}`);
  }
  return hash;
}

/** RFC 5280 §4.1.2.7. Keys of unknown kinds are read and marked: they may be there as long as nobody relies on them. */
export function parsePublicKey(node: DERNode): PublicKey {
  const fields = node.fields("a public key");
  const algorithm = fields.next().fields("a key algorithm");
  const key = fields.next().bitString();
  fields.end();
  const oid = algorithm.next().oid();
  const spki = node.bytes;
  if (oid === oids.ecPublicKey) {
    const curve = curves.get(algorithm.next().oid());
    algorithm.end();
    if (curve === undefined) return { family: "other", curve: undefined, bits: 0, spki };
    // RFC 5480 §2.2: the uncompressed form only.
    if (key[0] !== 4 || key.length !== 1 + 2 * curveOctets[curve]) {
      throw refusal("DER_MALFORMED", "expected an uncompressed point");
    }
    return { family: "ec", curve, bits: 8 * curveOctets[curve], spki };
  }
  if (oid !== oids.rsaEncryption) return { family: "other", curve: undefined, bits: 0, spki };
  algorithm.next().null();
  algorithm.end();
  return { family: "rsa", curve: undefined, bits: rsaModulusBits(key), spki };
}

/** RFC 8017 §A.1.1: a positive modulus, and an odd exponent above one. */
function rsaModulusBits(key: Uint8Array): number {
  const fields = parseDER(key).fields("an RSA key");
  const modulus = fields.next().integerBytes();
  const exponent = fields.next().integerBytes();
  fields.end();
  const octets = modulus[0] === 0 ? modulus.subarray(1) : modulus;
  const lowest = exponent[exponent.length - 1] as number;
  const positive = (modulus[0] as number) < 0x80 && (exponent[0] as number) < 0x80;
  if (!positive || octets.length === 0 || lowest % 2 === 0 || (exponent.length === 1 && lowest === 1)) {
    throw refusal("DER_MALFORMED", "expected an RSA modulus and an odd exponent");
  }
  return 8 * octets.length + 24 - Math.clz32(octets[0] as number);
}

/** @throws VerificationError CERTIFICATE_WEAK unless the key is one that a signature of ours may rest on */
export function requireStrongKey(key: PublicKey, rsaBitsMin: number): void {
  // Modulus lengths that do not fill their octets come from faulty generators only.
  const rsa = key.family === "rsa" && key.bits >= rsaBitsMin && key.bits <= 8192 && key.bits % 8 === 0;
  if (key.family === "ec" || rsa) return;
  const got = key.family === "other" ? "another key" : `RSA with ${key.bits} bits`;
  throw refusal("CERTIFICATE_WEAK", `expected P-256, P-384 or RSA from ${rsaBitsMin} bits, got ${got}`);
}

/** True when `signature` is the key's over `message`. A key of another family than the algorithm's proves nothing. */
export async function isSignatureOf(
  key: PublicKey,
  algorithm: SignatureAlgorithm,
  message: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> {
  const { family, hash } = algorithm;
  if (hash === undefined || (family === "ecdsa") !== (key.family === "ec") || key.family === "other")
    return false;
  try {
    if (key.curve !== undefined) {
      const raw = parseECDSASignature(signature, curveOctets[key.curve]);
      return await verify(
        { name: "ECDSA", namedCurve: key.curve },
        { name: "ECDSA", hash },
        key,
        raw,
        message,
      );
    }
    // RFC 8017 §8.1.2: the signature is exactly as long as the modulus.
    if (signature.length !== Math.ceil(key.bits / 8)) return false;
    const name = family === "rsa-pss" ? "RSA-PSS" : "RSASSA-PKCS1-v1_5";
    return await verify({ name, hash }, { name, saltLength: hashOctets[hash] }, key, signature, message);
  } catch (cause) {
    // A key or encoding that the platform or our reader refuses verifies nothing. Anything else is a fault of ours.
    if (cause instanceof VerificationError || cause instanceof DOMException) return false;
    throw cause;
  }
}

/** WebCrypto's algorithm parameters, as far as they are used here. */
interface Parameters {
  readonly name: string;
  readonly hash?: HashName;
  readonly namedCurve?: string;
  readonly saltLength?: number;
}

async function verify(
  importAs: Parameters,
  parameters: Parameters,
  key: PublicKey,
  signature: Uint8Array,
  message: Uint8Array,
): Promise<boolean> {
  const subtle = crypto.subtle;
  const imported = await subtle.importKey("spki", concatBytes(key.spki), importAs, false, ["verify"]);
  return subtle.verify(parameters, imported, concatBytes(signature), concatBytes(message));
}
