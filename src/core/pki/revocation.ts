/**
 * Is a path revoked (RFC 5280 §6.3)? Asked about one instant, the time of a stamp, with whatever lists and responses there are:
 * those inside the signature and those that the caller has seen since. A list that lists the certificate is believed for ever,
 * so keeping back what is newer, or adding what is older, never turns a no into a yes.
 */
import { equalBytes, hexText } from "../encoding/bytes.js";
import { quote, VerificationError } from "../errors.js";
import { limits } from "../limits.js";
import { type Certificate, secondText } from "./certificate.js";
import { type RevocationList, type RevokedCertificate, reasonCodes } from "./crl.js";
import { listSigner } from "./crl-issuer.js";
import { allReasons, type CertificatePoint, isInScope, pointsOf } from "./crl-scope.js";
import { recoded, refusal } from "./failure.js";
import type { RevocationPolicy } from "./model.js";
import { nameText } from "./names.js";
import { type OCSPResponse, statusFromOCSP } from "./ocsp.js";
import { freshnessOf, requireNotRevoked, type StampedAs } from "./revocation-rules.js";

export interface RevocationQuestion {
  /** Leaf first, anchor last, proven. */
  readonly path: readonly Certificate[];
  /** What the path is for; delegates' paths must allow it too. */
  readonly purpose: string | undefined;
  /** The time that is judged, and the time now. */
  readonly at: Date;
  readonly now: Date;
  readonly lists: readonly RevocationList[];
  readonly responses: readonly OCSPResponse[];
  /** Where delegates' certificates may be found. */
  readonly pool: readonly Certificate[];
  readonly policy: RevocationPolicy;
  readonly as: StampedAs;
  readonly rsaBitsMin: number;
}

export interface RevocationSearch extends RevocationQuestion {
  readonly budget: { checksLeft: number };
  readonly delegations: number;
  /** Certificates whose status is being asked for: they do not vouch for themselves. */
  readonly asking: readonly Certificate[];
  readonly believed: Set<RevocationList | OCSPResponse>;
  readonly delegates: Set<Certificate>;
}

export interface RevocationFinding {
  /** Certificates of those who signed lists in place of an issuer. */
  readonly delegates: ReadonlySet<Certificate>;
  /** Lists and responses whose signature was found to be good. */
  readonly believed: ReadonlySet<RevocationList | OCSPResponse>;
  /** One line a certificate. */
  readonly evidence: readonly string[];
}

/**
 * @throws VerificationError CERTIFICATE_REVOKED; REVOCATION_MISSING, _STALE, _UNTRUSTED when the policy asks for evidence and
 * there is none that counts; LIMIT_EXCEEDED
 */
export async function verifyNotRevoked(question: RevocationQuestion): Promise<RevocationFinding> {
  const believed = new Set<RevocationList | OCSPResponse>();
  const budget = { checksLeft: limits.signatureChecksMax };
  const evidence: string[] = [];
  const delegates = new Set<Certificate>();
  const search = { ...question, budget, delegations: 0, asking: [], believed, delegates };
  for (let i = 0; i < question.path.length - 1; i++) {
    evidence.push(await statusOf(question.path.slice(i), search));
  }
  return { believed, delegates, evidence };
}

/** Of the first certificate of the path. What vouches for it, for people. */
async function statusOf(path: readonly Certificate[], search: RevocationSearch): Promise<string> {
  const certificate = path[0] as Certificate;
  const asked = { ...search, asking: [...search.asking, certificate] };
  const status = new CertificateStatus(certificate, asked);
  for (const response of search.responses) {
    await status.attempt(() => statusFromOCSP(response, path, asked));
  }
  for (const point of pointsOf(certificate)) await askPoint(point, path, status);
  return status.verdict();
}

/** RFC 5280 §6.3.3 a to l for one distribution point. All of its lists are read, because any of them may say no. */
async function askPoint(
  point: CertificatePoint,
  path: readonly Certificate[],
  status: CertificateStatus,
): Promise<void> {
  const { search, certificate } = status;
  const believed: RevocationList[] = [];
  for (const list of search.lists) {
    if (!speaksFor(list, point, certificate)) continue;
    await status.attempt(async () => {
      if (!search.believed.has(list)) {
        await requireDelegate(await listSigner(list, path, search), search);
        search.believed.add(list);
      }
      believed.push(list);
    });
  }
  for (const list of believed) readList(list, believed, point, status);
}

/** SPEC §6.8.7: a delegate vouches for others only while it is vouched for itself, with every CA above it. */
async function requireDelegate(path: readonly Certificate[], search: RevocationSearch): Promise<void> {
  const policy = { ...search.policy, required: true };
  const deeper = { ...search, policy, delegations: search.delegations + 1 };
  for (let i = 0; i < path.length - 1; i++) {
    await recoded("REVOCATION_UNTRUSTED", () => statusOf(path.slice(i), deeper));
    search.delegates.add(path[i] as Certificate);
  }
}

