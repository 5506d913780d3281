/** What a leaf must look like for its purpose: the publisher's (two profiles), a time-stamp authority's, or any other one's. */
import { type Certificate, secondText } from "./certificate.js";
import { keyUsageBits } from "./extensions.js";
import { refusal } from "./failure.js";
import type { SignaturePolicy } from "./model.js";
import { oids } from "./oids.js";

const dayMilliseconds = 86_400_000;
/** CA/Browser Forum code-signing requirements §6.3.2: 460 days for certificates issued from this day on, 39 months before. */
const shortLivesFrom = Date.UTC(2026, 2, 1);
const daysMax = 460;
const monthsMax = 39;
/** ZertES practice: a regulated certificate lives three years at most. */
const sealMonthsMax = 36;

/** By the policy's profile. Returns the purpose that every CA above must allow. */
export function requireSignerLeaf(leaf: Certificate, policy: SignaturePolicy): string {
  if (policy.profile === "regulated-seal") return requireSealLeaf(leaf, policy);
  requireCodeSigningLeaf(leaf);
  return oids.codeSigning;
}

/** @throws VerificationError CERTIFICATE_USAGE, CERTIFICATE_VALIDITY */
export function requireCodeSigningLeaf(leaf: Certificate): void {
  const { keyUsage, extKeyUsage } = leaf.extensions;
  requireEndEntity(leaf);
  // SPEC §6.5.4, code-signing requirements §7.1.2.3 e: critical, with digitalSignature.
  if (keyUsage?.critical !== true || !keyUsage.bits.has(keyUsageBits.digitalSignature)) {
    throw refusal("CERTIFICATE_USAGE", "expected a critical key usage with digitalSignature");
  }
  // Code-signing requirements §7.1.2.3 f: codeSigning is there, the two that would widen it are not.
  const purposes = extKeyUsage?.purposes ?? [];
  if (!purposes.includes(oids.codeSigning)) {
    throw refusal("CERTIFICATE_USAGE", `expected the purpose codeSigning, got ${listed(purposes)}`);
  }
  requireNarrow(purposes, oids.serverAuth);
  const short = leaf.notBefore.getTime() >= shortLivesFrom;
  requireLife(leaf, short ? { days: daysMax } : { months: monthsMax });
}

/**
 * A ZertES regulated seal. Its own extended key usage is optional; the purpose that CAs above it must allow is returned.
 *
 * @throws VerificationError CERTIFICATE_USAGE, CERTIFICATE_VALIDITY, CERTIFICATE_POLICY
 */
export function requireSealLeaf(
  leaf: Certificate,
  policy: Pick<SignaturePolicy, "sealPolicies" | "sealPurposes">,
): string {
  const { keyUsage, extKeyUsage, certificatePolicies = [] } = leaf.extensions;
  const { digitalSignature, nonRepudiation } = keyUsageBits;
  const { sealPolicies = [], sealPurposes = [] } = policy;
  requireEndEntity(leaf);
  const signs = keyUsage?.bits.has(digitalSignature) || keyUsage?.bits.has(nonRepudiation);
  if (keyUsage?.critical !== true || !signs) {
    throw refusal(
      "CERTIFICATE_USAGE",
      "expected a critical key usage for digitalSignature or nonRepudiation",
    );
  }
  const purposes = extKeyUsage?.purposes ?? sealPurposes;
  const purpose = sealPurposes.find((one) => purposes.includes(one));
  if (extKeyUsage !== undefined && purpose === undefined) {
    throw refusal("CERTIFICATE_USAGE", `expected one of ${listed(sealPurposes)}, got ${listed(purposes)}`);
  }
  requireNarrow(extKeyUsage?.purposes ?? [], oids.serverAuth);
  // ZertES Art. 7: the certificate says that it is a regulated one; CSPs say so by their policy.
  const regulated = (one: string): boolean =>
    sealPolicies.some((prefix) => one === prefix || one.startsWith(`${prefix}.`));
  if (!certificatePolicies.some(regulated)) {
    const got = listed(certificatePolicies);
    throw refusal("CERTIFICATE_POLICY", `expected a policy below ${listed(sealPolicies)}, got ${got}`);
  }
  requireLife(leaf, { months: sealMonthsMax });
  return purpose ?? noPurpose;
}

