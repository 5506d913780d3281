/** The field's own test suites: x509-limbo for paths, Wycheproof for signature encodings. Read in place; said plainly when absent. */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { hexBytes } from "../../../src/core/encoding/bytes.js";
import { parseDER } from "../../../src/core/encoding/der.js";
import { parsePEM } from "../../../src/core/encoding/pem.js";
import { RulemintError } from "../../../src/core/errors.js";
import { isSignatureOf, parsePublicKey, type SignatureAlgorithm } from "../../../src/core/pki/algorithms.js";
import { type Certificate, parseCertificate } from "../../../src/core/pki/certificate.js";
import { verifyPath } from "../../../src/core/pki/path.js";

const shared = (name: string): string =>
  fileURLToPath(new URL(`../../../../shared/vectors/${name}`, import.meta.url));
const limbo = shared("x509-limbo.json.gz");
const wycheproof = shared("wycheproof-subset.tar.gz");
for (const file of [limbo, wycheproof]) {
  if (!existsSync(file)) console.warn(`${file} is not there: its cases were not tried`);
}

interface LimboCase {
  id: string;
  trusted_certs: string[];
  untrusted_intermediates: string[];
  peer_certificate: string;
  validation_time: string | null;
  expected_result: "SUCCESS" | "FAILURE";
}

/** Host names, the web's profile and revocation are not what `verifyPath` judges. */
const outside = /^(webpki|online|crl)::|::san::|max-chain-depth/;

/** The leaf's own profile is judged elsewhere. */
const acceptedOnPurpose = [
  "rfc5280::ca-as-leaf-wrong-san",
  "rfc5280::eku::ee-wrong-eku",
  "rfc5280::leaf-ku-keycertsign",
];

describe.runIf(existsSync(limbo))("x509-limbo", () => {
  it("finds no path that should not be found, and never loops", async () => {
    const { testcases } = JSON.parse(gunzipSync(readFileSync(limbo)).toString()) as {
      testcases: LimboCase[];
    };
    const judged = testcases.filter(({ id }) => !outside.test(id));
    const falseAccepts: string[] = [];
    let right = 0;
    for (const one of judged) {
      const result = await limboVerdict(one);
      if (result === one.expected_result) right++;
      else if (result === "SUCCESS") falseAccepts.push(one.id);
    }
    console.log(
      `x509-limbo: ${right} of ${judged.length} as expected, ${falseAccepts.length} accepted on purpose`,
    );
    expect(falseAccepts.sort()).toEqual(acceptedOnPurpose);
  });
});

async function limboVerdict(one: LimboCase): Promise<LimboCase["expected_result"]> {
  const certificate = (pem: string): Certificate =>
    parseCertificate(parsePEM(pem, "CERTIFICATE")[0] as Uint8Array);
  try {
    await verifyPath(certificate(one.peer_certificate), one.untrusted_intermediates.map(certificate), {
      purpose: "1.3.6.1.5.5.7.3.1",
      at: new Date(one.validation_time ?? "2026-01-01T00:00:00Z"),
      anchors: one.trusted_certs.map(certificate),
      rsaBitsMin: 2048,
    });
    return "SUCCESS";
  } catch (cause) {
    if (cause instanceof RulemintError) return "FAILURE";
    throw cause;
  }
}

interface WycheproofGroup {
  publicKeyDer: string;
  tests: { tcId: number; msg: string; sig: string; result: "valid" | "invalid" | "acceptable" }[];
}

describe.runIf(existsSync(wycheproof))("Wycheproof", () => {
  it.each<[string, SignatureAlgorithm]>([
    ["ecdsa_secp256r1_sha256_test", { family: "ecdsa", hash: "SHA-256" }],
    ["ecdsa_secp384r1_sha384_test", { family: "ecdsa", hash: "SHA-384" }],
    ["rsa_signature_3072_sha256_test", { family: "rsa-pkcs1", hash: "SHA-256" }],
    ["rsa_pss_3072_sha256_mgf1_32_test", { family: "rsa-pss", hash: "SHA-256" }],
  ])("%s: every case as it should be", async (name, algorithm) => {
    const text = execFileSync("tar", ["-xzOf", wycheproof, `./${name}.json`], { maxBuffer: 2 ** 26 });
    const { testGroups } = JSON.parse(text.toString()) as { testGroups: WycheproofGroup[] };
    const wrong: number[] = [];
    for (const group of testGroups) {
      const key = parsePublicKey(parseDER(hexBytes(group.publicKeyDer)));
      for (const { tcId, msg, sig, result } of group.tests) {
        const valid = await isSignatureOf(key, algorithm, hexBytes(msg), hexBytes(sig));
        if (valid !== (result === "valid")) wrong.push(tcId);
      }
    }
    expect(wrong).toEqual([]);
  });
});
