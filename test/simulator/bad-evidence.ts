/** Evidence that is wrong in one way each, made with the publisher's own key: only the certificate or the time-stamp lies. */
import { randomBytes } from "node:crypto";
import { parsePEM } from "../../src/core/encoding/pem.js";
import { sha256 } from "../../src/core/encoding/sha256.js";
import { type CertificateRequest, issueBentCertificate } from "../../src/issuing/certificates.js";
import { signCMS } from "../../src/issuing/cms.js";
import { developmentScheme } from "../../src/issuing/development-pki.js";
import { importIssuingKey } from "../../src/issuing/issuing-keys.js";
import { buildSignedData } from "../../src/issuing/signed-data.js";
import { developmentKeys, memorySigner } from "../core/pki/publisher.js";
import type { SimulatedPublisher } from "./publisher.js";

type Change = Partial<Pick<CertificateRequest, "profile" | "subject" | "notBefore" | "notAfter">>;

const subject = {
  country: "CH",
  locality: "Bern",
  organization: "Rulemint DEVELOPMENT AG",
  commonName: "Definitions",
};
const serverAuthentication = "1.3.6.1.5.5.7.3.1";

/** A leaf for the publisher's key from the development CA. */
async function leaf(publisher: SimulatedPublisher, change: Change, purpose?: string): Promise<Uint8Array[]> {
  const issuerCertificate = parsePEM(developmentKeys.issuingCertificate, "CERTIFICATE")[0] as Uint8Array;
  const request: CertificateRequest = {
    profile: "code-signing",
    subject,
    spki: publisher.publisherKey.spki,
    issuerKey: await importIssuingKey(developmentKeys.issuingKey, developmentScheme),
    issuerCertificate,
    serial: randomBytes(16),
    notBefore: publisher.in(-30),
    notAfter: publisher.in(300),
    policyOIDs: [],
    ...change,
  };
  const certificate = await issueBentCertificate(request, (bent) => {
    if (purpose === undefined) return;
    const usage = bent.extensions?.find(({ extnID }) => extnID === "2.5.29.37");
    // SEQUENCE of one OBJECT IDENTIFIER; both purposes differ in the last octet alone.
    const value = usage?.extnValue.valueBlock.valueHexView as Uint8Array;
    value[value.length - 1] = Number(purpose.split(".").at(-1));
  });
  return [certificate, issuerCertificate];
}

async function signed(publisher: SimulatedPublisher, file: Uint8Array, chain: readonly Uint8Array[]) {
  return signCMS({
    contentSha256: await sha256(file),
    signer: publisher.publisherKey,
    chain,
    signingTime: publisher.now,
    tsa: publisher.identity.tsa,
  });
}

type Bad = (publisher: SimulatedPublisher, file: Uint8Array) => Promise<Uint8Array>;

export const badCMS = {
  untrusted: async (publisher, file) => {
    const root = await memorySigner("ecdsa-p256-sha256");
    const years = { notBefore: publisher.in(-30), notAfter: publisher.in(300) };
    const selfMade = await issueBentCertificate(
      { profile: "root", subject, spki: root.spki, issuerKey: root, serial: randomBytes(16), ...years },
      () => undefined,
    );
    const issued = await issueBentCertificate(
      {
        ...{ profile: "code-signing", subject, spki: publisher.publisherKey.spki, serial: randomBytes(16) },
        ...{ issuerKey: root, issuerCertificate: selfMade, ...years },
      },
      () => undefined,
    );
    return signed(publisher, file, [issued, selfMade]);
  },
  foreign: async (publisher, file) =>
    signed(publisher, file, await leaf(publisher, { subject: { ...subject, country: "LI" } })),
  expired: async (publisher, file) =>
    signed(publisher, file, await leaf(publisher, { notAfter: publisher.in(-1) })),
  serverAuth: async (publisher, file) =>
    signed(publisher, file, await leaf(publisher, {}, serverAuthentication)),
  unstamped: async (publisher, file) =>
    buildSignedData({
      contentType: "1.2.840.113549.1.7.1",
      content: undefined,
      contentSha256: await sha256(file),
      key: publisher.publisherKey,
      chain: publisher.identity.chain,
      certificates: "included",
      signingTime: publisher.now,
    }),
} satisfies Record<string, Bad>;
