/** Who may answer for an issuer (RFC 6960 §4.2.2.2): the issuer itself, or a delegate that it certified directly for that. */
import { equalBytes } from "../encoding/bytes.js";
import { constructedTag, parseDER, tags } from "../encoding/der.js";
import { limits } from "../limits.js";
import { isSignatureOf, parseSignatureAlgorithm, requireStrongKey } from "./algorithms.js";
import { type Certificate, secondText } from "./certificate.js";
import { parseExtension } from "./extensions.js";
import { refusal, structured } from "./failure.js";
import type { OCSPCertID, OCSPResponse } from "./ocsp.js";
import type { RevocationSearch } from "./revocation.js";

type Search = Pick<RevocationSearch, "budget" | "rsaBitsMin">;

const ocspSigning = "1.3.6.1.5.5.7.3.9";
const noCheck = "1.3.6.1.5.5.7.48.1.5";

/** RFC 6960 §4.1.1: the issuer's name and key and the certificate's serial number, all three. */
export async function matchesCertificate(
  id: OCSPCertID,
  certificate: Certificate,
  issuer: Certificate,
): Promise<boolean> {
  if (!equalBytes(id.serial, certificate.serial)) return false;
  const nameHash = await hashOf(id.hash, certificate.issuer.der);
  const keyHash = await hashOf(id.hash, keyBits(issuer));
  return equalBytes(id.nameHash, nameHash) && equalBytes(id.keyHash, keyHash);
}

/** @throws VerificationError REVOCATION_UNTRUSTED unless the issuer or its delegate signed the response */
export async function requireResponder(
  response: OCSPResponse,
  issuer: Certificate,
  search: Search,
): Promise<void> {
  for (const candidate of [issuer, ...response.certificates]) {
    if (!(await isNamed(candidate, response))) continue;
    if (candidate !== issuer) await requireDelegate(candidate, issuer, response, search);
    requireStrongKey(candidate.key, search.rsaBitsMin);
    if (await isSigned(candidate, response, search)) return;
  }
  throw refusal(
    "REVOCATION_UNTRUSTED",
    "expected an OCSP response of the issuer or its delegate, got another",
  );
}

async function isNamed(candidate: Certificate, { responder }: OCSPResponse): Promise<boolean> {
  if ("name" in responder) return equalBytes(responder.name, candidate.subject.der);
  // RFC 6960 §4.2.1: SHA-1 here is the name of a key.
  return equalBytes(responder.keyHash, await hashOf("SHA-1", keyBits(candidate)));
}

/** RFC 6960 §4.2.2.2: certified by the issuer's own key, for this purpose; §4.2.2.2.1: and exempt from being asked about. */
async function requireDelegate(
  delegate: Certificate,
  issuer: Certificate,
  { producedAt }: OCSPResponse,
  search: Search,
): Promise<void> {
  const { extensions } = delegate;
  const untrusted = (expected: string) =>
    refusal("REVOCATION_UNTRUSTED", `expected an OCSP responder ${expected}, got another certificate`);
  if (!equalBytes(delegate.issuer.der, issuer.subject.der)) throw untrusted("certified by the issuer");
  if (extensions.extKeyUsage?.purposes.includes(ocspSigning) !== true) {
    throw untrusted("with the purpose OCSPSigning");
  }
  if (extensions.basicConstraints?.ca === true || extensions.refused.length > 0)
    throw untrusted("that is a leaf");
  if (producedAt < delegate.notBefore || producedAt > delegate.notAfter) {
    throw untrusted(`valid at ${secondText(producedAt)}`);
  }
  if (!hasNoCheck(delegate)) throw untrusted("with id-pkix-ocsp-nocheck");
  if (!(await isSigned(issuer, delegate, search))) throw untrusted("certified by the issuer's key");
}

type Signed = Pick<OCSPResponse, "tbs" | "signature" | "signatureAlgorithm">;

async function isSigned(signer: Certificate, signed: Signed, search: Search): Promise<boolean> {
  if (search.budget.checksLeft-- <= 0) {
    throw refusal("LIMIT_EXCEEDED", `expected at most ${limits.signatureChecksMax} signature checks`);
  }
  const algorithm = structured("REVOCATION_MALFORMED", () =>
    parseSignatureAlgorithm(signed.signatureAlgorithm, "REVOCATION_UNTRUSTED"),
  );
  return isSignatureOf(signer.key, algorithm, signed.tbs, signed.signature);
}

/** The certificate's own reader keeps no extension that decides nothing for paths; this one is looked up again. */
function hasNoCheck({ tbs }: Certificate): boolean {
  const extensions = parseDER(tbs).children.find(({ tag }) => tag === constructedTag(3));
  return (extensions?.only().sequenceOf() ?? []).some((one) => parseExtension(one).oid === noCheck);
}

/** The BIT STRING of the key, without tag, length and unused bits (RFC 6960 §4.1.1). */
function keyBits({ key }: Pick<Certificate, "key">): Uint8Array {
  const fields = parseDER(key.spki).fields("a public key");
  fields.next().expect(tags.sequence);
  return fields.next().bitString();
}

async function hashOf(hash: "SHA-1" | "SHA-256", bytes: Uint8Array): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest(hash, bytes as Uint8Array<ArrayBuffer>));
}
