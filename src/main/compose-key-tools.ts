/** `rulemint key …` put together: keys in files or tokens, requests for certificates, chains held against rules and keys. */
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { relative, resolve } from "node:path";
import { systemClock } from "../adapters/clock/system.js";
import { writeFileDurably } from "../adapters/durable-files.js";
import { generateTokenKey, openPKCS11Signer } from "../adapters/signer/pkcs11.js";
import { createKeyFile, openWebCryptoSigner } from "../adapters/signer/webcrypto.js";
import { describeChain, describeKey } from "../cli/describe-key.js";
import type { Report, RequestCertificateOptions } from "../cli/doors.js";
import { type KeyPlace, requireKeyPlace } from "../cli/key-options.js";
import { equalBytes, utf8Bytes } from "../core/encoding/bytes.js";
import { formatPEM, parsePEM } from "../core/encoding/pem.js";
import { quote, UsageError, VerificationError } from "../core/errors.js";
import { parseCertificate } from "../core/pki/certificate.js";
import { keyID } from "../core/trust/keys.js";
import type { TUFKey } from "../core/trust/model.js";
import { orderChain } from "../issuing/certificate-chain.js";
import { type LintResult, lintCodeSigningChain } from "../issuing/certificate-lints.js";
import { formatCertificateRequest } from "../issuing/certificate-requests.js";
import { isOrganizationIdentifier } from "../issuing/names.js";
import { schemeOfSPKI, tufKeyOfSigner } from "../issuing/tuf-signatures.js";
import type { Signer } from "../ports/signer.js";
import { readInput } from "./compose-endpoint.js";
import { dataFolderOf, tellAccessLog } from "./tell-access-log.js";

export async function generateKey({ key, out }: { key: KeyPlace; out?: string }): Promise<Report> {
  await tellOfKey(key, "key generate");
  await makePlacedKey(key);
  const signer = await openPlacedKey(key);
  try {
    if (out !== undefined) await writeText(out, formatPEM(signer.spki, "PUBLIC KEY"));
    return keyReport(tufKeyOfSigner(signer), signer.spki);
  } finally {
    await signer.close();
  }
}

async function makePlacedKey(place: KeyPlace): Promise<void> {
  const { keyFile, pkcs11Module, scheme } = place;
  if (keyFile !== undefined) {
    const passphrase = secret(place.passphraseFile);
    return createKeyFile({ path: resolve(keyFile), passphrase, scheme });
  }
  await generateTokenKey({ ...tokenOf(place), modulePath: pkcs11Module as string });
}

/** SPEC §13.2.10: before the key is there. @throws OperationError ACCESS_LOG_UNAVAILABLE */
async function tellOfKey(place: KeyPlace, operation: string): Promise<void> {
  const { keyFile, tokenLabel, keyLabel, accessLog } = place;
  const folder = accessLog ?? (keyFile === undefined ? undefined : dataFolderOf(keyFile));
  if (folder === undefined) return;
  const target = keyFile === undefined ? `key/${tokenLabel}/${keyLabel}` : `key/${shownIn(folder, keyFile)}`;
  await tellAccessLog(folder, { operation, target });
}

const shownIn = (folder: string, file: string): string => relative(resolve(folder), resolve(file));

/** A private key that somebody is about to use with a command. @throws what `openPlacedKey` throws; OperationError ACCESS_LOG_UNAVAILABLE */
export async function useKey(place: KeyPlace, operation: string): Promise<Signer> {
  requireKeyPlace(place);
  await tellOfKey(place, operation);
  return openPlacedKey(place);
}

/** @throws UsageError USAGE; OperationError SIGNER_UNAVAILABLE, SIGNER_PIN */
export async function openPlacedKey(place: KeyPlace): Promise<Signer> {
  requireKeyPlace(place);
  const { keyFile, pkcs11Module } = place;
  if (keyFile === undefined) {
    return openPKCS11Signer({ ...tokenOf(place), modulePath: pkcs11Module as string });
  }
  return openWebCryptoSigner({ path: resolve(keyFile), passphrase: secret(place.passphraseFile) });
}

function tokenOf({ tokenLabel, keyLabel, pinFile, scheme }: KeyPlace) {
  if (scheme === "ed25519")
    throw new UsageError("USAGE", "expected a P-256 or RSA key in a token, got ed25519");
  return { tokenLabel: tokenLabel as string, keyLabel: keyLabel as string, pin: secret(pinFile), scheme };
}

