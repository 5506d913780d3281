/**
 * Certification paths (RFC 5280 §6.1, made narrower): from a leaf to an anchor that the customer pinned for this purpose,
 * judged at one instant. The search is bounded in depth and in signature checks, whatever certificates an attacker adds.
 */
import { equalBytes } from "../encoding/bytes.js";
import { VerificationError } from "../errors.js";
import { limits } from "../limits.js";
import { type Budget, isSignedBy, parseSignatureAlgorithm, requireStrongKey } from "./algorithms.js";
import type { Certificate, Certs } from "./certificate.js";
import { keyUsageBits } from "./extensions.js";
import { ensure, refusal } from "./failure.js";
import { requireNames } from "./name-constraints.js";
import { isSelfIssued } from "./names.js";
import { type PolicyRules, requirePolicies } from "./policies.js";

export interface PathRules {
  /** The extended key usage that no CA excludes. Undefined for no particular one: signers of revocation data, test suites. */
  readonly purpose: string | undefined;
  readonly at: Date;
  readonly anchors: Certs;
  readonly rsaBitsMin: number;
  readonly policies?: PolicyRules;
  /** Certs of a path, leaf and anchor among them; `limits.pathDepthMax` when absent. */
  readonly lengthMax?: number;
  /** CAs between leaf and anchor that are not self-issued. */
  readonly intermediatesMax?: number;
  /** Whether constraints that must be critical are refused when they are not; enforced when absent. */
  readonly criticality?: "enforced" | "ignored-unsafe";
  /** Shared with a larger question; one of its own when absent. */
  readonly budget?: Budget;
}

interface Search extends PathRules {
  readonly pool: Certs;
  readonly budget: Budget;
  /** The first reason found on the way; it says more than "no path". */
  reason: VerificationError | undefined;
}

type Role = "leaf" | "intermediate" | "anchor";

/**
 * The path, leaf first, anchor last: each certificate is followed by its issuer's. Revocation is asked about it afterwards;
 * the leaf's own profile is judged elsewhere.
 *
 * @throws VerificationError CERTIFICATE_EXPIRED, _EXTENSION, _PATH, _USAGE, _WEAK, _NAMES, _POLICY, _UNTRUSTED, LIMIT_EXCEEDED
 */
export async function verifyPath(leaf: Certificate, pool: Certs, rules: PathRules): Promise<Certs> {
  requireUsable(leaf, "leaf", rules);
  const budget = rules.budget ?? { checksLeft: limits.signatureChecksMax };
  const search: Search = { ...rules, pool, budget, reason: undefined };
  const path = await extend([leaf], search);
  const untrusted = () =>
    refusal("CERTIFICATE_UNTRUSTED", "a path to a pinned anchor", "none for", leaf.subject);
  if (path === undefined) throw search.reason ?? untrusted();
  return path;
}

