/**
 * Certification paths (RFC 5280 §6.1, made narrower): from a leaf to an anchor that the customer pinned for this purpose,
 * judged at one instant. The search is bounded in depth and in signature checks, whatever certificates an attacker adds.
 */
import { equalBytes } from "../encoding/bytes.js";
import { quote, VerificationError } from "../errors.js";
import { limits } from "../limits.js";
import { isSignatureOf, parseSignatureAlgorithm, requireStrongKey } from "./algorithms.js";
import { type Certificate, secondText } from "./certificate.js";
import { keyUsageBits } from "./extensions.js";
import { refusal, structured } from "./failure.js";
import { requireNames } from "./name-constraints.js";
import { isSelfIssued, nameText } from "./names.js";
import { type PolicyRules, requirePolicies } from "./policies.js";

export interface PathRules {
  /** The extended key usage that no CA excludes. Undefined for no particular one: signers of revocation data, test suites. */
  readonly purpose: string | undefined;
  readonly at: Date;
  readonly anchors: readonly Certificate[];
  readonly rsaBitsMin: number;
  readonly policies?: PolicyRules;
  /** Certificates of a path, leaf and anchor among them; `limits.pathDepthMax` when absent. */
  readonly lengthMax?: number;
  /** CAs between leaf and anchor that are not self-issued. */
  readonly intermediatesMax?: number;
  /** Whether constraints that must be critical are refused when they are not; enforced when absent. */
  readonly criticality?: "enforced" | "ignored-unsafe";
}

interface Search extends PathRules {
  readonly pool: readonly Certificate[];
  checksLeft: number;
  /** The first reason found on the way; it says more than "no path". */
  reason: VerificationError | undefined;
}

/**
 * The path, leaf first, anchor last: each certificate is followed by its issuer's. Revocation is asked about it afterwards;
 * the leaf's own profile is judged elsewhere.
 *
 * @throws VerificationError CERTIFICATE_EXPIRED, _EXTENSION, _PATH, _USAGE, _WEAK, _NAMES, _POLICY, _UNTRUSTED, LIMIT_EXCEEDED
 */
export async function verifyPath(
  leaf: Certificate,
  pool: readonly Certificate[],
  rules: PathRules,
): Promise<readonly Certificate[]> {
  requireUsable(leaf, rules);
  requireSerial(leaf);
  const search: Search = { ...rules, pool, checksLeft: limits.signatureChecksMax, reason: undefined };
  const path = await extend([leaf], search);
  if (path !== undefined) return path;
  if (search.reason !== undefined) throw search.reason;
  throw refusal("CERTIFICATE_UNTRUSTED", `expected a path to a pinned anchor, got none for ${shown(leaf)}`);
}

