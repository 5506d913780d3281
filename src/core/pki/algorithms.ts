/**
 * Algorithm identifiers, public keys and the one place where a signature is put to the platform's WebCrypto. SHA-2 only; ECDSA on
 * P-256 and P-384; RSA with PKCS#1 v1.5 or with PSS whose salt is as long as the hash. An identifier is compared as a whole with
 * the few that there are, parameters and all: nothing in it can be misread.
 */
import { concatBytes, equalBytes, hexText } from "../encoding/bytes.js";
import { parseECDSASignature } from "../encoding/der-ecdsa.js";
import { derValue, derInteger, derObjectID } from "../encoding/der-writer.js";
import * as der from "../encoding/der-schema.js";
import { constructedTag, type DERNode, parseDER, tags } from "../encoding/der.js";
import { type ErrorCode, VerificationError } from "../errors.js";
import { limits } from "../limits.js";
import { ensure, refusal } from "./failure.js";

export type HashName = "SHA-256" | "SHA-384" | "SHA-512";

/** How a signature was made. `hash` is undefined for bare rsaEncryption, where CMS names the hash elsewhere. */
export interface SignatureAlgorithm {
  readonly family: "ecdsa" | "rsa-pkcs1" | "rsa-pss";
  readonly hash: HashName | undefined;
}

/** A SubjectPublicKeyInfo. `other` is a key that this verifier never uses. */
export interface PublicKey {
  readonly family: "ec" | "rsa" | "other";
  /** Of the modulus or of the curve. */
  readonly bits: number;
  readonly spki: Uint8Array;
  /** The octets of its BIT STRING: a point, an RSAPublicKey. */
  readonly octets: Uint8Array;
}

/** The hash, its identifier, and those of ECDSA and of RSA PKCS#1 v1.5 with it. */
const hashes = [
  ["SHA-256", "2.16.840.1.101.3.4.2.1", "1.2.840.10045.4.3.2", "1.2.840.113549.1.1.11"],
  ["SHA-384", "2.16.840.1.101.3.4.2.2", "1.2.840.10045.4.3.3", "1.2.840.113549.1.1.12"],
  ["SHA-512", "2.16.840.1.101.3.4.2.3", "1.2.840.10045.4.3.4", "1.2.840.113549.1.1.13"],
] as const;
const hashOctets = (hash: HashName): number => Number(hash.slice("SHA-".length)) / 8;
const rsaPSS = "1.2.840.113549.1.1.10";
const mgf1 = "1.2.840.113549.1.1.8";
const ecPublicKey = "1.2.840.10045.2.1";

const identifier = (oid: string, ...parameters: readonly Uint8Array[]): Uint8Array =>
  derValue(tags.sequence, derObjectID(oid), ...parameters);
const nothing = derValue(tags.null);
const rsaEncryption = identifier("1.2.840.113549.1.1.1", nothing);

/** By the whole encoding, in hexadecimal. */
const digestAlgorithms = new Map<string, HashName>();
const signatureAlgorithms = new Map<string, SignatureAlgorithm>();
signatureAlgorithms.set(hexText(rsaEncryption), { family: "rsa-pkcs1", hash: undefined });
const curves = new Map([
  [hexText(identifier(ecPublicKey, derObjectID("1.2.840.10045.3.1.7"))), 256],
  [hexText(identifier(ecPublicKey, derObjectID("1.3.132.0.34"))), 384],
]);
for (const [hash, id, ecdsa, rsa] of hashes) {
  // RFC 5758 §3.2: no parameters. RFC 4055 §5: NULL. RFC 5754 §2: either, for the hash itself.
  signatureAlgorithms.set(hexText(identifier(ecdsa)), { family: "ecdsa", hash });
  signatureAlgorithms.set(hexText(identifier(rsa, nothing)), { family: "rsa-pkcs1", hash });
  const spellings = [identifier(id), identifier(id, nothing)];
  for (const own of spellings) {
    digestAlgorithms.set(hexText(own), hash);
    for (const masked of spellings) {
      // RFC 4055 §3.1: hash, mask generation with the same hash, salt as long as the hash, default trailer.
      const mask = derValue(constructedTag(1), identifier(mgf1, masked));
      const salt = derValue(constructedTag(2), derInteger(Uint8Array.of(hashOctets(hash))));
      const pss = identifier(rsaPSS, derValue(tags.sequence, derValue(constructedTag(0), own), mask, salt));
      signatureAlgorithms.set(hexText(pss), { family: "rsa-pss", hash });
    }
  }
}

/** AlgorithmIdentifier (RFC 5280 §4.1.1.2), as it is encoded. */
export const readIdentifier: der.Reader<Uint8Array> = (node) => {
  node.fields("an algorithm identifier").next().oid();
  return node.bytes;
};
/** What it stands for. The longest that we know has 67 octets. */
const known = <T>(table: ReadonlyMap<string, T>, identifier: Uint8Array): T | undefined =>
  identifier.length > 80 ? undefined : table.get(hexText(identifier));
const shownID = (identifier: Uint8Array): string => (parseDER(identifier).children[0] as DERNode).oid();

/** @throws VerificationError with `code` when it is not SHA-2 */
export function parseDigestAlgorithm(identifier: Uint8Array, code: ErrorCode): HashName {
  const hash = known(digestAlgorithms, identifier);
  if (hash === undefined) throw refusal(code, "a SHA-2 digest", shownID(identifier));
  return hash;
}

/** SPEC §6.4.2. @throws VerificationError with `code` when the algorithm is none of ours */
export function parseSignatureAlgorithm(identifier: Uint8Array, code: ErrorCode): SignatureAlgorithm {
  const algorithm = known(signatureAlgorithms, identifier);
  if (algorithm === undefined) throw refusal(code, "ECDSA or RSA with SHA-2", shownID(identifier));
  return algorithm;
}

