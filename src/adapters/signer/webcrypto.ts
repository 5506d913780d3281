/** The Signer over `@peculiar/webcrypto`, with its key in an encrypted file. For development and small set-ups. */
import { Crypto } from "@peculiar/webcrypto";
import { createPublicKey, type webcrypto } from "node:crypto";
import { formatECDSASignature } from "../../core/encoding/der-ecdsa.js";
import { OperationError } from "../../core/errors.js";
import type { Signer, SignatureScheme } from "../../ports/signer.js";
import { readKeyFile, writeKeyFile } from "./key-file.js";
import { signatureCheck } from "./self-check.js";

const keyParameters = {
  "ecdsa-p256-sha256": { name: "ECDSA", namedCurve: "P-256" },
  "rsa-pss-3072-sha256": {
    name: "RSA-PSS",
    hash: "SHA-256",
    modulusLength: 3072,
    publicExponent: Uint8Array.of(1, 0, 1),
  },
  ed25519: { name: "Ed25519" },
} as const;

const signParameters = {
  "ecdsa-p256-sha256": { name: "ECDSA", hash: "SHA-256" },
  "rsa-pss-3072-sha256": { name: "RSA-PSS", saltLength: 32 },
  ed25519: { name: "Ed25519" },
} as const;

const engine = new Crypto();

/** Draws a key and writes it. @throws OperationError STORE_FAILED (also when the file exists), STORE_FULL */
export async function createKeyFile(input: {
  path: string;
  passphrase: string;
  scheme: SignatureScheme;
}): Promise<void> {
  const pair = (await engine.subtle.generateKey(keyParameters[input.scheme], true, [
    "sign",
    "verify",
  ])) as webcrypto.CryptoKeyPair;
  const pkcs8 = new Uint8Array(await engine.subtle.exportKey("pkcs8", pair.privateKey));
  await writeKeyFile(input.path, pkcs8, input.passphrase);
}

/** `scheme`, when given, must be the key's. @throws OperationError SIGNER_UNAVAILABLE, SIGNER_PIN */
export async function openWebCryptoSigner(input: {
  path: string;
  passphrase: string;
  scheme?: SignatureScheme;
}): Promise<Signer> {
  const keyObject = await readKeyFile(input.path, input.passphrase);
  const scheme = schemeOf(keyObject.asymmetricKeyType);
  if (input.scheme !== undefined && input.scheme !== scheme) {
    throw new OperationError("SIGNER_UNAVAILABLE", `expected a ${input.scheme} key, got ${scheme}`);
  }
  const pkcs8 = keyObject.export({ type: "pkcs8", format: "der" });
  const key = await engine.subtle.importKey("pkcs8", pkcs8, keyParameters[scheme], false, ["sign"]);
  const spki = new Uint8Array(createPublicKey(keyObject).export({ type: "spki", format: "der" }));
  const checked = signatureCheck(scheme, spki);
  let open = true;
  return {
    scheme,
    spki,
    sign: async (message) => {
      if (!open) throw new OperationError("SIGNER_UNAVAILABLE", "expected an open signer, got a closed one");
      const raw = new Uint8Array(await engine.subtle.sign(signParameters[scheme], key, message));
      return checked(message, scheme === "ecdsa-p256-sha256" ? formatECDSASignature(raw) : raw);
    },
    close: async () => {
      open = false;
    },
  };
}

function schemeOf(type: string | undefined): SignatureScheme {
  if (type === "ec") return "ecdsa-p256-sha256";
  if (type === "rsa") return "rsa-pss-3072-sha256";
  if (type === "ed25519") return "ed25519";
  throw new OperationError("SIGNER_UNAVAILABLE", `expected a P-256, RSA or Ed25519 key, got ${type}`);
}