/** No certificate has it: a CA that is for certain purposes is then for none of ours. */
const noPurpose = "0.0";

/** The leaf of anybody else, for one purpose. @throws VerificationError CERTIFICATE_USAGE */
export function requireOtherLeaf(leaf: Certificate, purpose: string): void {
  requireEndEntity(leaf);
  const { extKeyUsage } = leaf.extensions;
  const purposes = extKeyUsage?.purposes ?? [];
  // CA/Browser Forum server requirements §7.1.2.7.10: stated, and not critical.
  if (extKeyUsage?.critical !== false || !purposes.includes(purpose)) {
    throw refusal("CERTIFICATE_USAGE", `expected the purpose ${purpose}, got ${listed(purposes)}`);
  }
  requireNarrow(purposes, undefined);
}

/** @throws VerificationError CERTIFICATE_USAGE */
export function requireTimeStampingLeaf(leaf: Certificate): void {
  const { keyUsage, extKeyUsage } = leaf.extensions;
  requireEndEntity(leaf);
  if (keyUsage !== undefined) {
    const { digitalSignature, nonRepudiation } = keyUsageBits;
    if (!keyUsage.bits.has(digitalSignature) && !keyUsage.bits.has(nonRepudiation)) {
      throw refusal("CERTIFICATE_USAGE", "expected digitalSignature or nonRepudiation");
    }
  }
  // SPEC §6.6.4, RFC 3161 §2.3: critical, and exactly this one purpose.
  const purposes = extKeyUsage?.purposes ?? [];
  if (extKeyUsage?.critical !== true || purposes.length !== 1 || purposes[0] !== oids.timeStamping) {
    throw refusal("CERTIFICATE_USAGE", `expected a critical timeStamping alone, got ${listed(purposes)}`);
  }
}

function requireEndEntity(leaf: Certificate): void {
  const { basicConstraints, keyUsage } = leaf.extensions;
  const { keyCertSign, crlSign } = keyUsageBits;
  if (basicConstraints?.ca === true) {
    throw refusal("CERTIFICATE_USAGE", "expected an end entity, got a CA certificate");
  }
  if (keyUsage?.bits.has(keyCertSign) === true || keyUsage?.bits.has(crlSign) === true) {
    throw refusal("CERTIFICATE_USAGE", "expected neither keyCertSign nor cRLSign on a leaf");
  }
}

/** Purposes that would widen the others. */
function requireNarrow(purposes: readonly string[], other: string | undefined): void {
  if (!purposes.some((one) => one === oids.anyExtendedKeyUsage || one === other)) return;
  throw refusal("CERTIFICATE_USAGE", `expected neither any purpose nor serverAuth, got ${listed(purposes)}`);
}

/** Both ends count: a certificate from noon to noon less a second lives a whole day. */
function requireLife(leaf: Certificate, most: { readonly days?: number; readonly months?: number }): void {
  const end = new Date(leaf.notBefore);
  end.setUTCMonth(end.getUTCMonth() + (most.months ?? 0));
  end.setTime(end.getTime() + (most.days ?? 0) * dayMilliseconds);
  if (leaf.notAfter.getTime() + 1000 > end.getTime()) {
    const allowed = `expected an end before ${secondText(end)}`;
    throw refusal("CERTIFICATE_VALIDITY", `${allowed}, got ${secondText(leaf.notAfter)}`);
  }
}

const listed = (purposes: readonly string[]): string =>
  purposes.length === 0 ? "none" : purposes.join(", ");