const readPublicKey = der.sequence("a public key", { algorithm: readIdentifier, octets: der.bitString });
/** RFC 8017 §A.1.1: a modulus, and an odd exponent above one. */
const readRSAKey = der.where(
  der.sequence("an RSA key", { modulus: der.unsigned, exponent: der.unsigned }),
  ({ modulus, exponent: e }) =>
    modulus.length > 0 && e.length > 0 && (e.at(-1) as number) % 2 === 1 && `${e}` !== "1",
  "an RSA modulus and an odd exponent",
);

/** RFC 5280 §4.1.2.7. Keys of unknown kinds are read and marked: they may be there as long as nobody relies on them. */
export function parsePublicKey(node: DERNode): PublicKey {
  const { algorithm, octets } = readPublicKey(node);
  const spki = node.bytes;
  const bits = known(curves, algorithm);
  if (bits !== undefined) {
    // RFC 5480 §2.2: the uncompressed form only.
    const isPoint = octets[0] === 4 && octets.length === 1 + bits / 4;
    ensure(isPoint, "DER_MALFORMED", "an uncompressed point");
    return { family: "ec", bits, spki, octets };
  }
  if (!equalBytes(algorithm, rsaEncryption)) return { family: "other", bits: 0, spki, octets };
  const { modulus } = readRSAKey(parseDER(octets));
  return { family: "rsa", bits: 8 * modulus.length + 24 - Math.clz32(modulus[0] as number), spki, octets };
}

/** @throws VerificationError CERTIFICATE_WEAK unless the key is one that a signature of ours may rest on */
export function requireStrongKey({ family, bits }: PublicKey, rsaBitsMin: number): void {
  // Modulus lengths that do not fill their octets come from faulty generators only.
  const isWhole = bits >= rsaBitsMin && bits <= 8192 && bits % 8 === 0;
  const isStrong = family === "ec" || (family === "rsa" && isWhole);
  ensure(isStrong, "CERTIFICATE_WEAK", `P-256, P-384 or RSA from ${rsaBitsMin} bits`, family, "with", bits);
}

/** SIGNED { body } (RFC 5280 §4.1.1): a certificate, a list, a response. */
export interface Signed {
  readonly tbs: Uint8Array;
  readonly signatureAlgorithm: Uint8Array;
  readonly signature: Uint8Array;
}

/** Knows signatures that were good before, and asks `check` about others. The parts are all that `check` depends on. */
export interface SignatureMemory {
  recall(parts: readonly Uint8Array[], check: () => Promise<boolean>): Promise<boolean>;
}

/** What is left of the signatures that one question may cost. */
export interface Budget {
  checksLeft: number;
  readonly memory?: SignatureMemory | undefined;
}

/** True when the key signed this, by an algorithm of ours. @throws VerificationError LIMIT_EXCEEDED */
export async function isSignedBy(key: PublicKey, signed: Signed, budget: Budget): Promise<boolean> {
  const most = limits.signatureChecksMax;
  ensure(budget.checksLeft-- > 0, "LIMIT_EXCEEDED", `at most ${most} signature checks`, "more");
  const algorithm = known(signatureAlgorithms, signed.signatureAlgorithm);
  if (algorithm === undefined) return false;
  const { signatureAlgorithm, tbs, signature } = signed;
  const check = (): Promise<boolean> => isSignatureOf(key, algorithm, tbs, signature);
  return budget.memory?.recall([key.spki, signatureAlgorithm, tbs, signature], check) ?? check();
}

/** A CA signs certificates and lists: its key is imported once for each use, and forgotten with the certificate. */
type Imported = Awaited<ReturnType<typeof crypto.subtle.importKey>>;
const importedKeys = new WeakMap<PublicKey, Map<string, Imported>>();

/** True when `signature` is the key's over `message`. */
export async function isSignatureOf(
  key: PublicKey,
  { family, hash }: SignatureAlgorithm,
  message: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> {
  const isEC = key.family === "ec";
  // A key of another family than the algorithm's. RFC 8017 §8.1.2: the signature is exactly as long as the modulus.
  if (hash === undefined || key.family === "other" || isEC !== (family === "ecdsa")) return false;
  if (!isEC && signature.length !== Math.ceil(key.bits / 8)) return false;
  const name = { ecdsa: "ECDSA", "rsa-pss": "RSA-PSS", "rsa-pkcs1": "RSASSA-PKCS1-v1_5" }[family];
  const algorithm = { name, namedCurve: `P-${key.bits}`, hash, saltLength: hashOctets(hash) };
  const [format, bytes] = isEC ? (["raw", key.octets] as const) : (["spki", key.spki] as const);
  try {
    const raw = isEC ? parseECDSASignature(signature, key.bits / 8) : concatBytes(signature);
    const use = `${name} ${hash}`;
    const known = importedKeys.get(key) ?? new Map<string, Imported>();
    const imported =
      known.get(use) ??
      (await crypto.subtle.importKey(format, concatBytes(bytes), algorithm, false, ["verify"]));
    importedKeys.set(key, known.set(use, imported));
    return await crypto.subtle.verify(algorithm, imported, raw, concatBytes(message));
  } catch (cause) {
    // A key or encoding that the platform or our reader refuses verifies nothing. Anything else is a fault of ours.
    if (cause instanceof VerificationError || cause instanceof DOMException) return false;
    throw cause;
  }
}

export async function digest(hash: HashName | "SHA-1", bytes: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await crypto.subtle.digest(hash, bytes as Uint8Array<ArrayBuffer>));
}
