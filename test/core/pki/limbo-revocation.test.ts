/** x509-limbo's cases about revocation lists, path and revocation together. Read in place; said plainly when absent. */
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { parsePEM } from "../../../src/core/encoding/pem.js";
import { RulemintError } from "../../../src/core/errors.js";
import { parseCertificate } from "../../../src/core/pki/certificate.js";
import { parseCRL } from "../../../src/core/pki/crl.js";
import { verifyPath } from "../../../src/core/pki/path.js";
import { verifyNotRevoked } from "../../../src/core/pki/revocation.js";

const limbo = fileURLToPath(new URL("../../../../shared/vectors/x509-limbo.json.gz", import.meta.url));
if (!existsSync(limbo)) console.warn(`${limbo} is not there: its revocation lists were not tried`);

interface LimboCase {
  id: string;
  trusted_certs: string[];
  untrusted_intermediates: string[];
  peer_certificate: string;
  crls: string[];
  validation_time: string;
  expected_result: "SUCCESS" | "FAILURE";
}

/** A CA without key usage may sign certificates in RFC 5280; here it may not, with or without lists. */
const refusedOnPurpose = ["crl::issuer-no-keyusage-extension"];

describe.runIf(existsSync(limbo))("x509-limbo, revocation lists", () => {
  it("as expected, but for what is refused on purpose", async () => {
    const { testcases } = JSON.parse(gunzipSync(readFileSync(limbo)).toString()) as {
      testcases: LimboCase[];
    };
    const wrong: string[] = [];
    const judged = testcases.filter(({ crls }) => crls.length > 0);
    for (const one of judged) if ((await verdict(one)) !== one.expected_result) wrong.push(one.id);
    console.log(`x509-limbo: ${judged.length - wrong.length} of ${judged.length} with lists as expected`);
    expect(wrong).toEqual(refusedOnPurpose);
  });
});

async function verdict(one: LimboCase): Promise<LimboCase["expected_result"]> {
  const der = (pem: string, label: string) => parsePEM(pem, label)[0] as Uint8Array;
  const certificate = (pem: string) => parseCertificate(der(pem, "CERTIFICATE"));
  const at = new Date(one.validation_time);
  const pool = one.untrusted_intermediates.map(certificate);
  const common = { purpose: undefined, at, rsaBitsMin: 2048 };
  try {
    const anchors = one.trusted_certs.map(certificate);
    const path = await verifyPath(certificate(one.peer_certificate), pool, { ...common, anchors });
    const lists = one.crls.map((pem) => parseCRL(der(pem, "X509 CRL")));
    await verifyNotRevoked({
      ...{ ...common, path, now: at, lists, responses: [], pool, as: "signer" },
      policy: {
        required: true,
        leafDaysMax: 400_000,
        authorityDaysMax: 400_000,
        keyCompromise: "from-its-date",
      },
    });
    return "SUCCESS";
  } catch (cause) {
    if (cause instanceof RulemintError) return "FAILURE";
    throw cause;
  }
}
