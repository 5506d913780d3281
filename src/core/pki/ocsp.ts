/**
 * OCSP responses (RFC 6960), read strictly, and the status that a believed one gives. Responses are judged by their times, as
 * lists are; a nonce protects a conversation, and there is none here.
 */
import { constructedTag, contextTag, type DERNode, parseDER, tags } from "../encoding/der.js";
import { quote } from "../errors.js";
import { limits } from "../limits.js";
import { type Certificate, readCertificate, secondText } from "./certificate.js";
import { parseExtension } from "./extensions.js";
import { refusal, structured } from "./failure.js";
import { matchesCertificate, requireResponder } from "./ocsp-responder.js";
import type { RevocationSearch } from "./revocation.js";
import { freshnessOf, requireNotRevoked, type Revocation } from "./revocation-rules.js";

/** Hashes of the issuer's name and key, and the serial number, as asked. */
export interface OCSPCertID {
  readonly hash: "SHA-1" | "SHA-256";
  readonly nameHash: Uint8Array;
  readonly keyHash: Uint8Array;
  readonly serial: Uint8Array;
}

export interface OCSPStatus {
  readonly id: OCSPCertID;
  readonly status: "good" | "unknown" | Revocation;
  readonly thisUpdate: Date;
  readonly nextUpdate: Date;
}

export interface OCSPResponse {
  readonly der: Uint8Array;
  readonly tbs: Uint8Array;
  readonly signatureAlgorithm: DERNode;
  readonly signature: Uint8Array;
  /** DER of the responder's name, or the SHA-1 of its key. */
  readonly responder: { readonly name: Uint8Array } | { readonly keyHash: Uint8Array };
  readonly producedAt: Date;
  readonly statuses: readonly OCSPStatus[];
  readonly certificates: readonly Certificate[];
}

const basicResponse = "1.3.6.1.5.5.7.48.1.1";
const idHashes = new Map([
  // RFC 6960 §4.3: SHA-1 names a certificate here, it proves nothing about it.
  ["1.3.14.3.2.26", "SHA-1"],
  ["2.16.840.1.101.3.4.2.1", "SHA-256"],
] as const);

/** @throws VerificationError REVOCATION_MALFORMED, LIMIT_EXCEEDED */
export function parseOCSPResponse(der: Uint8Array): OCSPResponse {
  return structured("REVOCATION_MALFORMED", () => {
    const outer = parseDER(der, limits.crlBytesMax).fields("an OCSP response");
    // RFC 6960 §4.2.1: 0 is successful; every other status comes without an answer.
    const status = outer.next().smallInteger(tags.enumerated);
    if (status !== 0) throw malformed(`expected a successful response, got status ${status}`);
    const body = outer.next().only("response bytes", constructedTag(0)).fields("response bytes");
    outer.end();
    const type = body.next().oid();
    if (type !== basicResponse) throw malformed(`expected a basic response, got ${quote(type)}`);
    const basic = parseDER(body.next().octets(), limits.crlBytesMax).fields("a basic response");
    body.end();
    const tbs = basic.next();
    const signatureAlgorithm = basic.next();
    const signature = basic.next().bitString();
    const bag = basic.optional(constructedTag(0))?.only("certificates").children ?? [];
    basic.end();
    if (bag.length > limits.certificatesMax) throw malformed("expected fewer certificates in a response");
    const certificates = bag.map(readCertificate);
    return { der, tbs: tbs.bytes, signatureAlgorithm, signature, certificates, ...parseResponseData(tbs) };
  });
}

function parseResponseData(node: DERNode): Pick<OCSPResponse, "responder" | "producedAt" | "statuses"> {
  const fields = node.fields("response data");
  // RFC 6960 §4.2.1: version 1 is the default and so left out; its tag [0] is refused by the next line.
  const choice = fields.next();
  const responder =
    choice.tag === constructedTag(1)
      ? { name: choice.only("a responder name", constructedTag(1)).bytes }
      : { keyHash: choice.only("a responder key", constructedTag(2)).octets() };
  const producedAt = fields.next().generalizedTime("whole-seconds");
  const statuses = fields.next().sequenceOf("responses").map(parseStatus);
  requireHarmless(fields.optional(constructedTag(1)));
  fields.end();
  return { responder, producedAt, statuses };
}

function parseStatus(node: DERNode): OCSPStatus {
  const fields = node.fields("a single response");
  const idFields = fields.next().fields("a certificate identifier");
  const algorithm = idFields.next().fields("a hash algorithm");
  const oid = algorithm.next().oid();
  algorithm.optional(tags.null)?.null();
  algorithm.end();
  const nameHash = idFields.next().octets();
  const keyHash = idFields.next().octets();
  const serial = idFields.next().integerBytes();
  idFields.end();
  const hash = idHashes.get(oid as "1.3.14.3.2.26");
  if (hash === undefined) throw malformed(`expected SHA-1 or SHA-256 in an identifier, got ${quote(oid)}`);
  const status = parseCertStatus(fields.next());
  const thisUpdate = fields.next().generalizedTime("whole-seconds");
  // RFC 6960 §2.4: without an end, newer information is there all the time; that cannot be judged later.
  const end = fields.optional(constructedTag(0))?.only("a next update");
  if (end === undefined) throw malformed("expected nextUpdate in a response, got none");
  requireHarmless(fields.optional(constructedTag(1)));
  fields.end();
  const nextUpdate = end.generalizedTime("whole-seconds");
  return { id: { hash, nameHash, keyHash, serial }, status, thisUpdate, nextUpdate };
}

function parseCertStatus(node: DERNode): OCSPStatus["status"] {
  if (node.tag === contextTag(0) || node.tag === contextTag(2)) {
    if (node.content.length > 0) throw malformed("expected an empty status");
    return node.tag === contextTag(0) ? "good" : "unknown";
  }
  const fields = node.fields("a revocation", constructedTag(1));
  const revokedAt = fields.next().generalizedTime("whole-seconds");
  const reason = fields.optional(constructedTag(0))?.only("a reason").smallInteger(tags.enumerated);
  fields.end();
  return { revokedAt, reason, invalidSince: undefined };
}

/** RFC 6960 §4.4: none of the extensions changes what a response says, and none that we know is critical. */
function requireHarmless(node: DERNode | undefined): void {
  for (const one of node?.only("extensions").sequenceOf("extensions") ?? []) {
    const { oid, critical } = parseExtension(one);
    if (critical) throw malformed(`expected no critical extension in a response, got ${quote(oid)}`);
  }
}

/**
 * Undefined when the response is about other certificates.
 *
 * @throws VerificationError CERTIFICATE_REVOKED; REVOCATION_UNTRUSTED, _STALE, _MISSING when it does not count
 */
export async function statusFromOCSP(
  response: OCSPResponse,
  path: readonly Certificate[],
  search: RevocationSearch,
): Promise<string | undefined> {
  const [certificate, issuer] = path as readonly [Certificate, Certificate];
  for (const single of response.statuses) {
    if (!(await matchesCertificate(single.id, certificate, issuer))) continue;
    if (!search.believed.has(response)) {
      await requireResponder(response, issuer, search);
      search.believed.add(response);
    }
    if (single.status === "unknown") {
      throw refusal("REVOCATION_MISSING", "expected a known status, got an OCSP response that knows none");
    }
    if (single.status !== "good") requireNotRevoked(certificate, single.status, search);
    const until = freshnessOf(single, certificate, search);
    return `OCSP response of ${secondText(response.producedAt)}, ${until}`;
  }
  return undefined;
}

const malformed = (message: string) => refusal("REVOCATION_MALFORMED", message);
