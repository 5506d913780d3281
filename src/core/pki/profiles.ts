/** What a leaf must look like for its purpose: the publisher's (two profiles), a time-stamp authority's, or any other one's. */
import type { Certificate } from "./certificate.js";
import { keyUsageBits } from "./extensions.js";
import { ensure } from "./failure.js";
import type { SignaturePolicy } from "./model.js";
import { oids } from "./oids.js";

const dayMilliseconds = 86_400_000;
/** CA/Browser Forum code-signing requirements §6.3.2: 460 days for certificates issued from this day on, 39 months before. */
const shortLivesFrom = new Date("2026-03-01T00:00:00Z");
const lives = { short: { days: 460 }, long: { months: 39 }, seal: { months: 36 } };
/** No certificate has it: a CA that is for certain purposes is then for none of ours. */
const noPurpose = "0.0";
const { digitalSignature, nonRepudiation, keyCertSign, crlSign } = keyUsageBits;
const { anyExtendedKeyUsage, serverAuth } = oids;

/** By the policy's profile. Returns the purpose that every CA above must allow. */
export function requireSignerLeaf(leaf: Certificate, policy: SignaturePolicy): string {
  if (policy.profile === "regulated-seal") return requireSealLeaf(leaf, policy);
  requireCodeSigningLeaf(leaf);
  return oids.codeSigning;
}

/** @throws VerificationError CERTIFICATE_USAGE, CERTIFICATE_VALIDITY */
export function requireCodeSigningLeaf(leaf: Certificate): void {
  requireEndEntity(leaf);
  // SPEC §6.5.4, code-signing requirements §7.1.2.3 e: critical, with digitalSignature.
  requireCriticalUsage(leaf, [digitalSignature]);
  // Code-signing requirements §7.1.2.3 f: codeSigning is there, the two that would widen it are not.
  requirePurposes(leaf, "codeSigning", (all) => all.includes(oids.codeSigning));
  requireNarrow(leaf, [anyExtendedKeyUsage, serverAuth]);
  requireLife(leaf, leaf.notBefore >= shortLivesFrom ? lives.short : lives.long);
}

/**
 * A ZertES regulated seal. Its own extended key usage is optional; the purpose that CAs above it must allow is returned.
 *
 * @throws VerificationError CERTIFICATE_USAGE, CERTIFICATE_VALIDITY, CERTIFICATE_POLICY
 */
export function requireSealLeaf(
  leaf: Certificate,
  { sealPolicies = [], sealPurposes = [] }: Pick<SignaturePolicy, "sealPolicies" | "sealPurposes">,
): string {
  const { extKeyUsage, certificatePolicies = [] } = leaf.extensions;
  requireEndEntity(leaf);
  requireCriticalUsage(leaf, [digitalSignature, nonRepudiation]);
  const purpose = sealPurposes.find((one) => extKeyUsage?.purposes.includes(one) ?? true);
  const named = sealPurposes.join(" or ") || "of a seal (the policy names none)";
  if (extKeyUsage !== undefined) requirePurposes(leaf, named, () => purpose !== undefined);
  requireNarrow(leaf, [anyExtendedKeyUsage, serverAuth]);
  // ZertES Art. 7: the certificate says that it is a regulated one; CSPs say so by their policy.
  const isBelow = (one: string): boolean => sealPolicies.some((above) => `${one}.`.startsWith(`${above}.`));
  const isRegulated = certificatePolicies.some(isBelow);
  ensure(isRegulated, "CERTIFICATE_POLICY", `a policy below ${sealPolicies}`, certificatePolicies);
  // ZertES practice: a regulated certificate lives three years at most.
  requireLife(leaf, lives.seal);
  return purpose ?? noPurpose;
}

/** The leaf of anybody else, for one purpose. @throws VerificationError CERTIFICATE_USAGE */
export function requireOtherLeaf(leaf: Certificate, purpose: string): void {
  requireEndEntity(leaf);
  // CA/Browser Forum server requirements §7.1.2.7.10: stated, and not critical.
  requirePurposes(leaf, purpose, (all, critical) => !critical && all.includes(purpose));
  requireNarrow(leaf, [anyExtendedKeyUsage]);
}

/** @throws VerificationError CERTIFICATE_USAGE */
export function requireTimeStampingLeaf(leaf: Certificate): void {
  requireEndEntity(leaf);
  const { keyUsage } = leaf.extensions;
  const maySign =
    keyUsage === undefined || [digitalSignature, nonRepudiation].some((bit) => keyUsage.bits.has(bit));
  ensure(maySign, "CERTIFICATE_USAGE", "digitalSignature or nonRepudiation");
  // SPEC §6.6.4, RFC 3161 §2.3: critical, and exactly this one purpose.
  const isOnly = (all: readonly string[], critical: boolean) => critical && all.join() === oids.timeStamping;
  requirePurposes(leaf, "timeStamping, critical and alone", isOnly);
}

function requireEndEntity({ extensions: { basicConstraints, keyUsage } }: Certificate): void {
  ensure(basicConstraints?.ca !== true, "CERTIFICATE_USAGE", "an end entity", "a CA certificate");
  const issues = [keyCertSign, crlSign].some((bit) => keyUsage?.bits.has(bit));
  ensure(!issues, "CERTIFICATE_USAGE", "neither keyCertSign nor cRLSign on a leaf", "one of them");
}

/** With one of these. */
function requireCriticalUsage({ extensions: { keyUsage } }: Certificate, wanted: readonly number[]): void {
  const isRight = keyUsage?.critical && wanted.some((bit) => keyUsage.bits.has(bit));
  const either = wanted.length > 1 ? "digitalSignature or nonRepudiation" : "digitalSignature";
  ensure(isRight, "CERTIFICATE_USAGE", `a critical key usage with ${either}`);
}

type AreRight = (purposes: readonly string[], critical: boolean) => boolean;
function requirePurposes({ extensions }: Certificate, wanted: string, areRight: AreRight): void {
  const { purposes = [], critical = false } = extensions.extKeyUsage ?? {};
  ensure(areRight(purposes, critical), "CERTIFICATE_USAGE", `the purpose ${wanted}`, purposes);
}

/** None of the purposes that would widen the others. */
function requireNarrow({ extensions: { extKeyUsage } }: Certificate, wide: readonly string[]): void {
  const found = (extKeyUsage?.purposes ?? []).filter((one) => wide.includes(one));
  ensure(found.length === 0, "CERTIFICATE_USAGE", "neither any purpose nor serverAuth", found);
}

/** Both ends count: a certificate from noon to noon less a second lives a whole day. */
function requireLife({ notBefore, notAfter }: Certificate, most: { days?: number; months?: number }): void {
  const end = new Date(notBefore);
  end.setUTCMonth(end.getUTCMonth() + (most.months ?? 0));
  end.setTime(end.getTime() + (most.days ?? 0) * dayMilliseconds);
  const isShort = notAfter.getTime() + 1000 <= end.getTime();
  ensure(isShort, "CERTIFICATE_VALIDITY", "a short life", notBefore, "to", notAfter, "instead of", end);
}
