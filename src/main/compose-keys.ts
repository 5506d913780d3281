/** Key files of a data folder: encrypted, with one passphrase file beside them that only their owner may read. */
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { drawMLDSAKey, openNobleSigner } from "../adapters/post-quantum/noble.js";
import { drawPassphrase, readKeyBytes, writeKeyFile } from "../adapters/signer/key-file.js";
import { createKeyFile, openWebCryptoSigner } from "../adapters/signer/webcrypto.js";
import type { PostQuantumSigner } from "../ports/post-quantum.js";
import type { Signer } from "../ports/signer.js";
import { readSecret } from "./configuration.js";

export { generateTokenKey } from "../adapters/signer/pkcs11.js";

export const passphraseFile = "keys/passphrase";

/** A key file below `folder`; the passphrase that all of its key files share is made with the first one. */
export async function makeKey(
  folder: string,
  path: string,
  scheme: Signer["scheme"] = "ecdsa-p256-sha256",
): Promise<Signer> {
  const passphrase = passphraseOf(folder);
  const file = join(folder, path);
  await createKeyFile({ path: file, passphrase, scheme });
  return openWebCryptoSigner({ path: file, passphrase });
}

export function openKey(folder: string, path: string): Promise<Signer> {
  return openWebCryptoSigner({ path: join(folder, path), passphrase: passphraseOf(folder) });
}

/** An ML-DSA-65 key file below `folder`, for the experimental second signature; answers its public key. */
export async function makePostQuantumKey(folder: string, path: string): Promise<Uint8Array> {
  const pkcs8 = drawMLDSAKey();
  await writeKeyFile(join(folder, path), pkcs8, passphraseOf(folder));
  const signer = await openNobleSigner(pkcs8);
  await signer.close();
  return signer.publicKey;
}

export async function openPostQuantumKey(path: string, passphrase: string): Promise<PostQuantumSigner> {
  return openNobleSigner(await readKeyBytes(path, passphrase));
}

function passphraseOf(folder: string): string {
  const file = join(folder, passphraseFile);
  if (!existsSync(file)) {
    mkdirSync(join(folder, "keys"), { recursive: true, mode: 0o700 });
    writeFileSync(file, `${drawPassphrase()}\n`, { mode: 0o600 });
  }
  return readSecret(folder, { file: passphraseFile });
}
