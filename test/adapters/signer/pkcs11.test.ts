/** The token signer over SoftHSM2: its contract, eight at once, a wrong PIN, a token that goes away and comes back. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  generateTokenKey,
  openPKCS11Signer,
  type TokenKeyOptions,
} from "../../../src/adapters/signer/pkcs11.js";
import { isGoodSignature, signerContract } from "../../contract/signer.js";
import { verifySignature } from "../../../src/core/pki/verify-signature.js";
import { createTokens, haveSoftHSM, softHSMModule } from "./softhsm.js";
import { content, createPublisher, now, sha256 } from "../../core/pki/publisher.js";

const modulePath = softHSMModule;
const folder = mkdtempSync(join(tmpdir(), "rulemint-pkcs11-"));
let tokens = "";
const pin = "987654";
const tokenLabel = "publisher token";
const schemes = ["ecdsa-p256-sha256", "rsa-pss-3072-sha256"] as const;
const keyOf = (scheme: TokenKeyOptions["scheme"]): TokenKeyOptions => ({
  ...{ modulePath, tokenLabel, pin, scheme },
  keyLabel: `release ${scheme}`,
});
const key = keyOf("ecdsa-p256-sha256");
const message = Uint8Array.of(1, 2, 3);

beforeAll(async () => {
  if (!haveSoftHSM) return;
  tokens = createTokens(folder, pin, "another token", tokenLabel);
  for (const scheme of schemes) await generateTokenKey(keyOf(scheme));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.runIf(haveSoftHSM)("PKCS#11", () => {
  for (const scheme of schemes) signerContract(`pkcs11, ${scheme}`, () => openPKCS11Signer(keyOf(scheme)));

  it("holds the key so that nobody can take it out", () => {
    const args = ["--module", modulePath, "--token-label", tokenLabel, "--login", "--pin", pin, "-O"];
    const shown = execFileSync("pkcs11-tool", [...args, "--type", "privkey"], { encoding: "utf8" });
    expect(shown.match(/Access: +sensitive, always sensitive, never extracta?ble, local/g)).toHaveLength(2);
  });

  it("SPEC §6.9.5 does not make a second key under one label, and goes on", async () => {
    await expect(generateTokenKey(key)).rejects.toMatchObject({ code: "KEY_EXISTS" });
  });

  it("makes the CMS that the verifier accepts, eight at once", async () => {
    for (const scheme of schemes) {
      const publisher = await createPublisher(await openPKCS11Signer(keyOf(scheme)));
      const signatures = await Promise.all(Array.from({ length: 8 }, () => publisher.sign(content)));
      for (const cms of signatures) {
        const input = { contentSha256: sha256(content), cms, policy: publisher.policy, now };
        expect((await verifySignature(input)).signer.spki).toEqual(publisher.signer.spki);
      }
    }
  });

  it("SPEC §6.9.2 answers a wrong PIN at once, also while the token is open with the right one", async () => {
    const wrong = { ...key, pin: "000000" };
    await expect(openPKCS11Signer(wrong)).rejects.toMatchObject({ code: "SIGNER_PIN" });
    const signer = await openPKCS11Signer(key);
    await signer.sign(message);
    await expect(openPKCS11Signer(wrong)).rejects.toMatchObject({ code: "SIGNER_PIN" });
    expect(isGoodSignature(signer, message, await signer.sign(message))).toBe(true);
    await expect(openPKCS11Signer({ ...wrong, tokenLabel: "another token" })).rejects.toMatchObject({
      code: "SIGNER_PIN",
    });
  });

  it.each([
    ["a missing module", { modulePath: "/nowhere/pkcs11.so" }],
    ["an unknown token", { tokenLabel: "no such token" }],
    ["an unknown key", { keyLabel: "no such key" }],
  ])("answers %s with SIGNER_UNAVAILABLE", async (_name, change) => {
    await expect(openPKCS11Signer({ ...key, ...change })).rejects.toMatchObject({
      code: "SIGNER_UNAVAILABLE",
    });
  });

  it("loses the token in mid-run, says so, and signs again when it is back", async () => {
    const signer = await openPKCS11Signer(key);
    await signer.sign(message);
    renameSync(tokens, `${tokens}.away`);
    mkdirSync(tokens);
    const during = await Promise.allSettled(Array.from({ length: 8 }, () => signer.sign(message)));
    for (const one of during) {
      expect(one).toMatchObject({ status: "rejected", reason: { code: "SIGNER_UNAVAILABLE" } });
    }
    rmSync(tokens, { recursive: true });
    renameSync(`${tokens}.away`, tokens);
    expect(isGoodSignature(signer, message, await signer.sign(message))).toBe(true);
  });

  it("starts without its token when the key is known, and opens it when it is there", async () => {
    const { spki } = await openPKCS11Signer(key);
    renameSync(tokens, `${tokens}.away`);
    mkdirSync(tokens);
    const elsewhere = await openPKCS11Signer({ ...key, modulePath: "/nowhere/pkcs11.so", spki });
    await expect(elsewhere.sign(message)).rejects.toMatchObject({ code: "SIGNER_UNAVAILABLE" });
    const signer = await openPKCS11Signer({ ...key, spki });
    expect(signer.spki).toEqual(spki);
    rmSync(tokens, { recursive: true });
    renameSync(`${tokens}.away`, tokens);
    expect(isGoodSignature(signer, message, await signer.sign(message))).toBe(true);
  });

  it("SPEC §6.9.3 never hands out a signature by another key than the certified one", async () => {
    const { spki } = await createPublisher(await openPKCS11Signer(key)).then(({ tsuSigner }) => tsuSigner);
    const signer = await openPKCS11Signer({ ...key, spki });
    await expect(signer.sign(message)).rejects.toMatchObject({ code: "SIGNER_UNAVAILABLE" });
  });

  it("survives somebody else's finalisation of the library", async () => {
    const [first, second] = [
      await openPKCS11Signer(key),
      await openPKCS11Signer(keyOf("rsa-pss-3072-sha256")),
    ];
    await Promise.all([first.sign(message), second.sign(message)]);
    const { Crypto } = await import("node-webcrypto-p11");
    new Crypto({ library: modulePath, slot: 0 }).close();
    const signatures = await Promise.all([first.sign(message), second.sign(message), first.sign(message)]);
    expect(isGoodSignature(first, message, signatures[0])).toBe(true);
    expect(isGoodSignature(second, message, signatures[1])).toBe(true);
  });
});
