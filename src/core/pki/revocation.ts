/**
 * Is a path revoked (RFC 5280 §6.3)? Asked about one instant, the time of a stamp, with whatever lists and responses there are:
 * those inside the signature and those that the caller has seen since. A list that lists the certificate is believed for ever,
 * so keeping back what is newer, or adding what is older, never turns a no into a yes.
 */
import { equalBytes, hexText } from "../encoding/bytes.js";
import { VerificationError } from "../errors.js";
import { limits } from "../limits.js";
import type { Budget } from "./algorithms.js";
import { type Certificate, type Certs, isReached } from "./certificate.js";
import { type Revocation, type RevocationList, type RevokedCertificate, reasonCodes } from "./crl.js";
import { allReasons, type CertificatePoint, isInScope, pointsOf } from "./distribution-points.js";
import { ensure, recoded, refusal, secondText } from "./failure.js";
import { nameText } from "./names.js";
import { isAbout, type OCSPResponse } from "./ocsp.js";
import { type DataWindow, freshnessOf, type JudgedAt, requireNotRevoked } from "./revocation-rules.js";
import { listSpeakers, responseSpeakers, signerPath, type Speakers } from "./revocation-signers.js";

export interface RevocationQuestion extends JudgedAt {
  /** Leaf first, anchor last, proven. */
  readonly path: Certs;
  /** What the path is for; delegates' paths must allow it too. */
  readonly purpose: string | undefined;
  readonly lists: readonly RevocationList[];
  readonly responses: readonly OCSPResponse[];
  /** Where delegates' certificates may be found. */
  readonly pool: Certs;
  readonly rsaBitsMin: number;
  readonly budget?: Budget;
}

interface Search extends RevocationQuestion {
  readonly budget: Budget;
  /** Certs whose status is being asked for: they do not vouch for themselves. */
  readonly asking: Certs;
  /** Lists and responses whose signature was found to be good. */
  readonly believed: Set<RevocationList | OCSPResponse>;
  /** Certs of those who signed lists in place of an issuer. */
  readonly delegates: Set<Certificate>;
}

/** Paths of delegates have delegates' lists behind them; deeper than this nobody goes. */
const delegationsMax = 2;

/**
 * @throws VerificationError CERTIFICATE_REVOKED; REVOCATION_MISSING, _STALE, _UNTRUSTED when the policy asks for evidence and
 * there is none that counts; LIMIT_EXCEEDED
 */
export async function verifyNotRevoked(question: RevocationQuestion) {
  const found = { believed: new Set<RevocationList | OCSPResponse>(), delegates: new Set<Certificate>() };
  const { budget = { checksLeft: limits.signatureChecksMax } } = question;
  const search = { ...question, ...found, budget, asking: [] };
  return { ...found, evidence: await statusOfAll(question.path, search) };
}

/** What vouches for each certificate of a path below its anchor, for people. */
async function statusOfAll(path: Certs, search: Search): Promise<string[]> {
  const evidence: string[] = [];
  for (let i = 0; i < path.length - 1; i++) evidence.push(await statusOf(path.slice(i), search));
  return evidence;
}

/** Of the first certificate of the path. */
async function statusOf(path: Certs, outer: Search): Promise<string> {
  const [certificate, issuer] = path as readonly [Certificate, Certificate];
  const search = { ...outer, asking: [...outer.asking, certificate] };
  const status = new CertificateStatus(certificate, search);
  for (const response of search.responses) {
    for (const single of response.statuses) {
      if (!(await isAbout(single, certificate, issuer))) continue;
      await status.attempt(async () => {
        await believe(response, await responseSpeakers(response, issuer), search);
        const { revoked, unknown } = single.status;
        ensure(!unknown, "REVOCATION_MISSING", "a known status", "an OCSP response that knows none");
        const said = revoked === undefined ? [] : [revoked];
        status.hear(single, said, [...allReasons], `OCSP response of ${secondText(response.producedAt)}`);
      });
    }
  }
  for (const point of pointsOf(certificate)) await askPoint(point, path, status);
  return status.verdict();
}

/** RFC 5280 §6.3.3 a to l for one distribution point. All of its lists are read, because any of them may say no. */
async function askPoint(point: CertificatePoint, path: Certs, status: CertificateStatus) {
  const { search, certificate } = status;
  const believed: RevocationList[] = [];
  for (const list of search.lists.filter((one) => speaksFor(one, point, certificate))) {
    await status.attempt(async () => {
      await believe(list, listSpeakers(list, path, search.pool), search);
      believed.push(list);
    });
  }
  // RFC 5280 §6.3.3 i to l: each list with its deltas.
  for (const list of believed) {
    const isLifted = believed.some((other) => lifts(other, list, status));
    const { removeFromCRL, certificateHold } = reasonCodes;
    const ignored: readonly unknown[] = isLifted ? [removeFromCRL, certificateHold] : [removeFromCRL];
    const said = entriesOf(list, certificate).filter(({ reason }) => !ignored.includes(reason));
    // A delta alone vouches for nothing: what it does not list, its base may list.
    const isWhole = list.baseNumber === undefined;
    const reasons = [...point.reasons].filter((reason) => isWhole && list.scope.reasons.has(reason));
    const name = `list ${list.number} of ${secondText(list.thisUpdate)}`;
    await status.attempt(async () => status.hear(list, said, reasons, name));
  }
}

