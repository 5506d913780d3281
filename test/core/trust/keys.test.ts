import { createHash, webcrypto } from "node:crypto";
import { createRequire } from "node:module";
import { describe, expect, it } from "vitest";
import { concatBytes, hexBytes, utf8Bytes } from "../../../src/core/encoding/bytes.js";
import {
  keyID,
  keyIdentity,
  parseTUFKey,
  spkiFromTUFKey,
  tufKeyFromSPKI,
  verifyTUFSignature,
} from "../../../src/core/trust/keys.js";
import type { SignatureScheme } from "../../../src/ports/signer.js";
import { testSigner } from "../../simulator/test-signer.js";

const peer = createRequire(import.meta.url)("@tufjs/canonical-json") as {
  canonicalize(value: unknown): string;
};
const message = utf8Bytes("definitions");
const schemes: SignatureScheme[] = ["ed25519", "ecdsa-p256-sha256", "rsa-pss-3072-sha256"];

describe("TUF keys", () => {
  it("has the id that a stranger's canonical JSON gives, members we do not know included", async () => {
    const key = { ...(await testSigner("ecdsa-p256-sha256")).key, "x-note": 'a "b" \\ c' };
    expect(keyID(key)).toBe(createHash("sha256").update(peer.canonicalize(key)).digest("hex"));
  });

  it.each(schemes)("%s: signs, verifies, and comes back from its SPKI", async (scheme) => {
    const signer = await testSigner(scheme);
    const signature = await signer.sign(message);
    expect(await verifyTUFSignature(signer.key, message, signature)).toBe(true);
    expect(await verifyTUFSignature(signer.key, utf8Bytes("other"), signature)).toBe(false);
    expect(spkiFromTUFKey(signer.key)).toEqual(signer.spki);
    expect(parseTUFKey(JSON.parse(JSON.stringify(signer.key)))).toEqual(signer.key);
  });

  it.each(schemes)("%s: no flipped bit verifies", async (scheme) => {
    const signer = await testSigner(scheme);
    const signature = await signer.sign(message);
    for (let i = 0; i < signature.length; i += 3) {
      const bent = Uint8Array.from(signature);
      bent[i] = (bent[i] as number) ^ (1 << (i % 8));
      expect(await verifyTUFSignature(signer.key, message, bent)).toBe(false);
    }
  });

  it("SPEC §5.2.4 takes an ECDSA signature in DER only, and in one form", async () => {
    const signer = await testSigner("ecdsa-p256-sha256");
    const der = await signer.sign(message);
    const rLength = der[3] as number;
    const r = der.subarray(4, 4 + rLength);
    const rest = der.subarray(4 + rLength);
    const padded = concatBytes(Uint8Array.of(0x30, der.length - 1, 0x02, rLength + 1, 0), r, rest);
    const longForm = concatBytes(Uint8Array.of(0x30, 0x81, der.length - 2), der.subarray(2));
    const trailing = concatBytes(der, Uint8Array.of(0));
    for (const other of [padded, longForm, trailing, new Uint8Array(), new Uint8Array(64), der.subarray(1)]) {
      expect(await verifyTUFSignature(signer.key, message, other)).toBe(false);
    }
  });

  it("SPEC §5.2.3 never counts an RSA key below 3072 bits", async () => {
    const pair = (await webcrypto.subtle.generateKey(
      { name: "RSA-PSS", modulusLength: 2048, publicExponent: Uint8Array.of(1, 0, 1), hash: "SHA-256" },
      true,
      ["sign", "verify"],
    )) as webcrypto.CryptoKeyPair;
    const spki = new Uint8Array(await webcrypto.subtle.exportKey("spki", pair.publicKey));
    const key = tufKeyFromSPKI(spki, "rsassa-pss-sha256");
    const algorithm = { name: "RSA-PSS", saltLength: 32 };
    const signature = new Uint8Array(await webcrypto.subtle.sign(algorithm, pair.privateKey, message));
    expect(await keyIdentity(key)).toBeUndefined();
    expect(await verifyTUFSignature(key, message, signature)).toBe(false);
  });

  it("never counts a point that is not on the curve", async () => {
    const spki = concatBytes(
      hexBytes("3059301306072a8648ce3d020106082a8648ce3d03010703420004"),
      new Uint8Array(64).fill(7),
    );
    const key = tufKeyFromSPKI(spki, "ecdsa-sha2-nistp256");
    expect(await keyIdentity(key)).toBeUndefined();
    expect(await verifyTUFSignature(key, message, hexBytes("3006020101020101"))).toBe(false);
  });

  it.each([
    [
      "an Ed25519 key of the wrong length",
      { keytype: "ed25519", scheme: "ed25519", keyval: { public: "00" } },
    ],
    ["a key without a value", { keytype: "ed25519", scheme: "ed25519", keyval: {} }],
    ["a key without a scheme", { keytype: "ed25519", keyval: { public: "00" } }],
    [
      "a P-256 key that is another key",
      {
        keytype: "ecdsa",
        scheme: "ecdsa-sha2-nistp256",
        keyval: { public: "-----BEGIN PUBLIC KEY-----\nMAA=\n-----END PUBLIC KEY-----\n" },
      },
    ],
  ])("refuses %s", (_rule, object) => {
    expect(() => parseTUFKey(object as never)).toThrowError(
      expect.objectContaining({ code: "METADATA_MALFORMED" }),
    );
  });

  it("leaves keys of unknown schemes alone", () => {
    expect(parseTUFKey({ keytype: "ml-dsa", scheme: "ml-dsa-65", keyval: { public: "00" } })).toBeUndefined();
    expect(
      parseTUFKey({ keytype: "ed25519", scheme: "constructor", keyval: { public: "00" } }),
    ).toBeUndefined();
  });
});