async function extend(path: Certs, search: Search): Promise<Certificate[] | undefined> {
  const child = path.at(-1) as Certificate;
  const isNamed = ({ subject }: Certificate): boolean => equalBytes(subject.der, child.issuer.der);
  for (const anchor of search.anchors.filter(isNamed)) {
    const found = [...path, anchor];
    const isSound = await holds(search, async () => {
      await requireIssuer(anchor, "anchor", path, search);
      // What only a whole path shows: the names and policies that CAs allow below them.
      requireNames(found);
      requirePolicies(found, search.policies ?? {});
    });
    if (isSound) return found;
  }
  // SPEC §6.5.7: leaf, intermediates and anchor together stay within the limit.
  if (path.length + 1 >= (search.lengthMax ?? limits.pathDepthMax)) return undefined;
  for (const issuer of search.pool.filter(isNamed)) {
    // RFC 4158 §2.4.2: one name with one key stands in a path once, in whatever certificates it comes.
    if (path.some((one) => isTwin(one, issuer))) continue;
    if (!(await holds(search, () => requireIssuer(issuer, "intermediate", path, search)))) continue;
    const found = await extend([...path, issuer], search);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Whether `check` refuses; the search goes on elsewhere then, unless it has done too much already. */
async function holds(search: Search, check: () => Promise<void>): Promise<boolean> {
  try {
    await check();
    return true;
  } catch (cause) {
    if (!(cause instanceof VerificationError) || cause.code === "LIMIT_EXCEEDED") throw cause;
    search.reason ??= cause;
    return false;
  }
}

async function requireIssuer(issuer: Certificate, role: Role, path: Certs, search: Search) {
  requireUsable(issuer, role, search);
  requireAuthority(issuer, role, path, search);
  if (role === "anchor") requireAnchorForm(issuer);
  await requireSigned(path.at(-1) as Certificate, issuer, search);
}

/** What holds for every certificate of a path: in its time, nothing in it ignored, a key worth its name. */
function requireUsable(certificate: Certificate, role: Role, { at, ...rules }: PathRules): void {
  const { subject, notBefore, notAfter, serial, key, extensions } = certificate;
  // SPEC §6.5.2, RFC 5280 §4.1.2.5: both ends are seconds, and both belong to the time of validity.
  const second = new Date(Math.floor(at.getTime() / 1000) * 1000);
  const isInTime = second >= notBefore && second <= notAfter;
  ensure(isInTime, "CERTIFICATE_EXPIRED", "a time in", at, "for", subject, notBefore, "to", notAfter);
  // SPEC §6.5.3, RFC 5280 §4.2: a critical extension that is not understood refuses the certificate.
  const { refused, ignorable } = extensions;
  ensure(refused.length === 0, "CERTIFICATE_EXTENSION", "known critical extensions", refused);
  const isSeen = isLenient(rules) || ignorable.length === 0;
  ensure(isSeen, "CERTIFICATE_EXTENSION", "critical constraints", ignorable, "not critical");
  requireStrongKey(key, rules.rsaBitsMin);
  // RFC 5280 §4.1.2.2: positive and not zero. Anchors are exempt: some old roots have zero.
  const isPositive = (serial[0] as number) < 0x80 && serial.some((octet) => octet !== 0);
  ensure(isPositive || role === "anchor", "CERTIFICATE_MALFORMED", "a positive serial number");
}

/** SPEC §6.5.5, RFC 5280 §4.2.1.3, §4.2.1.9, §4.2.1.12: a CA, so deep, allowed to sign certificates, for this purpose. */
function requireAuthority(issuer: Certificate, role: Role, path: Certs, rules: PathRules): void {
  const { subject, extensions } = issuer;
  const { basicConstraints, keyUsage, extKeyUsage, subjectKeyIdentifier } = extensions;
  const isCA = basicConstraints?.ca === true && (basicConstraints.critical || isLenient(rules));
  ensure(isCA, "CERTIFICATE_PATH", "a CA certificate", subject);
  // RFC 5280 §6.1.4 l: self-issued certificates do not count.
  const below = path.slice(1).filter((one) => !isSelfIssued(one)).length;
  const asked = role === "anchor" ? rules.intermediatesMax : undefined;
  const most = Math.min(basicConstraints.pathLen ?? below, asked ?? below);
  ensure(below <= most, "CERTIFICATE_PATH", `at most ${most} CAs below a CA`, below, "below", subject);
  const maySign = keyUsage?.bits.has(keyUsageBits.keyCertSign);
  ensure(maySign, "CERTIFICATE_USAGE", "keyCertSign of a CA", "none of", subject);
  const { purpose } = rules;
  const isFor = !extKeyUsage || purpose === undefined || extKeyUsage.purposes.includes(purpose);
  ensure(isFor, "CERTIFICATE_USAGE", `a CA for the purpose ${purpose}`, subject);
  ensure(subjectKeyIdentifier, "CERTIFICATE_PATH", "a subject key identifier of a CA", "none of", subject);
}

/**
 * A customer may pin a CA of any kind. RFC 5280 §4.2.1.1: one that did not sign itself names its issuer's key. A root names
 * its own key or none, and (code-signing requirements §7.1.2.1) no purposes.
 */
function requireAnchorForm(anchor: Certificate): void {
  const { authorityKeyIdentifier: named, subjectKeyIdentifier: own, extKeyUsage } = anchor.extensions;
  const isAlone = named?.issuer === undefined && named?.serial === undefined;
  const isOwn = named === undefined || (isAlone && isKey(named.keyID, own));
  const isSound = isSelfIssued(anchor) ? isOwn && extKeyUsage === undefined : named?.keyID !== undefined;
  ensure(isSound, "CERTIFICATE_PATH", "the form of a root or of a CA", anchor.subject);
}

async function requireSigned(child: Certificate, issuer: Certificate, { budget }: Search): Promise<void> {
  // SPEC §6.5.6, RFC 5280 §4.2.1.1: every certificate but a root names its issuer's key, and both sides agree.
  const { authorityKeyIdentifier: named } = child.extensions;
  const isNamed = isKey(named?.keyID, issuer.extensions.subjectKeyIdentifier);
  ensure(isNamed, "CERTIFICATE_UNTRUSTED", "the issuer's key identifier", "not that of", issuer.subject);
  parseSignatureAlgorithm(child.signatureAlgorithm, "CERTIFICATE_WEAK");
  const isSigned = await isSignedBy(issuer.key, child, budget);
  ensure(isSigned, "CERTIFICATE_UNTRUSTED", "the issuer's signature", "none of", issuer.subject);
}

const isKey = (named: Uint8Array | undefined, own: Uint8Array | undefined): boolean =>
  named !== undefined && own !== undefined && equalBytes(named, own);
const isTwin = (a: Certificate, b: Certificate): boolean =>
  equalBytes(a.subject.der, b.subject.der) && equalBytes(a.key.spki, b.key.spki);
const isLenient = ({ criticality }: Pick<PathRules, "criticality">): boolean =>
  criticality === "ignored-unsafe";