/** RFC 5280 §6.3.3 b: the right issuer and the right scope. */
export function speaksFor(list: RevocationList, point: CertificatePoint, certificate: Certificate): boolean {
  const direct = point.issuers.length === 0;
  const byIssuer = direct
    ? equalBytes(list.issuer.der, certificate.issuer.der)
    : list.scope.indirect && point.issuers.some((name) => equalBytes(name, list.issuer.der));
  return byIssuer && isInScope(list.scope, point, certificate);
}

/** RFC 5280 §6.3.3 i to l: what the list, with its deltas, says about the certificate. */
function readList(
  list: RevocationList,
  believed: readonly RevocationList[],
  point: CertificatePoint,
  status: CertificateStatus,
): void {
  const { certificate, search } = status;
  const isDelta = list.baseNumber !== undefined;
  const lifted = believed.some((other) => lifts(other, list, certificate, search));
  for (const entry of entriesOf(list, certificate)) {
    if (entry.reason === reasonCodes.removeFromCRL || (lifted && isHold(entry))) continue;
    requireNotRevoked(certificate, entry, search);
  }
  // A delta alone vouches for nothing: what it does not list, its base may list.
  if (isDelta) return;
  const reasons = [...point.reasons].filter((reason) => list.scope.reasons.has(reason));
  status.note(() => {
    const evidence = freshnessOf(list, certificate, search);
    status.vouch(reasons, `list ${list.number} of ${secondText(list.thisUpdate)}, ${evidence}`);
  });
}

const isHold = ({ reason }: RevokedCertificate): boolean => reason === reasonCodes.certificateHold;

/** True when `newer` of the same scope takes back what is only on hold in `list`, and is in its time. */
function lifts(
  newer: RevocationList,
  list: RevocationList,
  certificate: Certificate,
  search: RevocationSearch,
): boolean {
  const sameScope =
    equalBytes(newer.issuer.der, list.issuer.der) && equalBytes(newer.scope.bytes, list.scope.bytes);
  if (!sameScope || newer.number <= list.number || newer.nextUpdate < search.at) return false;
  if (newer.thisUpdate.getTime() > search.now.getTime() + limits.timestampFutureSecondsMax * 1000)
    return false;
  const entries = entriesOf(newer, certificate);
  if (newer.baseNumber === undefined) return entries.length === 0;
  // RFC 5280 §5.2.4: the delta builds on this list or on one before it.
  const takesBack = ({ reason }: RevokedCertificate): boolean => reason === reasonCodes.removeFromCRL;
  return newer.baseNumber <= list.number && entries.length > 0 && entries.every(takesBack);
}

/** Looked through one by one: a list is read for a handful of certificates. */
function entriesOf(
  { entries }: RevocationList,
  { issuer, serial }: Certificate,
): readonly RevokedCertificate[] {
  return entries.filter((entry) => equalBytes(entry.serial, serial) && equalBytes(entry.issuer, issuer.der));
}

/** What has been found out about one certificate so far. */
class CertificateStatus {
  readonly certificate: Certificate;
  readonly search: RevocationSearch;
  readonly #covered = new Set<number>();
  readonly #evidence: string[] = [];
  #reason: VerificationError | undefined;

  constructor(certificate: Certificate, search: RevocationSearch) {
    this.certificate = certificate;
    this.search = search;
  }

  /** These reasons of revocation are ruled out. */
  vouch(reasons: Iterable<number>, evidence: string): void {
    for (const reason of reasons) this.#covered.add(reason);
    this.#evidence.push(evidence);
  }

  /** Runs `work`; when it finds the data wanting, the first such reason is kept, and other data may still do. */
  async attempt(work: () => Promise<string | undefined>): Promise<void> {
    try {
      const evidence = await work();
      if (typeof evidence === "string") this.vouch(allReasons, evidence);
    } catch (cause) {
      this.#wanting(cause);
    }
  }

  note(work: () => void): void {
    try {
      work();
    } catch (cause) {
      this.#wanting(cause);
    }
  }

  #wanting(cause: unknown): void {
    const isAboutData = cause instanceof VerificationError && cause.code.startsWith("REVOCATION_");
    if (!isAboutData) throw cause;
    this.#reason ??= cause;
  }

  /** SPEC §6.8.2, RFC 5280 §6.3.3: every reason is ruled out, or the status is not known. */
  verdict(): string {
    const { subject, serial } = this.certificate;
    const whose = `${quote(nameText(subject))}, serial ${hexText(serial)}`;
    if ([...allReasons].every((reason) => this.#covered.has(reason))) {
      return `${nameText(subject)}: ${this.#evidence.join("; ")}`;
    }
    if (!this.search.policy.required) return `${nameText(subject)}: not known, and not asked for`;
    throw this.#reason ?? refusal("REVOCATION_MISSING", `expected revocation data for ${whose}, got none`);
  }
}
