/**
 * Private keys at rest: PKCS#8, encrypted with PBES2 (RFC 8018: PBKDF2 with HMAC-SHA-256, AES-256-CBC), PEM, mode 0600.
 * `openssl pkey -in FILE` reads them. The file is written once; nothing here overwrites a key.
 */
import {
  createCipheriv,
  createDecipheriv,
  createPrivateKey,
  type KeyObject,
  pbkdf2,
  randomBytes,
} from "node:crypto";
import { readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { promisify } from "node:util";
import * as asn1js from "asn1js";
import { type DERNode, parseDER } from "../../core/encoding/der.js";
import { formatPEM, parsePEM } from "../../core/encoding/pem.js";
import { OperationError, PolicyError, quote } from "../../core/errors.js";
import { discardTemporary, openTemporary, placeNewFile, storeError } from "../durable-files.js";

/** OWASP's figure for PBKDF2 with HMAC-SHA-256, for a passphrase that a person chose. */
const chosenIterations = 600_000;
/** 192 random bits are not guessed at any speed: stretching them only makes every start slow. OpenSSL's default. */
const drawnIterations = 2_048;
const drawn = /^drawn-[A-Za-z0-9_-]{32}$/;

/** A passphrase that says of itself that it is random. */
export function drawPassphrase(): string {
  return `drawn-${randomBytes(24).toString("base64url")}`;
}

/** @throws PolicyError KEY_EXISTS; OperationError STORE_FAILED, STORE_FULL */
export async function writeKeyFile(path: string, pkcs8: Uint8Array, passphrase: string): Promise<void> {
  const pem = formatPEM(await encryptedKey(pkcs8, passphrase), "ENCRYPTED PRIVATE KEY");
  const temporary = await openTemporary(dirname(path));
  try {
    await temporary.handle.chmod(0o600);
    await temporary.handle.writeFile(pem);
    if (await placeNewFile(temporary, path)) return;
  } catch (cause) {
    await discardTemporary(temporary);
    throw storeError(cause, `writing key file ${quote(path)}`);
  }
  // SPEC §6.9.5
  throw new PolicyError("KEY_EXISTS", `expected no key file at ${quote(path)}, got one`);
}

/** @throws OperationError SIGNER_UNAVAILABLE without the file, SIGNER_PIN with the wrong passphrase */
export async function readKeyFile(path: string, passphrase: string): Promise<KeyObject> {
  const pem = await readPEM(path);
  try {
    return createPrivateKey({ key: pem, passphrase });
  } catch (cause) {
    throw wrongPassphrase(path, cause);
  }
}

/**
 * The PKCS#8 itself, for keys of algorithms that the platform's library does not know. Only files as written here.
 * @throws OperationError SIGNER_UNAVAILABLE without such a file, SIGNER_PIN with the wrong passphrase
 */
export async function readKeyBytes(path: string, passphrase: string): Promise<Uint8Array> {
  const { salt, rounds, iv, ciphertext } = parseEncryptedKey(path, await readPEM(path));
  const key = await promisify(pbkdf2)(passphrase, salt, rounds, 32, "sha256");
  const decipher = createDecipheriv("aes-256-cbc", key, iv);
  try {
    return new Uint8Array(Buffer.concat([decipher.update(ciphertext), decipher.final()]));
  } catch (cause) {
    throw wrongPassphrase(path, cause);
  }
}

/** RFC 8018 §A.4, as far as `encryptedKey` writes it. */
function parseEncryptedKey(path: string, pem: string) {
  try {
    const fields = parseDER(parsePEM(pem, "ENCRYPTED PRIVATE KEY")[0] as Uint8Array).fields();
    const [, parameters] = fields.next().sequenceOf();
    const ciphertext = fields.next().octets();
    const [derivation, encryption] = (parameters as DERNode).sequenceOf();
    const [, pbkdf2Parameters] = (derivation as DERNode).sequenceOf();
    const [salt, rounds] = (pbkdf2Parameters as DERNode).sequenceOf();
    const [, iv] = (encryption as DERNode).sequenceOf();
    return {
      ...{ salt: (salt as DERNode).octets(), rounds: (rounds as DERNode).smallInteger() },
      ...{ iv: (iv as DERNode).octets(), ciphertext },
    };
  } catch (cause) {
    const message = `expected a key file as written by rulemint at ${quote(path)}, got another`;
    throw new OperationError("SIGNER_UNAVAILABLE", message, { cause });
  }
}

async function readPEM(path: string): Promise<string> {
  let pem: string;
  try {
    pem = await readFile(path, "utf8");
  } catch (cause) {
    throw new OperationError("SIGNER_UNAVAILABLE", `expected a key file at ${quote(path)}`, { cause });
  }
  if (pem.includes("-----BEGIN ENCRYPTED PRIVATE KEY-----")) return pem;
  throw new OperationError("SIGNER_UNAVAILABLE", `expected an encrypted PKCS#8 key in ${quote(path)}`);
}

function wrongPassphrase(path: string, cause: unknown): OperationError {
  return new OperationError("SIGNER_PIN", `expected the passphrase of ${quote(path)}, got another`, {
    cause,
  });
}

async function encryptedKey(pkcs8: Uint8Array, passphrase: string): Promise<Uint8Array> {
  const salt = randomBytes(16);
  const iv = randomBytes(16);
  const iterations = drawn.test(passphrase) ? drawnIterations : chosenIterations;
  const key = await promisify(pbkdf2)(passphrase, salt, iterations, 32, "sha256");
  const cipher = createCipheriv("aes-256-cbc", key, iv);
  const ciphertext = Buffer.concat([cipher.update(pkcs8), cipher.final()]);
  const derivation = sequence(
    objectID("1.2.840.113549.1.5.12"),
    sequence(
      octets(salt),
      new asn1js.Integer({ value: iterations }),
      sequence(objectID("1.2.840.113549.2.9"), new asn1js.Null()),
    ),
  );
  const encryption = sequence(objectID("2.16.840.1.101.3.4.1.42"), octets(iv));
  const scheme = sequence(objectID("1.2.840.113549.1.5.13"), sequence(derivation, encryption));
  return new Uint8Array(sequence(scheme, octets(ciphertext)).toBER(false));
}

const sequence = (...value: asn1js.AsnType[]) => new asn1js.Sequence({ value });
const objectID = (value: string) => new asn1js.ObjectIdentifier({ value });
const octets = (bytes: Uint8Array) => new asn1js.OctetString({ valueHex: Uint8Array.from(bytes).buffer });
