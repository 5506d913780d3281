/**
 * The CA/Browser Forum code-signing requirements (version 3.10) that can be read off a chain, one named rule each. A lint does not
 * decide trust; it says before a certificate is used what would be refused, or questioned, later.
 */
import * as asn1js from "asn1js";
import * as pkijs from "pkijs";
import { hexText } from "../core/encoding/bytes.js";
import { copied } from "./asn1.js";
import { isOrganizationIdentifier } from "./names.js";

export interface LintResult {
  readonly name: string;
  readonly severity: "error" | "warning";
  /** Clause of the code-signing requirements, unless it says another source. */
  readonly clause: string;
  readonly result: "pass" | "fail" | "not-applicable";
  readonly evidence: string;
}

interface Chain {
  readonly leaf: pkijs.Certificate;
  readonly issuer: pkijs.Certificate | undefined;
  readonly now: Date;
}

/** What holds, or what is wrong; undefined when the rule says nothing about this certificate. */
type Finding = { readonly ok: boolean; readonly evidence: string } | undefined;

interface Lint {
  readonly name: string;
  readonly severity: "error" | "warning";
  readonly clause: string;
  readonly judge: (chain: Chain) => Finding;
}

const dayMs = 86_400_000;
/** §6.3.2: 460 days for certificates issued from this day on, 39 months before. */
const shortLivesFrom = Date.UTC(2026, 2, 1);
/** Renewal takes weeks: an identity check, an order, a ceremony. */
const renewDays = 45;

const oids = {
  keyUsage: "2.5.29.15",
  basicConstraints: "2.5.29.19",
  crlDistributionPoints: "2.5.29.31",
  certificatePolicies: "2.5.29.32",
  authorityKeyIdentifier: "2.5.29.35",
  extKeyUsage: "2.5.29.37",
  authorityInfoAccess: "1.3.6.1.5.5.7.1.1",
  caIssuers: "1.3.6.1.5.5.7.48.2",
  codeSigning: "1.3.6.1.5.5.7.3.3",
  serverAuth: "1.3.6.1.5.5.7.3.1",
  anyPurpose: "2.5.29.37.0",
  lifetimeSigning: "1.3.6.1.4.1.311.10.3.13",
} as const;
const curves = new Map([
  ["1.2.840.10045.3.1.7", "P-256"],
  ["1.3.132.0.34", "P-384"],
  ["1.3.132.0.35", "P-521"],
]);
/** Organisation validated, extended validation. */
const reservedPolicies = ["2.23.140.1.4.1", "2.23.140.1.3"];
const sha1Algorithms = ["1.2.840.113549.1.1.5", "1.2.840.10045.4.1", "1.2.840.113549.1.1.4"];

