/**
 * The development PKI: Swiss in shape, worthless as identity, because its CA keys are public (`keys-dev/`). Leaves are
 * issued when a service is set up, for keys of its own. `isDevelopmentChain` is how a service notices what it stands on.
 */
import { byteString } from "../core/encoding/bytes.js";
import { formatPEM, parsePEM } from "../core/encoding/pem.js";
import type { SignaturePolicy } from "../core/pki/model.js";
import { issueCertificate } from "./certificates.js";
import type { CertificateProfile } from "./certificate-extensions.js";
import { generateIssuingKey, importIssuingKey } from "./issuing-keys.js";
import { organizationIdentifier, type Subject } from "./names.js";

/** The files of `keys-dev/`, PEM. */
export interface DevelopmentKeys {
  readonly rootCertificate: string;
  readonly rootKey: string;
  readonly issuingCertificate: string;
  readonly issuingKey: string;
  readonly tsaRootCertificate: string;
  readonly tsaRootKey: string;
  readonly tsaCertificate: string;
  readonly tsaKey: string;
}

/** What they are called there. */
export const developmentKeyFiles: Readonly<Record<keyof DevelopmentKeys, string>> = {
  rootCertificate: "code-signing-root.crt.pem",
  rootKey: "code-signing-root.key.pem",
  issuingCertificate: "code-signing-ca.crt.pem",
  issuingKey: "code-signing-ca.key.pem",
  tsaRootCertificate: "time-stamping-root.crt.pem",
  tsaRootKey: "time-stamping-root.key.pem",
  tsaCertificate: "time-stamping-ca.crt.pem",
  tsaKey: "time-stamping-ca.key.pem",
};

export interface DevelopmentLeaves {
  /** Leaf, issuing CA; DER. */
  readonly publisherChain: readonly Uint8Array[];
  readonly tsuChain: readonly Uint8Array[];
  readonly policy: SignaturePolicy;
  /** Both anchors, for tools that take a file of them. */
  readonly anchorsPem: string;
}

/** Below the enterprise number that RFC 5612 keeps for examples; nobody can mistake it for a CSP's. */
const arc = "1.3.6.1.4.1.32473.8420";
export const developmentPolicies = {
  codeSigning: `${arc}.1.1`,
  certificationAuthority: `${arc}.1.2`,
  timeStamping: `${arc}.2.1`,
} as const;

/** In every subject of the PKI, and so in every issuer; no real certificate has it. */
const mark = "Rulemint DEVELOPMENT";
const organization = `${mark} AG`;
/** The check digit is right; no such organisation exists. */
const identifier = organizationIdentifier("99999999");
const urls = "http://pki.rulemint.invalid";
/** What the addresses of all its revocation lists begin with. */
export const developmentAddress = `${urls}/`;
/** Of its four CAs: what is below them is on P-256 too, and P-384 costs whoever verifies six times as much (ADR 0022). */
export const developmentScheme = "ecdsa-p256-sha256";
const dayMilliseconds = 86_400_000;

const draw = (length: number): Uint8Array => crypto.getRandomValues(new Uint8Array(length));

function subjectNamed(commonName: string): Subject {
  return {
    country: "CH",
    locality: "Bern",
    organization,
    organizationIdentifier: identifier,
    commonName: `${commonName} (DEVELOPMENT, do not trust)`,
  };
}

/** @throws VerificationError ENCODING_MALFORMED, UsageError USAGE when the key files are not what they should be */
export async function issueDevelopmentLeaves(input: {
  readonly keys: DevelopmentKeys;
  /** SubjectPublicKeyInfo, DER. */
  readonly publisherSpki: Uint8Array;
  readonly tsuSpki: Uint8Array;
  readonly now: Date;
  /** The publisher's certificates are for e-mail as well: ClamAV's verifier asks for that purpose. */
  readonly alsoEmail?: boolean;
  readonly randomBytes?: (length: number) => Uint8Array;
}): Promise<DevelopmentLeaves> {
  const { keys, now, alsoEmail = false } = input;
  const randomBytes = input.randomBytes ?? draw;
  const notBefore = new Date(now.getTime() - 300_000);
  const lasting = (days: number) => new Date(notBefore.getTime() + days * dayMilliseconds - 1000);
  const leaf = async (ca: { key: string; certificate: string }, facts: LeafFacts) => {
    const issuerCertificate = certificateDER(ca.certificate);
    const certificate = await issueCertificate({
      ...facts,
      issuerKey: await importIssuingKey(ca.key, developmentScheme),
      issuerCertificate,
      serial: randomBytes(16),
      notBefore,
    });
    return [certificate, issuerCertificate];
  };
  const publisherChain = await leaf(
    {
      key: keys.issuingKey,
      certificate: alsoEmail ? await forEmail(keys, notBefore) : keys.issuingCertificate,
    },
    {
      alsoEmail,
      ...{ profile: "code-signing", subject: subjectNamed("Definitions"), spki: input.publisherSpki },
      ...{
        notAfter: lasting(460),
        policyOIDs: [developmentPolicies.codeSigning],
        ...published("issuing-ca"),
      },
    },
  );
  const tsuChain = await leaf(
    { key: keys.tsaKey, certificate: keys.tsaCertificate },
    {
      // Code-signing requirements §6.3.2: a time-stamping key signs for 15 months.
      ...{ profile: "time-stamping", subject: subjectNamed("Time-stamp unit"), spki: input.tsuSpki },
      ...{ notAfter: lasting(456), policyOIDs: [developmentPolicies.timeStamping], ...published("tsa-ca") },
    },
  );
  const policy: SignaturePolicy = {
    ...{ schema: 1, country: "CH", organization, organizationIdentifier: identifier },
    codeSigningAnchors: [keys.rootCertificate],
    timeStampingAnchors: [keys.tsaRootCertificate],
  };
  return { publisherChain, tsuChain, policy, anchorsPem: keys.rootCertificate + keys.tsaRootCertificate };
}

