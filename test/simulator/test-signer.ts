/** Signers over WebCrypto keys that live only in this process, behind the port that the real ones stand behind. */
import { webcrypto } from "node:crypto";
import { formatECDSASignature } from "../../src/core/encoding/der-ecdsa.js";
import { tufKeyOfSigner } from "../../src/issuing/tuf-signatures.js";
import { keyID } from "../../src/core/trust/keys.js";
import type { TUFKey } from "../../src/core/trust/model.js";
import type { SignatureScheme, Signer } from "../../src/ports/signer.js";

const algorithms = {
  ed25519: { key: { name: "Ed25519" }, sign: { name: "Ed25519" } },
  "ecdsa-p256-sha256": {
    key: { name: "ECDSA", namedCurve: "P-256" },
    sign: { name: "ECDSA", hash: "SHA-256" },
  },
  "rsa-pss-3072-sha256": {
    key: {
      name: "RSA-PSS",
      modulusLength: 3072,
      publicExponent: Uint8Array.of(1, 0, 1),
      hash: "SHA-256",
    },
    sign: { name: "RSA-PSS", saltLength: 32 },
  },
} as const;

export interface TestSigner extends Signer {
  readonly key: TUFKey;
  readonly keyid: string;
  readonly privateKey: webcrypto.CryptoKey;
}

export async function testSigner(scheme: SignatureScheme = "ed25519"): Promise<TestSigner> {
  const { key, sign } = algorithms[scheme];
  const pair = (await webcrypto.subtle.generateKey(key, true, ["sign", "verify"])) as webcrypto.CryptoKeyPair;
  const spki = new Uint8Array(await webcrypto.subtle.exportKey("spki", pair.publicKey));
  const tufKey = tufKeyOfSigner({ scheme, spki });
  return {
    scheme,
    spki,
    key: tufKey,
    keyid: keyID(tufKey),
    privateKey: pair.privateKey,
    sign: async (message) => {
      const raw = new Uint8Array(await webcrypto.subtle.sign(sign, pair.privateKey, message));
      return scheme === "ecdsa-p256-sha256" ? formatECDSASignature(raw) : raw;
    },
    close: async () => undefined,
  };
}
