/** Certificates, names and leaves as they are issued, read back by the verifier's own parser. */
import { describe, expect, it } from "vitest";
import { parseCertificate } from "../../src/core/pki/certificate.js";
import { keyUsageBits } from "../../src/core/pki/extensions.js";
import { nameText } from "../../src/core/pki/names.js";
import { oids } from "../../src/core/pki/oids.js";
import { isSwissOrganizationIdentifier } from "../../src/core/pki/swiss-policy.js";
import { issueCertificate } from "../../src/issuing/certificates.js";
import { isDevelopmentChain } from "../../src/issuing/development-pki.js";
import { generateIssuingKey } from "../../src/issuing/issuing-keys.js";
import { isOrganizationIdentifier, organizationIdentifier } from "../../src/issuing/names.js";
import { createPublisher, developmentKeys, memorySigner, now } from "../core/pki/publisher.js";
import { parsePEM } from "../../src/core/encoding/pem.js";
import { createWorld } from "../vectors/pki/world.js";

const day = 86_400_000;

describe("development leaves", () => {
  it("have the shape and the lifetime that the requirements ask for", async () => {
    const publisher = await createPublisher(await memorySigner("rsa-pss-3072-sha256"));
    const [leaf, ca] = [publisher.chain[0], publisher.chain[1]].map((der) =>
      parseCertificate(der as Uint8Array),
    );
    if (leaf === undefined || ca === undefined) throw new Error("expected two certificates");
    expect(nameText(leaf.subject)).toBe(
      "C=CH, L=Bern, O=Rulemint DEVELOPMENT AG, organizationIdentifier=NTRCH-CHE-999.999.996, " +
        "CN=Definitions (DEVELOPMENT\\, do not trust)",
    );
    expect(leaf.key.spki).toEqual(publisher.signer.spki);
    expect(leaf.notAfter.getTime() - leaf.notBefore.getTime() + 1000).toBe(460 * day);
    expect(leaf.notBefore.getTime()).toBeLessThan(now.getTime());
    expect([...(leaf.extensions.keyUsage?.bits ?? [])]).toEqual([keyUsageBits.digitalSignature]);
    expect(leaf.extensions.extKeyUsage).toEqual({ critical: false, purposes: [oids.codeSigning] });
    expect(leaf.extensions.authorityKeyIdentifier?.keyID).toEqual(ca.extensions.subjectKeyIdentifier);
    expect(ca.extensions.basicConstraints).toEqual({ critical: true, ca: true, pathLen: 0 });
    const tsu = parseCertificate(publisher.tsuChain[0] as Uint8Array);
    expect(tsu.extensions.extKeyUsage).toEqual({ critical: true, purposes: [oids.timeStamping] });
  });

  it("get a new serial number each time", async () => {
    const signer = await memorySigner("ecdsa-p256-sha256");
    const [a, b] = [await createPublisher(signer), await createPublisher(signer)];
    const serial = (chain: readonly Uint8Array[]) => parseCertificate(chain[0] as Uint8Array).serial;
    expect(serial(a.chain)).not.toEqual(serial(b.chain));
  });

  it("are known as what they are, also by their CA alone, and others are not", async () => {
    const publisher = await createPublisher(await memorySigner("ecdsa-p256-sha256"));
    expect(isDevelopmentChain(publisher.chain)).toBe(true);
    expect(isDevelopmentChain(publisher.chain.slice(0, 1))).toBe(true);
    expect(isDevelopmentChain(publisher.tsuChain)).toBe(true);
    expect(isDevelopmentChain(parsePEM(developmentKeys.rootCertificate, "CERTIFICATE"))).toBe(true);
    const { leaf, ca } = await createWorld();
    expect(isDevelopmentChain([leaf.certificate, ca.certificate])).toBe(false);
  });
});

describe("issueCertificate", () => {
  it("refuses a code-signing leaf for more than 460 days, and a leaf without an issuer", async () => {
    const { key } = await generateIssuingKey("ecdsa-p384-sha384");
    const request = {
      ...({ profile: "code-signing", spki: key.spki, issuerKey: key, serial: Uint8Array.of(1) } as const),
      subject: { country: "CH", organization: "O", commonName: "N" },
      notBefore: now,
    };
    const issuerCertificate = parsePEM(developmentKeys.issuingCertificate, "CERTIFICATE")[0] as Uint8Array;
    const at = (days: number) => new Date(now.getTime() + days * day);
    const refused = expect.objectContaining({ code: "USAGE" });
    await expect(issueCertificate({ ...request, issuerCertificate, notAfter: at(460) })).rejects.toEqual(
      refused,
    );
    await expect(issueCertificate({ ...request, notAfter: at(1) })).rejects.toEqual(refused);
    const fits = new Date(at(460).getTime() - 1000);
    expect(await issueCertificate({ ...request, issuerCertificate, notAfter: fits })).toBeInstanceOf(
      Uint8Array,
    );
  });

  it("writes dates from 2050 on as GeneralizedTime", async () => {
    const { key } = await generateIssuingKey("ecdsa-p384-sha384");
    const der = await issueCertificate({
      ...({ profile: "root", spki: key.spki, issuerKey: key, serial: Uint8Array.of(0x80, 1) } as const),
      subject: { country: "CH", organization: "O", commonName: "N" },
      ...{ notBefore: now, notAfter: new Date("2051-01-01T00:00:00Z") },
    });
    const certificate = parseCertificate(der);
    expect(certificate.notAfter.toISOString()).toBe("2051-01-01T00:00:00.000Z");
    expect(certificate.serial).toEqual(Uint8Array.of(0, 0x80, 1));
  });
});

describe("UID check digits", () => {
  // From the public register: SwissSign, two federal offices, Swisscom.
  it.each(["109.357.012", "221.032.573", "467.023.568", "109.030.864"])("hold for CHE-%s", (uid) => {
    expect(organizationIdentifier(uid.replaceAll(".", "").slice(0, 8))).toBe(`NTRCH-CHE-${uid}`);
    expect(isSwissOrganizationIdentifier(`NTRCH-CHE-${uid}`)).toBe(true);
    expect(isOrganizationIdentifier(`NTRCH-CHE-${uid}`)).toBe(true);
  });

  it("refuse every other last digit, other forms, and numbers that have none", () => {
    const right = "NTRCH-CHE-109.357.012";
    const wrong = Array.from({ length: 10 }, (_, digit) => right.slice(0, -1) + digit).filter(
      (one) => one !== right,
    );
    for (const one of [...wrong, "NTRCH-CHE-109357012", "VATCH-CHE-109.357.012", `${right} `, ""]) {
      expect(isSwissOrganizationIdentifier(one)).toBe(false);
      expect(isOrganizationIdentifier(one)).toBe(false);
    }
    expect(() => organizationIdentifier("1234567")).toThrow(/eight digits/);
    expect(() => organizationIdentifier("00000006")).not.toThrow();
    expect(() => organizationIdentifier("00000003")).toThrow(/possible UID/);
  });
});
