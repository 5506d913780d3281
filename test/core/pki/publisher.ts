/** A publisher in memory for the tests of signatures: development CAs from keys-dev/, its own leaves, a time-stamp authority. */
import { createHash, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parsePEM } from "../../../src/core/encoding/pem.js";
import { parseCertificate } from "../../../src/core/pki/certificate.js";
import { formatTimestampQuery, parseTimestampResponse } from "../../../src/adapters/timestamp/messages.js";
import type { SignaturePolicy } from "../../../src/core/pki/model.js";
import type { IssuingKey } from "../../../src/issuing/algorithms.js";
import { issueCertificate } from "../../../src/issuing/certificates.js";
import { signCMS } from "../../../src/issuing/cms.js";
import { allDevelopmentCRLs } from "../../../src/issuing/development-crls.js";
import {
  type DevelopmentKeys,
  developmentAddress,
  developmentKeyFiles,
  developmentPolicies,
  issueDevelopmentLeaves,
  developmentScheme,
} from "../../../src/issuing/development-pki.js";
import { generateIssuingKey, importIssuingKey } from "../../../src/issuing/issuing-keys.js";
import { developmentTSA } from "../../../src/issuing/timestamp.js";
import type { SignatureScheme, Signer } from "../../../src/ports/signer.js";
import type { TimestampAuthority } from "../../../src/ports/timestamp-authority.js";

export const now = new Date("2026-09-01T12:00:00Z");
export const content = new TextEncoder().encode("a manifest, bytes as served\n");
export const sha256 = (bytes: Uint8Array): Uint8Array => createHash("sha256").update(bytes).digest();

export const developmentKeys = Object.fromEntries(
  Object.entries(developmentKeyFiles).map(([part, name]) => [
    part,
    readFileSync(fileURLToPath(new URL(`../../../keys-dev/${name}`, import.meta.url)), "utf8"),
  ]),
) as unknown as DevelopmentKeys;

export type PublisherScheme = Exclude<SignatureScheme, "ed25519">;

/** A key in memory as a Signer. */
export async function memorySigner(scheme: PublisherScheme): Promise<Signer> {
  const { key } = await generateIssuingKey(scheme);
  return { ...key, scheme, close: async () => undefined };
}

/** An authority in this process; it goes through the same messages as one over HTTP. */
export function memoryTSA(
  signer: IssuingKey,
  chain: readonly Uint8Array[],
  time: () => Date,
): TimestampAuthority {
  const answer = developmentTSA({
    ...{ signer, chain, policyOID: developmentPolicies.timeStamping },
    ...{ clock: { now: time }, randomBytes: (length: number) => randomBytes(length) },
  });
  return {
    stamp: async (digest) => {
      const nonce = randomBytes(8);
      const response = await answer(formatTimestampQuery(digest, nonce));
      return parseTimestampResponse(response, { sha256: digest, nonce });
    },
  };
}

export interface Publisher {
  readonly signer: Signer;
  readonly chain: readonly Uint8Array[];
  readonly tsuSigner: IssuingKey;
  readonly tsuChain: readonly Uint8Array[];
  readonly tsa: TimestampAuthority;
  readonly policy: SignaturePolicy;
  readonly anchorsPem: string;
  /** The revocation lists that every signature of `sign` carries: of both roots and both CAs. */
  readonly lists: readonly Uint8Array[];
  sign(bytes: Uint8Array): Promise<Uint8Array>;
}

/** Where the publisher's certificate says that its status can be learned, beside its issuer's list. */
export interface StatusAddresses {
  readonly ocspURL?: string;
  readonly deltaURL?: string;
  readonly crlURL?: string;
}

/** A leaf of the development CA once more, with these addresses. */
export async function leafWithAddresses(
  spki: Uint8Array,
  at: Date,
  addresses: StatusAddresses,
): Promise<readonly Uint8Array[]> {
  const issuerCertificate = parsePEM(developmentKeys.issuingCertificate, "CERTIFICATE")[0] as Uint8Array;
  const { subject } = parseCertificate(issuerCertificate);
  const text = (type: string) => subject.attributes.find((one) => one.type === type)?.text as string;
  const leaf = await issueCertificate({
    ...{ profile: "code-signing", spki, serial: randomBytes(16), issuerCertificate },
    subject: {
      ...{ country: "CH", locality: "Bern", organization: text("2.5.4.10"), commonName: "Definitions" },
      organizationIdentifier: text("2.5.4.97"),
    },
    issuerKey: await importIssuingKey(developmentKeys.issuingKey, developmentScheme),
    notBefore: new Date(at.getTime() - 3_600_000),
    notAfter: new Date(at.getTime() + 300 * 86_400_000),
    policyOIDs: [developmentPolicies.codeSigning],
    ...{ crlURL: `${developmentAddress}issuing-ca.crl`, issuerURL: `${developmentAddress}issuing-ca.cer` },
    ...addresses,
  });
  return [leaf, issuerCertificate];
}

export async function createPublisher(
  signer: Signer,
  at: Date = now,
  addresses?: StatusAddresses,
): Promise<Publisher> {
  const { key: tsuSigner } = await generateIssuingKey("ecdsa-p256-sha256");
  const { tsuChain, policy, anchorsPem, ...usual } = await issueDevelopmentLeaves({
    keys: developmentKeys,
    publisherSpki: signer.spki,
    tsuSpki: tsuSigner.spki,
    now: at,
  });
  const publisherChain =
    addresses === undefined ? usual.publisherChain : await leafWithAddresses(signer.spki, at, addresses);
  const tsa = memoryTSA(tsuSigner, tsuChain, () => at);
  const lists = allDevelopmentCRLs(developmentKeys, [], at);
  return {
    ...{ signer, chain: publisherChain, tsuSigner, tsuChain, tsa, policy, anchorsPem, lists: await lists },
    sign: (bytes) =>
      signCMS({
        ...{ contentSha256: sha256(bytes), signer, chain: publisherChain, signingTime: at, tsa },
        revocation: () => lists,
      }),
  };
}