const lints: readonly Lint[] = [
  lint("validity-days", "error", "§6.3.2", ({ leaf }) => {
    const { start, end } = validity(leaf);
    const last = new Date(start);
    if (start.getTime() >= shortLivesFrom) last.setTime(start.getTime() + 460 * dayMs);
    else last.setUTCMonth(start.getUTCMonth() + 39);
    return found(end.getTime() + 1000 <= last.getTime(), `${Math.ceil((+end + 1000 - +start) / dayMs)} days`);
  }),
  lint("subscriber-key", "error", "§6.1.5.2", ({ leaf }) => strongKey(leaf, 3072)),
  lint("issuer-key", "error", "§6.1.5.2", ({ issuer }) => issuer && strongKey(issuer, 4096)),
  lint("no-sha1", "error", "§7.1.3.2", ({ leaf }) => {
    const { algorithmId } = leaf.signatureAlgorithm;
    return found(!sha1Algorithms.includes(algorithmId), algorithmId);
  }),
  lint("purpose-code-signing", "error", "§7.1.2.3 f", ({ leaf }) =>
    found(purposes(leaf).includes(oids.codeSigning), list(purposes(leaf))),
  ),
  lint("purpose-not-any", "error", "§7.1.2.3 f", ({ leaf }) =>
    found(!purposes(leaf).includes(oids.anyPurpose), list(purposes(leaf))),
  ),
  lint("purpose-not-servers", "error", "§7.1.2.3 f", ({ leaf }) =>
    found(!purposes(leaf).includes(oids.serverAuth), list(purposes(leaf))),
  ),
  lint("purpose-not-lifetime", "warning", "§7.1.2.3 f", ({ leaf }) =>
    // Signatures would end with the certificate, time-stamp or not.
    found(!purposes(leaf).includes(oids.lifetimeSigning), list(purposes(leaf))),
  ),
  lint("key-usage-critical", "error", "§7.1.2.3 e", ({ leaf }) => {
    const usage = extension(leaf, oids.keyUsage);
    return found(usage?.critical === true, usage === undefined ? "absent" : `critical ${usage.critical}`);
  }),
  lint("key-usage-digital-signature", "error", "§7.1.2.3 e", ({ leaf }) =>
    found(usageBit(leaf, 0), "digitalSignature"),
  ),
  lint("key-usage-no-ca", "error", "§7.1.2.3 e", ({ leaf }) =>
    found(!usageBit(leaf, 5) && !usageBit(leaf, 6), "keyCertSign, cRLSign"),
  ),
  lint("not-a-ca", "error", "§7.1.2.3 d", ({ leaf }) => {
    const value = extension(leaf, oids.basicConstraints)?.parsedValue as { cA?: boolean } | undefined;
    return found(
      value?.cA !== true,
      value === undefined ? "no basic constraints" : `cA ${value.cA ?? false}`,
    );
  }),
  lint("crl-distribution-point", "error", "§7.1.2.3 b", ({ leaf }) =>
    httpAddress(leaf, oids.crlDistributionPoints),
  ),
  lint("crl-not-critical", "error", "§7.1.2.3 b", ({ leaf }) => {
    const points = extension(leaf, oids.crlDistributionPoints);
    return points && found(!points.critical, `critical ${points.critical}`);
  }),
  lint("issuer-address", "error", "§7.1.2.3 c", ({ leaf }) => httpAddress(leaf, oids.authorityInfoAccess)),
  lint("authority-key-identifier", "error", "§7.1.2.3 g", ({ leaf }) => {
    const there = extension(leaf, oids.authorityKeyIdentifier) !== undefined;
    return found(there, there ? "present" : "absent");
  }),
  lint("certificate-policies", "error", "§7.1.2.3 a", ({ leaf }) =>
    found(policies(leaf).length > 0, list(policies(leaf))),
  ),
  lint("reserved-policy", "warning", "§7.1.6.1", ({ leaf }) =>
    found(
      policies(leaf).some((oid) => reservedPolicies.includes(oid)),
      list(policies(leaf)),
    ),
  ),
  lint("subject-common-name", "error", "§7.1.4.2.2 a", ({ leaf }) => present(leaf, "2.5.4.3")),
  lint("subject-organization", "error", "§7.1.4.2.2 b", ({ leaf }) => present(leaf, "2.5.4.10")),
  lint("subject-country", "error", "§7.1.4.2.2 g", ({ leaf }) => present(leaf, "2.5.4.6")),
  lint("subject-place", "error", "§7.1.4.2.2 e", ({ leaf }) => {
    const place = [...attributes(leaf, "2.5.4.7"), ...attributes(leaf, "2.5.4.8")];
    return found(place.length > 0, list(place));
  }),
  lint("organization-identifier", "error", "ZertES, UID register", ({ leaf }) => {
    const swiss = attributes(leaf, "2.5.4.97").filter((text) => text.startsWith("NTRCH-"));
    return swiss.length === 0 ? undefined : found(swiss.every(isOrganizationIdentifier), list(swiss));
  }),
  lint("issuer-name-bytes", "error", "§7.1.4.1", ({ leaf, issuer }) => {
    if (issuer === undefined) return undefined;
    const same = hex(leaf.issuer.valueBeforeDecode) === hex(issuer.subject.valueBeforeDecode);
    return found(same, same ? "equal" : "another encoding");
  }),
  lint("serial-entropy", "error", "§7.1", ({ leaf }) => {
    const octets = leaf.serialNumber.valueBlock.valueHexView;
    const positive = ((octets[0] ?? 0x80) & 0x80) === 0;
    return found(positive && octets.length >= 8 && octets.length <= 20, `${octets.length} octets`);
  }),
  lint("swiss-country", "error", "SPEC §6.7", ({ leaf }) => {
    const countries = attributes(leaf, "2.5.4.6");
    return found(countries.length === 1 && countries[0] === "CH", list(countries));
  }),
  lint("valid-now", "error", "RFC 5280 §4.1.2.5", ({ leaf, now }) => {
    const { start, end } = validity(leaf);
    return found(start <= now && now <= end, `${start.toISOString()} to ${end.toISOString()}`);
  }),
  lint("renewal-time", "warning", "docs/OPERATIONS.md", ({ leaf, now }) => {
    const left = Math.floor((validity(leaf).end.getTime() - now.getTime()) / dayMs);
    return found(left >= renewDays, `${left} days left`);
  }),
];

