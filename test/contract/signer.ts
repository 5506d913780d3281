/** What every Signer must do; each adapter's test runs this over its own. */
import { verify, createPublicKey } from "node:crypto";
import { describe, expect, it } from "vitest";
import type { Signer } from "../../src/ports/signer.js";

/** Verified by Node's OpenSSL binding, which none of the signers uses to sign. */
export function isGoodSignature(signer: Signer, message: Uint8Array, signature: Uint8Array): boolean {
  const key = createPublicKey({ key: Buffer.from(signer.spki), format: "der", type: "spki" });
  if (signer.scheme === "ed25519") return verify(null, message, key, signature);
  const pss = signer.scheme === "rsa-pss-3072-sha256" ? { padding: 6, saltLength: 32 } : {};
  return verify("sha256", message, { key, ...pss }, signature);
}

export function signerContract(name: string, open: () => Promise<Signer>): void {
  describe(`signer contract: ${name}`, () => {
    it("signs whole messages of any length with the key that it shows", async () => {
      const signer = await open();
      for (const length of [1, 32, 64, 100_000]) {
        const message = new Uint8Array(length).fill(7);
        expect(isGoodSignature(signer, message, await signer.sign(message))).toBe(true);
      }
      await signer.close();
    });

    it("takes eight calls at once", async () => {
      const signer = await open();
      const messages = Array.from({ length: 8 }, (_, i) => Uint8Array.of(i, i, i));
      const signatures = await Promise.all(messages.map((message) => signer.sign(message)));
      for (const [i, message] of messages.entries()) {
        expect(isGoodSignature(signer, message, signatures[i] as Uint8Array)).toBe(true);
      }
      await signer.close();
    });

    it("shows the same key every time it is opened", async () => {
      const [first, second] = [await open(), await open()];
      expect(second.spki).toEqual(first.spki);
      expect(isGoodSignature(first, Uint8Array.of(1), await second.sign(Uint8Array.of(1)))).toBe(true);
      await first.close();
      expect(isGoodSignature(first, Uint8Array.of(2), await second.sign(Uint8Array.of(2)))).toBe(true);
      await second.close();
    });

    it("refuses to sign once it is closed", async () => {
      const signer = await open();
      await signer.close();
      await expect(signer.sign(Uint8Array.of(1))).rejects.toMatchObject({ code: "SIGNER_UNAVAILABLE" });
    });
  });
}
