/** What a leaf must look like for its purpose: the code-signing leaf of the publisher, the leaf of a time-stamp authority. */
import { type Certificate, secondText } from "./certificate.js";
import { keyUsageBits } from "./extensions.js";
import { refusal } from "./failure.js";
import { oids } from "./oids.js";

const dayMilliseconds = 86_400_000;
/** CA/Browser Forum code-signing requirements §6.3.2: 460 days for certificates issued from this day on, 39 months before. */
const shortLivesFrom = Date.UTC(2026, 2, 1);
const daysMax = 460;
const monthsMax = 39;

/** @throws VerificationError CERTIFICATE_USAGE, CERTIFICATE_VALIDITY */
export function requireCodeSigningLeaf(leaf: Certificate): void {
  const { keyUsage, extKeyUsage } = leaf.extensions;
  requireEndEntity(leaf);
  // Code-signing requirements §7.1.2.3 e: critical, with digitalSignature.
  if (keyUsage?.critical !== true || !keyUsage.bits.has(keyUsageBits.digitalSignature)) {
    throw refusal("CERTIFICATE_USAGE", "expected a critical key usage with digitalSignature");
  }
  // Code-signing requirements §7.1.2.3 f: codeSigning is there, the two that would widen it are not.
  const purposes = extKeyUsage?.purposes ?? [];
  if (!purposes.includes(oids.codeSigning)) {
    throw refusal("CERTIFICATE_USAGE", `expected the purpose codeSigning, got ${listed(purposes)}`);
  }
  if (purposes.includes(oids.anyExtendedKeyUsage) || purposes.includes(oids.serverAuth)) {
    throw refusal(
      "CERTIFICATE_USAGE",
      `expected neither any purpose nor serverAuth, got ${listed(purposes)}`,
    );
  }
  requireShortLife(leaf);
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
  // RFC 3161 §2.3: critical, and exactly this one purpose.
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

/** Both ends count: a certificate from noon to noon less a second lives a whole day. */
function requireShortLife({ notBefore, notAfter }: Certificate): void {
  const end = new Date(notBefore);
  if (notBefore.getTime() >= shortLivesFrom) end.setTime(notBefore.getTime() + daysMax * dayMilliseconds);
  else end.setUTCMonth(notBefore.getUTCMonth() + monthsMax);
  if (notAfter.getTime() + 1000 > end.getTime()) {
    const allowed = `expected an end before ${secondText(end)}`;
    throw refusal("CERTIFICATE_VALIDITY", `${allowed}, got ${secondText(notAfter)}`);
  }
}

const listed = (purposes: readonly string[]): string =>
  purposes.length === 0 ? "none" : purposes.join(", ");