/**
 * SPEC §6.8.7: somebody who may speak has signed it. A list's delegate vouches for others only while it is vouched for itself, with
 * every CA above it; a responder's certificate says that nobody need be asked about it.
 */
async function believe(data: RevocationList | OCSPResponse, speakers: Speakers, search: Search) {
  if (search.believed.has(data)) return;
  const isList = "entries" in data;
  const mayDelegate = !isList || search.asking.length <= delegationsMax;
  const delegates = speakers.delegates.filter((one) => mayDelegate && !search.asking.includes(one));
  const path = await signerPath(data, { ...speakers, delegates }, search);
  if (isList) {
    const policy = { ...search.policy, required: true };
    await recoded("REVOCATION_UNTRUSTED", () => statusOfAll(path, { ...search, policy }));
    for (const delegate of path.slice(0, -1)) search.delegates.add(delegate);
  }
  search.believed.add(data);
}

/** RFC 5280 §6.3.3 b: the right issuer and the right scope. */
export function speaksFor(list: RevocationList, point: CertificatePoint, about: Certificate): boolean {
  const { issuer, scope } = list;
  const isIssuer = (name: Uint8Array): boolean => equalBytes(name, issuer.der);
  const isNamed = scope.indirect && point.issuers.some(isIssuer);
  const isByIssuer = point.issuers.length === 0 ? isIssuer(about.issuer.der) : isNamed;
  return isByIssuer && isInScope(scope, point, about);
}

/** True when `newer` of the same scope takes back what is only on hold in `list`, and is in its time. */
function lifts(newer: RevocationList, list: RevocationList, status: CertificateStatus): boolean {
  const { certificate, search } = status;
  const isOfIssuer = equalBytes(newer.issuer.der, list.issuer.der);
  const isInTime = newer.nextUpdate >= search.at && isReached(newer.thisUpdate, search.now);
  const isInScope = isOfIssuer && equalBytes(newer.scope.bytes, list.scope.bytes);
  if (!isInScope || !isInTime || newer.number <= list.number) return false;
  const entries = entriesOf(newer, certificate);
  if (newer.baseNumber === undefined) return entries.length === 0;
  // RFC 5280 §5.2.4: the delta builds on this list or on one before it.
  const isTakenBack = entries.every(({ reason }) => reason === reasonCodes.removeFromCRL);
  return newer.baseNumber <= list.number && entries.length > 0 && isTakenBack;
}

/** Looked through one by one: a list is read for a handful of certificates. */
const entriesOf = ({ entries }: RevocationList, { issuer, serial }: Certificate): RevokedCertificate[] =>
  entries.filter((entry) => equalBytes(entry.serial, serial) && equalBytes(entry.issuer, issuer.der));

/** What has been found out about one certificate so far. */
class CertificateStatus {
  readonly #covered = new Set<number>();
  readonly #evidence = new Set<string>();
  #wanting: VerificationError | undefined;

  constructor(
    readonly certificate: Certificate,
    readonly search: Search,
  ) {}

  /** What is `said` counts at any age; that nothing else is said rules these reasons out, while the data are fresh. */
  hear(data: DataWindow, said: readonly Revocation[], reasons: readonly number[], name: string): void {
    for (const revocation of said) requireNotRevoked(this.certificate, revocation, this.search);
    if (reasons.length === 0) return;
    this.#evidence.add(`${name}, ${freshnessOf(data, this.certificate, this.search)}`);
    for (const reason of reasons) this.#covered.add(reason);
  }

  /** Runs `work`; when it finds the data wanting, the first such reason is kept, and other data may still do. */
  async attempt(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (cause) {
      if (!(cause instanceof VerificationError) || !cause.code.startsWith("REVOCATION_")) throw cause;
      this.#wanting ??= cause;
    }
  }

  /** SPEC §6.8.2, RFC 5280 §6.3.3: every reason is ruled out, or the status is not known. */
  verdict(): string {
    const { subject, serial } = this.certificate;
    const isKnown = [...allReasons].every((reason) => this.#covered.has(reason));
    if (isKnown) return `${nameText(subject)}: ${[...this.#evidence].join("; ")}`;
    if (!this.search.policy.required) return `${nameText(subject)}: not known, and not asked for`;
    const whose = `serial ${hexText(serial)}`;
    throw this.#wanting ?? refusal("REVOCATION_MISSING", "revocation data", "none for", subject, whose);
  }
}