export async function requestCertificate(options: RequestCertificateOptions): Promise<Report> {
  const { organizationIdentifier: identifier } = options.subject;
  // A wrong digit would be signed by somebody who trusts it, or cost a week.
  if (identifier !== undefined && !isOrganizationIdentifier(identifier)) {
    const message = `expected NTRCH-CHE- and a UID with its check digit, got ${quote(identifier)}`;
    throw new UsageError("USAGE", message);
  }
  const signer = await useKey(options.key, "key csr");
  try {
    const { scheme } = signer;
    if (scheme === "ed25519") throw new UsageError("USAGE", "expected a P-256 or RSA key, got ed25519");
    const key = { scheme, spki: signer.spki, sign: (message: Uint8Array) => signer.sign(message) };
    const pem = formatPEM(
      await formatCertificateRequest({ subject: options.subject, key }),
      "CERTIFICATE REQUEST",
    );
    await writeText(options.out, pem);
    const text = `Wrote ${options.out}: ask a Swiss certification authority for a code-signing certificate with it.`;
    return { ok: true, json: { request: pem, keyid: keyID(tufKeyOfSigner(signer)) }, text };
  } finally {
    await signer.close();
  }
}

export async function importChain(options: { key: KeyPlace; chain: string; out: string }): Promise<Report> {
  const { chain, lints } = await lintedChain(options.chain);
  const signer = await useKey(options.key, "key import");
  try {
    await requireKeyOfChain(signer, chain);
  } finally {
    await signer.close();
  }
  const ok = lints.every(({ severity, result }) => severity !== "error" || result !== "fail");
  if (ok) await writeText(options.out, chain.map((der) => formatPEM(der, "CERTIFICATE")).join(""));
  const done = ok ? `Wrote ${options.out}.` : "Not written: errors above.";
  return { ok, json: { lints }, text: `${describeChain(lints)}\n${done}` };
}

export async function checkChain(options: { key?: KeyPlace; chain: string }): Promise<Report> {
  const { chain, lints } = await lintedChain(options.chain);
  if (options.key !== undefined) {
    const signer = await useKey(options.key, "key check");
    try {
      await requireKeyOfChain(signer, chain);
    } finally {
      await signer.close();
    }
  }
  const ok = lints.every(({ severity, result }) => severity !== "error" || result !== "fail");
  return { ok, json: { lints }, text: describeChain(lints) };
}

async function lintedChain(path: string): Promise<{ chain: Uint8Array[]; lints: LintResult[] }> {
  const chain = await orderChain(parsePEM(Buffer.from(readInput(path)).toString("utf8"), "CERTIFICATE"));
  return { chain, lints: await lintCodeSigningChain(chain, systemClock.now()) };
}

/** The key is asked to sign something nobody could use: the certificate must be about the key that is really there. */
async function requireKeyOfChain(signer: Signer, chain: readonly Uint8Array[]): Promise<void> {
  const { spki } = parseCertificate(chain[0] as Uint8Array).key;
  if (!equalBytes(spki, signer.spki)) {
    const expected = keyID(tufKeyOfSigner(signer));
    throw new VerificationError(
      "SIGNER_KEY_MISMATCH",
      `expected a certificate of key ${expected}, got one of another key`,
    );
  }
  await signer.sign(utf8Bytes(`rulemint key check ${randomBytes(16).toString("hex")}`));
}

export async function showKey({ key, file }: { key?: KeyPlace; file?: string }): Promise<Report> {
  if (file !== undefined) {
    const spki = publicSPKI(file);
    return keyReport(tufKeyOfSigner({ scheme: schemeOfSPKI(spki), spki }), spki);
  }
  const signer = await useKey(key as KeyPlace, "key show");
  try {
    return keyReport(tufKeyOfSigner(signer), signer.spki);
  } finally {
    await signer.close();
  }
}

function keyReport(key: TUFKey, spki: Uint8Array): Report {
  const view = { keyid: keyID(key), scheme: key.scheme, publicKey: formatPEM(spki, "PUBLIC KEY") };
  return { ok: true, json: view, text: describeKey(view) };
}

/** From a public key or the first certificate of a chain, PEM. @throws UsageError USAGE; VerificationError */
export function readPublicKey(path: string): TUFKey {
  const spki = publicSPKI(path);
  return tufKeyOfSigner({ scheme: schemeOfSPKI(spki), spki });
}

function publicSPKI(path: string): Uint8Array {
  const text = Buffer.from(readInput(path)).toString("utf8");
  if (text.includes("-----BEGIN CERTIFICATE-----")) {
    return parseCertificate(parsePEM(text, "CERTIFICATE")[0] as Uint8Array).key.spki;
  }
  return parsePEM(text, "PUBLIC KEY")[0] as Uint8Array;
}

function secret(path: string | undefined): string {
  try {
    return readFileSync(resolve(path as string), "utf8").replace(/\r?\n$/, "");
  } catch (cause) {
    throw new UsageError("USAGE", `expected a readable file at ${path}`, { cause });
  }
}

async function writeText(path: string, text: string): Promise<void> {
  await writeFileDurably(resolve(path), utf8Bytes(text));
}
