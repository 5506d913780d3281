/**
 * One certificate, judged as the verifier judges a signer's: read, profile, path, revocation, step by step. For auditors, and for
 * outside test suites, which may relax what belongs to the field and not to safety (key sizes, lengths).
 */
import { VerificationError } from "../core/errors.js";
import { type Certificate, parseCertificate, signerIdentity } from "../core/pki/certificate.js";
import { secondText } from "../core/pki/failure.js";
import type { RevocationPolicy, SignerIdentity } from "../core/pki/model.js";
import { nameText } from "../core/pki/names.js";
import { oids } from "../core/pki/oids.js";
import { verifyPath } from "../core/pki/path.js";
import type { PolicyRules } from "../core/pki/policies.js";
import {
  requireCodeSigningLeaf,
  requireOtherLeaf,
  requireSealLeaf,
  requireTimeStampingLeaf,
} from "../core/pki/profiles.js";
import { verifyNotRevoked } from "../core/pki/revocation.js";
import { parseRevocationData } from "../core/pki/revocation-data.js";
import { AuditLog, type AuditStep } from "./report.js";

export interface CertificateQuestion {
  /** DER, all of them; revocation data as they travel (RFC 5652 §10.2.1). */
  readonly leaf: Uint8Array;
  readonly intermediates: readonly Uint8Array[];
  readonly anchors: readonly Uint8Array[];
  readonly revocationItems: readonly Uint8Array[];
  readonly at: Date;
  readonly now: Date;
  /** A profile of ours, or the object identifier of another extended key usage. */
  readonly purpose: "code-signing" | "regulated-seal" | "time-stamping" | (string & {});
  /** For `regulated-seal`; see SignaturePolicy. */
  readonly sealPolicies?: readonly string[];
  readonly sealPurposes?: readonly string[];
  readonly policies?: PolicyRules;
  readonly revocation: RevocationPolicy;
  readonly rsaBitsMin: number;
  readonly lengthMax?: number;
  readonly intermediatesMax?: number;
}

export interface CertificateVerdict {
  readonly schema: 1;
  readonly verdict: "proven" | "refused";
  /** The reference time. */
  readonly at: string;
  readonly purpose: string;
  readonly revocation: "asked" | "not asked: no revocation data given";
  readonly checks: readonly AuditStep[];
  /** The path, leaf first, anchor last; empty when refused. */
  readonly path: readonly Omit<SignerIdentity, "spki">[];
}

/** Never throws for what is wrong with the certificates; the last check says it. */
export async function judgeCertificate(question: CertificateQuestion): Promise<CertificateVerdict> {
  const log = new AuditLog();
  const { purpose } = question;
  const revocation = isAsked(question) ? "asked" : "not asked: no revocation data given";
  const facts = { schema: 1, at: secondText(question.at), purpose, revocation, checks: log.steps } as const;
  try {
    const path = await prove(question, log);
    const identities = await Promise.all(path.map(signerIdentity));
    return { ...facts, verdict: "proven", path: identities.map(({ spki: _, ...rest }) => rest) };
  } catch (cause) {
    if (!(cause instanceof VerificationError)) throw cause;
    return { ...facts, verdict: "refused", path: [] };
  }
}

async function prove(question: CertificateQuestion, log: AuditLog): Promise<readonly Certificate[]> {
  const { at, now, rsaBitsMin, policies, lengthMax, intermediatesMax } = question;
  const { leaf, pool, anchors, lists, responses } = await log.step(
    "certificates and lists",
    "SPEC §6.5",
    async () => {
      const value = readAll(question);
      const left = question.intermediates.length - value.pool.length;
      const counts = `${value.anchors.length} anchors, ${value.pool.length} intermediates, ${value.lists.length} lists, ${value.responses.length} OCSP responses`;
      const ignored = left === 0 ? [] : [`${left} unreadable intermediates left out`];
      return { value, evidence: [`${nameText(value.leaf.subject)}; ${counts}`, ...ignored] };
    },
  );
  const purpose = await log.step("leaf profile", "SPEC §6.5", async () => {
    const value = requireLeaf(leaf, question);
    return { value, evidence: [`${question.purpose}: purpose, key usage, length of validity`] };
  });
  const path = await log.step("certificate path", "RFC 5280 §6.1", async () => {
    const value = await verifyPath(leaf, pool, {
      ...{ purpose, at, anchors, rsaBitsMin },
      ...(policies !== undefined && { policies }),
      ...(lengthMax !== undefined && { lengthMax }),
      ...(intermediatesMax !== undefined && { intermediatesMax }),
    });
    return { value, evidence: value.map(({ subject }) => nameText(subject)) };
  });
  if (!isAsked(question)) return path;
  await log.step("revocation", "RFC 5280 §6.3", async () => {
    const as = question.purpose === "time-stamping" ? "time-stamp authority" : "signer";
    const { evidence } = await verifyNotRevoked({
      ...{ path, purpose, at, now, lists, responses, pool, as, rsaBitsMin, policy: question.revocation },
    });
    return { value: undefined, evidence: [...evidence] };
  });
  return path;
}

/** Without data, nothing can be said about revocation; whoever requires it is refused. */
const isAsked = ({ revocation, revocationItems }: CertificateQuestion): boolean =>
  revocation.required || revocationItems.length > 0;

/** By the profile. Returns the purpose that CAs above must allow. */
function requireLeaf(
  leaf: Certificate,
  { purpose, sealPolicies = [], sealPurposes = [] }: CertificateQuestion,
): string {
  switch (purpose) {
    case "code-signing":
      requireCodeSigningLeaf(leaf);
      return oids.codeSigning;
    case "time-stamping":
      requireTimeStampingLeaf(leaf);
      return oids.timeStamping;
    case "regulated-seal":
      return requireSealLeaf(leaf, { sealPolicies, sealPurposes });
    default:
      requireOtherLeaf(leaf, purpose);
      return purpose;
  }
}

/** Intermediates are helpers from anywhere: one that cannot be read is no reason to refuse, and no help. */
function readAll(question: CertificateQuestion) {
  const pool = question.intermediates.flatMap((der) => {
    try {
      return [parseCertificate(der)];
    } catch (cause) {
      if (cause instanceof VerificationError) return [];
      throw cause;
    }
  });
  return {
    leaf: parseCertificate(question.leaf),
    pool,
    anchors: question.anchors.map(parseCertificate),
    ...parseRevocationData(question.revocationItems),
  };
}
