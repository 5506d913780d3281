/**
 * TUF public keys: their ids, and the three signature schemes that every TUF client of the field can check.
 *
 * A key is known by the bytes of its public key, not by its id: two ids may name the same key, and then it speaks once.
 */
import { concatBytes, hexBytes, hexText } from "../encoding/bytes.js";
import { encodeCanonicalJSON } from "../encoding/canonical-json.js";
import { parseECDSASignature } from "../encoding/der-ecdsa.js";
import type { JSONObject } from "../encoding/json.js";
import { formatPEM, parsePEM } from "../encoding/pem.js";
import { sha256Digest } from "../encoding/sha256.js";
import { VerificationError, quote } from "../errors.js";
import type { TUFKey } from "./model.js";

export type TUFScheme = TUFKey["scheme"];

const keytypes = {
  ed25519: "ed25519",
  "ecdsa-sha2-nistp256": "ecdsa",
  "rsassa-pss-sha256": "rsa",
} as const satisfies Record<TUFScheme, TUFKey["keytype"]>;

/** RFC 8410 §4: SubjectPublicKeyInfo of an Ed25519 key up to its 32 bytes. */
const ed25519Prefix = hexBytes("302a300506032b6570032100");
/** RFC 5480 §2: SubjectPublicKeyInfo of an uncompressed P-256 point up to X and Y. */
const p256Prefix = hexBytes("3059301306072a8648ce3d020106082a8648ce3d03010703420004");
/** SPEC §5.2.3: shorter RSA keys are refused. */
const rsaBitsMin = 3072;

/** TUF §4.2: SHA-256 of the canonical form of the whole key object, members we do not know included. */
export function keyID(key: TUFKey | JSONObject): string {
  const digest = sha256Digest();
  digest.update(encodeCanonicalJSON(key));
  return hexText(digest.finish());
}

/** @throws VerificationError METADATA_MALFORMED when the SPKI is not one of the scheme */
export function tufKeyFromSPKI(spki: Uint8Array, scheme: TUFScheme): TUFKey {
  if (scheme === "ed25519") {
    requirePrefix(spki, ed25519Prefix, 32);
    return { keytype: "ed25519", scheme, keyval: { public: hexText(spki.subarray(ed25519Prefix.length)) } };
  }
  if (scheme === "ecdsa-sha2-nistp256") requirePrefix(spki, p256Prefix, 64);
  return { keytype: keytypes[scheme], scheme, keyval: { public: formatPEM(spki, "PUBLIC KEY") } };
}

/** SubjectPublicKeyInfo, DER. @throws VerificationError METADATA_MALFORMED */
export function spkiFromTUFKey(key: TUFKey): Uint8Array<ArrayBuffer> {
  if (key.scheme === "ed25519") return concatBytes(ed25519Prefix, hexBytes(key.keyval.public));
  return pemBytes(key.keyval.public);
}

/**
 * The key in a metadata key object, or undefined when it is of a type or scheme that we do not check: such a key is
 * legal, it just never counts. @throws VerificationError METADATA_MALFORMED when a type we check is badly formed
 */
export function parseTUFKey(object: JSONObject): TUFKey | undefined {
  const { keytype, scheme, keyval } = object as Partial<Record<string, unknown>>;
  const text = (keyval as { public?: unknown } | null | undefined)?.public;
  if (typeof keytype !== "string" || typeof scheme !== "string" || typeof text !== "string") {
    throw malformed("keytype, scheme and keyval.public", JSON.stringify(object));
  }
  if (!Object.hasOwn(keytypes, scheme) || keytypes[scheme as TUFScheme] !== keytype) return undefined;
  const key = { keytype, scheme, keyval: { public: text } } as TUFKey;
  if (scheme === "ed25519" && !/^[0-9a-f]{64}$/.test(text)) throw malformed("64 hexadecimal digits", text);
  if (scheme === "ecdsa-sha2-nistp256") requirePrefix(pemBytes(text), p256Prefix, 64);
  if (scheme === "rsassa-pss-sha256") pemBytes(text);
  return key;
}