export const lintNames: readonly string[] = lints.map(({ name }) => name);

/** Leaf first. Every rule answers, in a fixed order. */
export async function lintCodeSigningChain(chain: readonly Uint8Array[], now: Date): Promise<LintResult[]> {
  const [leaf, issuer] = chain.map((der) => pkijs.Certificate.fromBER(copied(der)));
  if (leaf === undefined) return [];
  return lints.map(({ name, severity, clause, judge }) => {
    const finding = judge({ leaf, issuer, now });
    const result = finding === undefined ? "not-applicable" : finding.ok ? "pass" : "fail";
    return { name, severity, clause, result, evidence: finding?.evidence ?? "" };
  });
}

function lint(name: string, severity: Lint["severity"], clause: string, judge: Lint["judge"]): Lint {
  return { name, severity, clause: clause.startsWith("§") ? `CS-BR ${clause}` : clause, judge };
}

const found = (ok: boolean, evidence: string): Finding => ({ ok, evidence });
const list = (values: readonly string[]): string => (values.length === 0 ? "none" : values.join(", "));
const hex = (bytes: ArrayBuffer): string => hexText(new Uint8Array(bytes));

function extension(certificate: pkijs.Certificate, oid: string): pkijs.Extension | undefined {
  return certificate.extensions?.find(({ extnID }) => extnID === oid);
}

function validity(certificate: pkijs.Certificate): { start: Date; end: Date } {
  return { start: certificate.notBefore.value, end: certificate.notAfter.value };
}

function purposes(certificate: pkijs.Certificate): readonly string[] {
  const value = extension(certificate, oids.extKeyUsage)?.parsedValue as pkijs.ExtKeyUsage | undefined;
  return value?.keyPurposes ?? [];
}

function policies(certificate: pkijs.Certificate): readonly string[] {
  const value = extension(certificate, oids.certificatePolicies)?.parsedValue as
    | pkijs.CertificatePolicies
    | undefined;
  return value?.certificatePolicies.map(({ policyIdentifier }) => policyIdentifier) ?? [];
}

function usageBit(certificate: pkijs.Certificate, bit: number): boolean {
  const value = extension(certificate, oids.keyUsage)?.parsedValue as asn1js.BitString | undefined;
  const first = value?.valueBlock.valueHexView[bit >> 3] ?? 0;
  return ((first >> (7 - (bit & 7))) & 1) === 1;
}

function attributes(certificate: pkijs.Certificate, type: string): string[] {
  return certificate.subject.typesAndValues
    .filter((one) => one.type === type)
    .map((one) => String(one.value.valueBlock.value));
}

function present(certificate: pkijs.Certificate, type: string): Finding {
  const values = attributes(certificate, type);
  return found(values.length === 1 && values[0] !== "", list(values));
}

/** An http address stands in the extension as it is, whatever the structure around it. */
function httpAddress(certificate: pkijs.Certificate, oid: string): Finding {
  const bytes = extension(certificate, oid)?.extnValue.valueBlock.valueHexView;
  if (bytes === undefined) return found(false, "absent");
  const address = /https?:\/\/[\x21-\x7e]+/.exec(String.fromCharCode(...bytes))?.[0];
  const plain = address?.startsWith("http://") === true;
  return found(plain, address ?? "no http address");
}

function strongKey(certificate: pkijs.Certificate, rsaBitsMin: number): Finding {
  const { algorithm, subjectPublicKey } = certificate.subjectPublicKeyInfo;
  if (algorithm.algorithmId === "1.2.840.10045.2.1") {
    const curve =
      (algorithm.algorithmParams as asn1js.ObjectIdentifier | undefined)?.valueBlock?.toString() ?? "";
    return found(curves.has(curve), curves.get(curve) ?? `curve ${curve}`);
  }
  const key = asn1js.fromBER(copied(subjectPublicKey.valueBlock.valueHexView)).result as asn1js.Sequence;
  const modulus = (key.valueBlock.value[0] as asn1js.Integer | undefined)?.valueBlock.valueHexView;
  const bits = modulus === undefined ? 0 : bitLength(modulus);
  return found(bits >= rsaBitsMin, `RSA of ${bits} bits`);
}

function bitLength(octets: Uint8Array): number {
  const first = octets.findIndex((octet) => octet !== 0);
  if (first < 0) return 0;
  return (octets.length - first) * 8 - Math.clz32(octets[first] as number) + 24;
}