async function extend(path: readonly Certificate[], search: Search): Promise<Certificate[] | undefined> {
  const child = path[path.length - 1] as Certificate;
  const named = (issuer: Certificate): boolean => equalBytes(issuer.subject.der, child.issuer.der);
  for (const anchor of search.anchors.filter(named)) {
    const found = [...path, anchor];
    if ((await isIssuer(anchor, path, search, "anchor")) && isSound(found, search)) return found;
  }
  // SPEC §6.5.7: leaf, intermediates and anchor together stay within the limit.
  if (path.length + 1 >= (search.lengthMax ?? limits.pathDepthMax)) return undefined;
  for (const issuer of search.pool.filter(named)) {
    if (isRepeated(issuer, path) || !(await isIssuer(issuer, path, search, "intermediate"))) continue;
    const found = await extend([...path, issuer], search);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** RFC 4158 §2.4.2: one name with one key stands in a path once, in whatever certificates it comes. */
const isRepeated = ({ subject, key }: Certificate, path: readonly Certificate[]): boolean =>
  path.some((one) => equalBytes(one.subject.der, subject.der) && equalBytes(one.key.spki, key.spki));

async function isIssuer(
  issuer: Certificate,
  path: readonly Certificate[],
  search: Search,
  role: "anchor" | "intermediate",
): Promise<boolean> {
  try {
    if (role === "intermediate") requireSerial(issuer);
    requireUsable(issuer, search);
    requireAuthority(issuer, path, search, role);
    await requireSigned(path[path.length - 1] as Certificate, issuer, search);
    return true;
  } catch (cause) {
    return refuse(cause, search);
  }
}

/** What only a whole path shows: the names and policies that CAs allow below them. */
function isSound(path: readonly Certificate[], search: Search): boolean {
  try {
    requireNames(path);
    requirePolicies(path, search.policies ?? {});
    return true;
  } catch (cause) {
    return refuse(cause, search);
  }
}

function refuse(cause: unknown, search: Search): false {
  if (!(cause instanceof VerificationError) || cause.code === "LIMIT_EXCEEDED") throw cause;
  search.reason ??= cause;
  return false;
}

/** What holds for every certificate of a path: in its time, nothing in it ignored, a key worth its name. */
function requireUsable(certificate: Certificate, rules: PathRules): void {
  const { notBefore, notAfter, extensions } = certificate;
  // SPEC §6.5.2, RFC 5280 §4.1.2.5: both ends are seconds, and both belong to the time of validity.
  const second = Math.floor(rules.at.getTime() / 1000) * 1000;
  if (!(second >= notBefore.getTime() && second <= notAfter.getTime())) {
    const span = `${secondText(notBefore)} to ${secondText(notAfter)}`;
    throw refusal(
      "CERTIFICATE_EXPIRED",
      `expected ${secondText(rules.at)} within ${span} for ${shown(certificate)}`,
    );
  }
  // SPEC §6.5.3, RFC 5280 §4.2: a critical extension that is not understood refuses the certificate.
  if (extensions.refused.length > 0) {
    throw refusal("CERTIFICATE_EXTENSION", `expected known extensions, got ${extensions.refused.join(", ")}`);
  }
  if (isEnforced(rules) && extensions.ignorable.length > 0) {
    const got = extensions.ignorable.join(", ");
    throw refusal("CERTIFICATE_EXTENSION", `expected critical constraints, got ${got} not critical`);
  }
  requireStrongKey(certificate.key, rules.rsaBitsMin);
}

/** RFC 5280 §4.1.2.2: positive and not zero. Anchors are exempt: some old roots have zero. */
function requireSerial({ serial }: Certificate): void {
  if ((serial[0] as number) >= 0x80 || serial.every((octet) => octet === 0)) {
    throw refusal("CERTIFICATE_MALFORMED", "expected a positive serial number");
  }
}

/** SPEC §6.5.5, RFC 5280 §4.2.1.3, §4.2.1.9, §4.2.1.12: a CA, so deep, allowed to sign certificates, for this purpose. */
function requireAuthority(
  issuer: Certificate,
  path: readonly Certificate[],
  rules: PathRules,
  role: "anchor" | "intermediate",
): void {
  const { basicConstraints, keyUsage, extKeyUsage, subjectKeyIdentifier } = issuer.extensions;
  if (basicConstraints?.ca !== true || (isEnforced(rules) && !basicConstraints.critical)) {
    throw refusal("CERTIFICATE_PATH", `expected a CA certificate, got ${shown(issuer)}`);
  }
  // RFC 5280 §6.1.4 l: self-issued certificates do not count.
  const below = path.slice(1).filter((one) => !isSelfIssued(one)).length;
  const asked = role === "anchor" ? rules.intermediatesMax : undefined;
  const most = Math.min(basicConstraints.pathLen ?? below, asked ?? below);
  if (below > most) {
    throw refusal("CERTIFICATE_PATH", `expected at most ${most} CAs below ${shown(issuer)}, got ${below}`);
  }
  if (keyUsage?.bits.has(keyUsageBits.keyCertSign) !== true) {
    throw refusal("CERTIFICATE_USAGE", `expected keyCertSign for ${shown(issuer)}`);
  }
  if (
    extKeyUsage !== undefined &&
    rules.purpose !== undefined &&
    !extKeyUsage.purposes.includes(rules.purpose)
  ) {
    throw refusal("CERTIFICATE_USAGE", `expected the purpose ${rules.purpose} for ${shown(issuer)}`);
  }
  if (subjectKeyIdentifier === undefined) {
    throw refusal("CERTIFICATE_PATH", `expected a subject key identifier for ${shown(issuer)}`);
  }
  if (role === "anchor") requireAnchorForm(issuer, subjectKeyIdentifier);
}

/**
 * A customer may pin a CA of any kind. RFC 5280 §4.2.1.1: one that did not sign itself names its issuer's key. A root names
 * its own key or none, and (code-signing requirements §7.1.2.1) no purposes.
 */
function requireAnchorForm(anchor: Certificate, own: Uint8Array): void {
  const { authorityKeyIdentifier, authorityOtherwise, extKeyUsage } = anchor.extensions;
  const sound = isSelfIssued(anchor)
    ? !authorityOtherwise && !extKeyUsage && equalBytes(authorityKeyIdentifier ?? own, own)
    : authorityKeyIdentifier !== undefined;
  if (!sound) {
    throw refusal("CERTIFICATE_PATH", `expected the form of a root or of a CA, got ${shown(anchor)}`);
  }
}

async function requireSigned(child: Certificate, issuer: Certificate, search: Search): Promise<void> {
  // SPEC §6.5.6, RFC 5280 §4.2.1.1: every certificate but a root names its issuer's key, and both sides agree.
  const named = child.extensions.authorityKeyIdentifier;
  const own = issuer.extensions.subjectKeyIdentifier;
  if (named === undefined || (own !== undefined && !equalBytes(named, own))) {
    throw refusal("CERTIFICATE_UNTRUSTED", `expected the key identifier of ${shown(issuer)}, got another`);
  }
  if (search.checksLeft-- <= 0) {
    throw refusal("LIMIT_EXCEEDED", `expected at most ${limits.signatureChecksMax} signature checks`);
  }
  const algorithm = structured("CERTIFICATE_MALFORMED", () =>
    parseSignatureAlgorithm(child.signatureAlgorithm, "CERTIFICATE_WEAK"),
  );
  if (!(await isSignatureOf(issuer.key, algorithm, child.tbs, child.signature))) {
    throw refusal("CERTIFICATE_UNTRUSTED", `expected a signature of ${shown(issuer)} on ${shown(child)}`);
  }
}

const isEnforced = (rules: PathRules): boolean => rules.criticality !== "ignored-unsafe";
const shown = (certificate: Certificate): string => quote(nameText(certificate.subject));