/**
 * What stands for the key when signers are counted: its SPKI as the platform writes it, in hexadecimal. Undefined when the
 * platform cannot use the key or it is too weak (SPEC §5.2.3).
 */
export async function keyIdentity(key: TUFKey): Promise<string | undefined> {
  const imported = await importedKey(key);
  if (imported === undefined) return undefined;
  // Of these two there is one form, which `parseTUFKey` asked for.
  if (key.scheme !== "rsassa-pss-sha256") return hexText(spkiFromTUFKey(key));
  return hexText(new Uint8Array(await crypto.subtle.exportKey("spki", imported)));
}

/** True when `signature` is the key's signature over `message`; false for every other signature, whatever its shape. */
export async function verifyTUFSignature(
  key: TUFKey,
  message: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> {
  const imported = await importedKey(key);
  const raw = key.scheme === "ecdsa-sha2-nistp256" ? rawECDSA(signature) : signature;
  if (imported === undefined || raw === undefined) return false;
  const algorithm = {
    ed25519: { name: "Ed25519" },
    "ecdsa-sha2-nistp256": { name: "ECDSA", hash: "SHA-256" },
    "rsassa-pss-sha256": { name: "RSA-PSS", saltLength: 32 },
  }[key.scheme];
  return crypto.subtle.verify(
    algorithm,
    imported,
    raw as Uint8Array<ArrayBuffer>,
    message as Uint8Array<ArrayBuffer>,
  );
}

type ImportedKey = Awaited<ReturnType<typeof crypto.subtle.importKey>>;

/** For as long as somebody has the key: an import takes about as long as a signature, and every file is signed by the same few. */
const importedKeys = new WeakMap<TUFKey, Promise<ImportedKey | undefined>>();

function importedKey(key: TUFKey): Promise<ImportedKey | undefined> {
  const known = importedKeys.get(key) ?? importKey(key);
  importedKeys.set(key, known);
  return known;
}

async function importKey(key: TUFKey): Promise<ImportedKey | undefined> {
  const algorithm = {
    ed25519: { name: "Ed25519" },
    "ecdsa-sha2-nistp256": { name: "ECDSA", namedCurve: "P-256" },
    "rsassa-pss-sha256": { name: "RSA-PSS", hash: "SHA-256" },
  }[key.scheme];
  let imported: ImportedKey;
  try {
    imported = await crypto.subtle.importKey("spki", spkiFromTUFKey(key), algorithm, true, ["verify"]);
  } catch {
    // Not a point on the curve, or not a key at all: nobody can sign with it, so it never counts.
    return undefined;
  }
  const bits = (imported.algorithm as { modulusLength?: number }).modulusLength;
  return bits !== undefined && bits < rsaBitsMin ? undefined : imported;
}

/** SPEC §5.2.4: the 64 bytes that WebCrypto wants; undefined for anything but DER, so that a signature has one form. */
function rawECDSA(signature: Uint8Array): Uint8Array | undefined {
  try {
    return parseECDSASignature(signature, 32);
  } catch {
    return undefined;
  }
}

function pemBytes(text: string): Uint8Array<ArrayBuffer> {
  const [spki, ...more] = parsePEM(text, "PUBLIC KEY");
  if (spki === undefined || more.length > 0) throw malformed("one PEM public key", text);
  return spki;
}

function requirePrefix(spki: Uint8Array, prefix: Uint8Array, rest: number): void {
  if (spki.length !== prefix.length + rest || prefix.some((byte, i) => spki[i] !== byte)) {
    throw malformed("a public key of the scheme", hexText(spki));
  }
}

function malformed(expected: string, got: string): VerificationError {
  return new VerificationError("METADATA_MALFORMED", `expected ${expected}, got ${quote(got)}`);
}
