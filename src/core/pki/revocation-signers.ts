/**
 * Who may speak about the certificates of an issuer (RFC 5280 §6.3.3 f, g; RFC 6960 §4.2.2.2): that issuer, as it stands on the proven
 * path, or a delegate whose own path ends where the proven one goes. A name alone is worth nothing; anybody can take it.
 */
import { equalBytes } from "../encoding/bytes.js";
import { VerificationError } from "../errors.js";
import { type Budget, isSignedBy, type Signed } from "./algorithms.js";
import type { Certificate, Certs } from "./certificate.js";
import type { RevocationList } from "./crl.js";
import { keyUsageBits } from "./extensions.js";
import { refusal } from "./failure.js";
import { isResponder, type OCSPResponse } from "./ocsp.js";
import { oids } from "./oids.js";
import { verifyPath } from "./path.js";

/** Those who may have signed one list or response. */
export interface Speakers {
  /** Proven already. */
  readonly authorities: Certs;
  readonly delegates: Certs;
  /** Where the path of a delegate ends, through these others, and when it must hold. */
  readonly anchor: Certificate;
  readonly pool: Certs;
  readonly at: Date;
}

/** RFC 5280 §6.3.3 f: CAs of the path, or others that are named like the list's issuer, below the same anchor. */
export function listSpeakers(list: RevocationList, path: Certs, pool: Certs): Speakers {
  const may = (one: Certificate): boolean => mayIssue(one, list);
  const anchor = path.at(-1) as Certificate;
  const speakers = { authorities: path.slice(1).filter(may), delegates: pool.filter(may) };
  return { ...speakers, anchor, pool, at: list.thisUpdate };
}

/** RFC 5280 §6.3.3 f: cRLSign, if usages are named at all. §5.2.1: the list names its signer's key. */
function mayIssue({ subject, extensions }: Certificate, list: RevocationList): boolean {
  const { keyUsage, subjectKeyIdentifier: own } = extensions;
  const named = list.authorityKeyIdentifier;
  const isKey = named === undefined || own === undefined || equalBytes(named, own);
  const maySign = keyUsage?.bits.has(keyUsageBits.crlSign) ?? true;
  return isKey && maySign && equalBytes(subject.der, list.issuer.der);
}

/** RFC 6960 §4.2.2.2: the issuer, or a leaf that it certified directly for this; §4.2.2.2.1: exempt from being asked about. */
export async function responseSpeakers(response: OCSPResponse, issuer: Certificate): Promise<Speakers> {
  const delegates: Certificate[] = [];
  for (const one of response.certificates) {
    const { basicConstraints, extKeyUsage, ocspNoCheck } = one.extensions;
    const mayAnswer = extKeyUsage?.purposes.includes(oids.ocspSigning) === true && ocspNoCheck === true;
    if (mayAnswer && basicConstraints?.ca !== true && (await isResponder(one, response))) delegates.push(one);
  }
  const authorities = (await isResponder(issuer, response)) ? [issuer] : [];
  return { authorities, delegates, anchor: issuer, pool: [], at: response.producedAt };
}

/**
 * The path of the one who signed, signer first; of an authority itself alone.
 *
 * @throws VerificationError REVOCATION_UNTRUSTED when nobody who may has signed it; LIMIT_EXCEEDED
 */
export async function signerPath(
  signed: Signed,
  { authorities, delegates, anchor, pool, at }: Speakers,
  { budget, purpose, rsaBitsMin }: { budget: Budget; purpose: string | undefined; rsaBitsMin: number },
): Promise<Certs> {
  for (const one of authorities) if (await isSignedBy(one.key, signed, budget)) return [one];
  for (const delegate of delegates) {
    if (!(await isSignedBy(delegate.key, signed, budget))) continue;
    try {
      return await verifyPath(delegate, pool, { purpose, rsaBitsMin, budget, at, anchors: [anchor] });
    } catch (cause) {
      if (!(cause instanceof VerificationError) || cause.code === "LIMIT_EXCEEDED") throw cause;
    }
  }
  throw refusal("REVOCATION_UNTRUSTED", "a signature of the issuer or its delegate on revocation data");
}