/** The issuing CA again, same name and key, for one purpose more: RFC 5280 §4.2.1.12 binds what is below it. */
async function forEmail(keys: DevelopmentKeys, notBefore: Date): Promise<string> {
  const { spki } = await importIssuingKey(keys.issuingKey, developmentScheme);
  const der = await issueCertificate({
    ...{ profile: "issuing-ca", alsoEmail: true, subject: subjectNamed("Code Signing CA"), spki },
    issuerKey: await importIssuingKey(keys.rootKey, developmentScheme),
    issuerCertificate: certificateDER(keys.rootCertificate),
    ...{ serial: draw(16), notBefore, notAfter: later(notBefore, 15) },
    policyOIDs: [developmentPolicies.certificationAuthority],
    ...published("root"),
  });
  return formatPEM(der, "CERTIFICATE");
}

interface LeafFacts {
  readonly profile: CertificateProfile;
  readonly alsoEmail?: boolean;
  readonly subject: Subject;
  readonly spki: Uint8Array;
  readonly notAfter: Date;
  readonly policyOIDs: readonly string[];
  readonly crlURL: string;
  readonly issuerURL: string;
}

/** True when any certificate of the chain comes from the development PKI, whoever issued it with the public keys. */
export function isDevelopmentChain(chain: readonly Uint8Array[]): boolean {
  return chain.some((der) => byteString(der).includes(mark));
}

/** New keys and CA certificates, for the script that fills `keys-dev/`. */
export async function createDevelopmentKeys(now: Date): Promise<DevelopmentKeys> {
  const [root, rootKey] = await createRoot("Code Signing Root", now);
  const [tsaRoot, tsaRootKey] = await createRoot("Time-stamping Root", now);
  const [issuing, issuingKey] = await createCA("Code Signing CA", "issuing-ca", root, rootKey, now);
  const [tsa, tsaKey] = await createCA("Time-stamping CA", "time-stamping-ca", tsaRoot, tsaRootKey, now);
  return {
    ...{ rootCertificate: root, rootKey, issuingCertificate: issuing, issuingKey },
    ...{ tsaRootCertificate: tsaRoot, tsaRootKey, tsaCertificate: tsa, tsaKey },
  };
}

async function createRoot(name: string, now: Date): Promise<[certificate: string, key: string]> {
  const { pem, key } = await generateIssuingKey(developmentScheme);
  const facts = { profile: "root", subject: subjectNamed(name), spki: key.spki, issuerKey: key } as const;
  const serial = draw(16);
  const der = await issueCertificate({ ...facts, serial, notBefore: now, notAfter: later(now, 20) });
  return [formatPEM(der, "CERTIFICATE"), pem];
}

async function createCA(
  name: string,
  profile: "issuing-ca" | "time-stamping-ca",
  rootPEM: string,
  rootKeyPEM: string,
  now: Date,
): Promise<[certificate: string, key: string]> {
  const { pem, key } = await generateIssuingKey(developmentScheme);
  const der = await issueCertificate({
    ...{ profile, subject: subjectNamed(name), spki: key.spki, serial: draw(16) },
    issuerKey: await importIssuingKey(rootKeyPEM, developmentScheme),
    issuerCertificate: certificateDER(rootPEM),
    ...{ notBefore: now, notAfter: later(now, 15) },
    policyOIDs: [developmentPolicies.certificationAuthority],
    ...published(profile === "issuing-ca" ? "root" : "tsa-root"),
  });
  return [formatPEM(der, "CERTIFICATE"), pem];
}

/** Where the issuer would publish, if it were real; `.invalid` never resolves. */
function published(issuer: string): { crlURL: string; issuerURL: string } {
  return { crlURL: `${urls}/${issuer}.crl`, issuerURL: `${urls}/${issuer}.cer` };
}

function later(date: Date, years: number): Date {
  const end = new Date(date);
  end.setUTCFullYear(end.getUTCFullYear() + years);
  return new Date(end.getTime() - 1000);
}

const certificateDER = (pem: string): Uint8Array => parsePEM(pem, "CERTIFICATE")[0] as Uint8Array;
