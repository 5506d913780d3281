/** Wycheproof's signature encodings, through the functions that our verifiers use. Read in place; said plainly when absent. */
import { describe, expect, it } from "vitest";
import { hexBytes } from "../../../src/core/encoding/bytes.js";
import { parseDER } from "../../../src/core/encoding/der.js";
import { isSignatureOf, parsePublicKey, type SignatureAlgorithm } from "../../../src/core/pki/algorithms.js";
import { type TUFScheme, tufKeyFromSPKI, verifyTUFSignature } from "../../../src/core/trust/keys.js";
import { wycheproofFile, wycheproofGroups } from "./field-suites.js";

interface WycheproofGroup {
  publicKeyDer: string;
  tests: { tcId: number; msg: string; sig: string; result: "valid" | "invalid" | "acceptable" }[];
}

describe.runIf(wycheproofFile !== undefined)("Wycheproof", () => {
  it.each<[string, SignatureAlgorithm]>([
    ["ecdsa_secp256r1_sha256_test", { family: "ecdsa", hash: "SHA-256" }],
    ["ecdsa_secp384r1_sha384_test", { family: "ecdsa", hash: "SHA-384" }],
    ["rsa_signature_3072_sha256_test", { family: "rsa-pkcs1", hash: "SHA-256" }],
    ["rsa_pss_3072_sha256_mgf1_32_test", { family: "rsa-pss", hash: "SHA-256" }],
  ])("%s: every case as it should be", async (name, algorithm) => {
    const wrong: number[] = [];
    let cases = 0;
    for (const group of wycheproofGroups<WycheproofGroup>(name)) {
      const key = parsePublicKey(parseDER(hexBytes(group.publicKeyDer)));
      for (const { tcId, msg, sig, result } of group.tests) {
        cases++;
        const valid = await isSignatureOf(key, algorithm, hexBytes(msg), hexBytes(sig));
        if (valid !== (result === "valid")) wrong.push(tcId);
      }
    }
    console.log(`Wycheproof ${name}: ${cases - wrong.length} of ${cases} as expected`);
    expect(wrong).toEqual([]);
  });

  it.each<[string, TUFScheme]>([
    ["ed25519_test", "ed25519"],
    ["ecdsa_secp256r1_sha256_test", "ecdsa-sha2-nistp256"],
    ["rsa_pss_3072_sha256_mgf1_32_test", "rsassa-pss-sha256"],
  ])("%s as a TUF signature of %s: every case as it should be", async (name, scheme) => {
    const wrong: number[] = [];
    let cases = 0;
    for (const group of wycheproofGroups<WycheproofGroup>(name)) {
      const key = tufKeyFromSPKI(hexBytes(group.publicKeyDer), scheme);
      for (const { tcId, msg, sig, result } of group.tests) {
        cases++;
        if ((await verifyTUFSignature(key, hexBytes(msg), hexBytes(sig))) !== (result === "valid"))
          wrong.push(tcId);
      }
    }
    console.log(`Wycheproof ${name}, TUF: ${cases - wrong.length} of ${cases} as expected`);
    expect(wrong).toEqual([]);
  });
});
