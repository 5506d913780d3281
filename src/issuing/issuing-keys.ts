/** Keys in memory, for certification authorities that live in files: development, and tests. Production keys are behind the Signer port. */
import { formatECDSASignature } from "../core/encoding/der-ecdsa.js";
import { formatPEM, parsePEM } from "../core/encoding/pem.js";
import { UsageError } from "../core/errors.js";
import type { IssuingKey } from "./algorithms.js";

type MemoryScheme = Exclude<IssuingKey["scheme"], "ed25519">;

const importParameters = {
  "ecdsa-p256-sha256": { name: "ECDSA", namedCurve: "P-256" },
  "ecdsa-p384-sha384": { name: "ECDSA", namedCurve: "P-384" },
  "rsa-pss-3072-sha256": { name: "RSA-PSS", hash: "SHA-256" },
} as const;

const signParameters = {
  "ecdsa-p256-sha256": { name: "ECDSA", hash: "SHA-256" },
  "ecdsa-p384-sha384": { name: "ECDSA", hash: "SHA-384" },
  "rsa-pss-3072-sha256": { name: "RSA-PSS", saltLength: 32 },
} as const;

/** From an unencrypted PKCS#8 key, PEM. @throws VerificationError ENCODING_MALFORMED @throws UsageError USAGE */
export async function importIssuingKey(pem: string, scheme: MemoryScheme): Promise<IssuingKey> {
  const pkcs8 = parsePEM(pem, "PRIVATE KEY")[0] as Uint8Array<ArrayBuffer>;
  const { subtle } = crypto;
  const parameters = importParameters[scheme];
  try {
    const key = await subtle.importKey("pkcs8", pkcs8, parameters, true, ["sign"]);
    const { kty, crv, x, y, n, e } = await subtle.exportKey("jwk", key);
    const publicJWK = kty === "RSA" ? { kty, n, e } : { kty, crv, x, y };
    const publicKey = await subtle.importKey("jwk", publicJWK, parameters, true, ["verify"]);
    const spki = new Uint8Array(await subtle.exportKey("spki", publicKey));
    return {
      scheme,
      spki,
      sign: async (message) => {
        const raw = new Uint8Array(await subtle.sign(signParameters[scheme], key, Uint8Array.from(message)));
        return scheme === "rsa-pss-3072-sha256" ? raw : formatECDSASignature(raw);
      },
    };
  } catch (cause) {
    throw new UsageError("USAGE", `expected a ${scheme} key in PKCS#8`, { cause });
  }
}

/** A new key: the PEM to keep, and the key to use. */
export async function generateIssuingKey(scheme: MemoryScheme): Promise<{ pem: string; key: IssuingKey }> {
  const { subtle } = crypto;
  const rsa = { modulusLength: 3072, publicExponent: Uint8Array.of(1, 0, 1) };
  const parameters = importParameters[scheme];
  const generated = await subtle.generateKey(
    parameters.name === "RSA-PSS" ? { ...parameters, ...rsa } : parameters,
    true,
    ["sign", "verify"],
  );
  const pkcs8 = new Uint8Array(await subtle.exportKey("pkcs8", generated.privateKey));
  const pem = formatPEM(pkcs8, "PRIVATE KEY");
  return { pem, key: await importIssuingKey(pem, scheme) };
}
