/** Signers over WebCrypto keys that live only in this process, behind the port that the real ones stand behind. */
import { createHash, createPrivateKey, createPublicKey, sign, webcrypto } from "node:crypto";
import { formatECDSASignature } from "../../src/core/encoding/der-ecdsa.js";
import { tufKeyOfSigner } from "../../src/issuing/tuf-signatures.js";
import { keyID } from "../../src/core/trust/keys.js";
import type { TUFKey } from "../../src/core/trust/model.js";
import { deterministicKey } from "../vectors/pki/deterministic-key.js";
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

/** A key from a seed that always signs alike: Ed25519, or the vectors' ECDSA. Its `privateKey` is not to be had. */
export async function seededSigner(
  seed: string,
  scheme: "ed25519" | "ecdsa-p256-sha256" = "ed25519",
): Promise<TestSigner> {
  const own = scheme === "ed25519" ? seededEd25519(seed) : deterministicKey(seed, scheme);
  const key = tufKeyOfSigner({ scheme, spki: own.spki });
  const rest = { scheme, key, keyid: keyID(key), close: async () => undefined };
  return { ...own, ...rest, privateKey: undefined as never };
}

function seededEd25519(seed: string): Pick<Signer, "spki" | "sign"> {
  // RFC 8410 §7: PKCS#8 around the 32 octets of the seed.
  const secret = createHash("sha256").update(seed).digest();
  const der = Buffer.concat([Buffer.from("302e020100300506032b657004220420", "hex"), secret]);
  const key = createPrivateKey({ key: der, format: "der", type: "pkcs8" });
  const spki = Uint8Array.from(createPublicKey(key).export({ type: "spki", format: "der" }));
  return { spki, sign: async (message) => Uint8Array.from(sign(null, message, key)) };
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
