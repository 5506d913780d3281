/** One row a rule: a leaf that breaks it and no other, and the chain of the development PKI that breaks none but what it must. */
import type { webcrypto } from "node:crypto";
import * as asn1js from "asn1js";
import type * as pkijs from "pkijs";
import { beforeAll, describe, expect, it } from "vitest";
import { parsePEM } from "../../src/core/encoding/pem.js";
import { type CertificateRequest, issueBentCertificate } from "../../src/issuing/certificates.js";
import { orderChain } from "../../src/issuing/certificate-chain.js";
import { lintCodeSigningChain, lintNames } from "../../src/issuing/certificate-lints.js";
import { developmentScheme } from "../../src/issuing/development-pki.js";
import { generateIssuingKey, importIssuingKey } from "../../src/issuing/issuing-keys.js";
import type { IssuingKey } from "../../src/issuing/algorithms.js";
import { developmentKeys } from "../core/pki/publisher.js";

const now = new Date("2026-11-22T12:00:00Z");
const days = (count: number) => new Date(now.getTime() + count * 86_400_000);
const issuer = parsePEM(developmentKeys.issuingCertificate, "CERTIFICATE")[0] as Uint8Array;
let issuerKey: IssuingKey;
let spki: Uint8Array;
beforeAll(async () => {
  issuerKey = await importIssuingKey(developmentKeys.issuingKey, developmentScheme);
  spki = (await generateIssuingKey("ecdsa-p256-sha256")).key.spki;
});

type Change = Partial<CertificateRequest> & { bend?: (certificate: pkijs.Certificate) => void; at?: Date };

async function failing({ bend = () => undefined, at = now, ...change }: Change = {}): Promise<string[]> {
  const subject = { country: "CH", locality: "Bern", organization: "Muster AG", commonName: "Muster" };
  const request: CertificateRequest = {
    ...{ profile: "code-signing", subject, spki, issuerKey, issuerCertificate: issuer },
    ...{ serial: Uint8Array.from({ length: 16 }, (_, i) => i + 1), notBefore: days(-1), notAfter: days(300) },
    ...{
      policyOIDs: ["2.23.140.1.4.1"],
      crlURL: "http://crl.example/a.crl",
      issuerURL: "http://ca.example/a.cer",
    },
    ...change,
  };
  const leaf = await issueBentCertificate(request, bend);
  const results = await lintCodeSigningChain([leaf, issuer], at);
  expect(results.map(({ name }) => name)).toEqual(lintNames);
  for (const { clause } of results) expect(clause).not.toBe("");
  return results.filter(({ result }) => result === "fail").map(({ name }) => name);
}

const without = (oid: string) => (certificate: pkijs.Certificate) => {
  certificate.extensions = certificate.extensions?.filter(({ extnID }) => extnID !== oid);
};
const critical = (oid: string, value: boolean) => (certificate: pkijs.Certificate) => {
  for (const one of certificate.extensions ?? []) if (one.extnID === oid) one.critical = value;
};
const value = (oid: string, content: asn1js.AsnType) => (certificate: pkijs.Certificate) => {
  for (const one of certificate.extensions ?? []) {
    if (one.extnID === oid) one.extnValue = new asn1js.OctetString({ valueHex: content.toBER(false) });
  }
};
const purposes = (...oids: string[]) =>
  value(
    "2.5.29.37",
    new asn1js.Sequence({ value: oids.map((oid) => new asn1js.ObjectIdentifier({ value: oid })) }),
  );
const usage = (octet: number) =>
  value("2.5.29.15", new asn1js.BitString({ unusedBits: 0, valueHex: Uint8Array.of(octet).buffer }));
const subject = { country: "CH", locality: "Bern", organization: "Muster AG", commonName: "Muster" };
const code = "1.3.6.1.5.5.7.3.3";

describe("the rules for code-signing certificates", () => {
  it("find nothing wrong with a certificate as it should be", async () => {
    expect(await failing()).toEqual([]);
  });

  const rows: [rule: string, change: Change, also?: string[]][] = [
    ["validity-days", { notAfter: days(460) }],
    ["purpose-code-signing", { bend: purposes("1.3.6.1.5.5.7.3.4") }],
    ["purpose-not-any", { bend: purposes(code, "2.5.29.37.0") }],
    ["purpose-not-servers", { bend: purposes(code, "1.3.6.1.5.5.7.3.1") }],
    ["purpose-not-lifetime", { bend: purposes(code, "1.3.6.1.4.1.311.10.3.13") }],
    ["key-usage-critical", { bend: critical("2.5.29.15", false) }],
    ["key-usage-digital-signature", { bend: usage(0x40) }],
    ["key-usage-no-ca", { bend: usage(0x84) }],
    ["crl-distribution-point", { crlURL: undefined }],
    ["crl-not-critical", { bend: critical("2.5.29.31", true) }],
    ["issuer-address", { issuerURL: "https://ca.example/a.cer" }],
    ["authority-key-identifier", { bend: without("2.5.29.35") }],
    ["certificate-policies", { policyOIDs: [] }, ["reserved-policy"]],
    ["reserved-policy", { policyOIDs: ["2.16.756.1.89.1"] }],
    ["subject-place", { subject: { ...subject, locality: undefined } }],
    ["organization-identifier", { subject: { ...subject, organizationIdentifier: "NTRCH-CHE-109.357.013" } }],
    ["swiss-country", { subject: { ...subject, country: "DE" } }],
    ["serial-entropy", { serial: Uint8Array.of(1, 2, 3, 4) }],
    ["valid-now", { at: days(301) }, ["renewal-time"]],
    ["renewal-time", { at: days(270) }],
    ["not-a-ca", { profile: "issuing-ca" }, ["key-usage-digital-signature", "key-usage-no-ca"]],
  ];
  it.each(rows)("%s", async (rule, change, also = []) => {
    expect((await failing(change)).sort()).toEqual([rule, ...also].sort());
  });

  it("subscriber-key: an RSA key below 3072 bits", async () => {
    const pair = (await crypto.subtle.generateKey(
      { name: "RSA-PSS", modulusLength: 2048, publicExponent: Uint8Array.of(1, 0, 1), hash: "SHA-256" },
      true,
      ["sign", "verify"],
    )) as webcrypto.CryptoKeyPair;
    const weak = new Uint8Array(await crypto.subtle.exportKey("spki", pair.publicKey));
    expect(await failing({ spki: weak })).toEqual(["subscriber-key"]);
  });
});

describe("a chain in any order", () => {
  it("is put leaf first, without its root", async () => {
    const root = parsePEM(developmentKeys.rootCertificate, "CERTIFICATE")[0] as Uint8Array;
    const leaf = await issueBentCertificate(
      {
        ...{ profile: "code-signing", subject, spki, issuerKey, issuerCertificate: issuer },
        ...{ serial: new Uint8Array(16).fill(7), notBefore: days(-1), notAfter: days(300) },
      },
      () => undefined,
    );
    expect(await orderChain([root, issuer, leaf])).toEqual([leaf, issuer]);
    await expect(
      orderChain([leaf, issuer, parsePEM(developmentKeys.tsaCertificate, "CERTIFICATE")[0] as Uint8Array]),
    ).rejects.toThrowError(expect.objectContaining({ code: "USAGE" }));
  });
});
