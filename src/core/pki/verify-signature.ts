/**
 * The one question that endpoints and auditors ask of a `.p7s`: who signed this content, and when? SPEC §6. The bytes are the
 * attacker's; the anchors, the policy and the clock are the customer's. Every step either holds or throws its own code.
 */
import { hexText } from "../encoding/bytes.js";
import { parsePEM } from "../encoding/pem.js";
import { limits } from "../limits.js";
import type { Budget, SignatureMemory } from "./algorithms.js";
import { type Certificate, type Certs, parseCertificate, signerIdentity } from "./certificate.js";
import { parseSignedData, type SignedData } from "./cms.js";
import { ensure, secondText } from "./failure.js";
import type { NamedCheck, ProvenSignature, SignaturePolicy } from "./model.js";
import { nameText } from "./names.js";
import { oids } from "./oids.js";
import { verifyPath } from "./path.js";
import { requireSignerLeaf } from "./profiles.js";
import { signingTime, verifySignedData } from "./signed-data.js";
import { verifyNotRevoked } from "./revocation.js";
import { choicesOf, parseRevocationData, withSeenItems } from "./revocation-data.js";
import { defaultRevocationPolicy } from "./revocation-rules.js";
import { verifySwissPolicy } from "./swiss-policy.js";
import { type ProvenTimestamp, verifyTimestamp } from "./timestamp.js";

export interface SignatureInput {
  readonly contentSha256: Uint8Array;
  /** DER of a detached CMS SignedData. */
  readonly cms: Uint8Array;
  readonly policy: SignaturePolicy;
  readonly now: Date;
  /** Revocation data (RFC 5652 §10.2.1) that the caller has seen, besides those in the signature. SPEC §6.8.6: none makes anything valid again. */
  readonly revocationItems?: readonly Uint8Array[];
  /** SPEC §6.5.10: of signatures on certificates, lists and responses; nothing is remembered when absent. */
  readonly memory?: SignatureMemory | undefined;
  /** Filled with each check that passes: after a refusal, it says how far the signature came. */
  readonly passed?: NamedCheck[];
}

/** SPEC §6.4.3: RSA keys from this size on. */
const rsaBitsMin = 3072;

/** @throws VerificationError CMS_*, CERTIFICATE_*, REVOCATION_*, TIMESTAMP_*, LIMIT_EXCEEDED @throws PolicyError SWISS_POLICY */
export async function verifySignature(input: SignatureInput): Promise<ProvenSignature> {
  const { policy, now, memory, passed: checks = [] } = input;
  const rules = { rsaBitsMin, budget: { checksLeft: limits.signatureChecksMax, memory } };
  const passed = (name: string, clause: string, evidence: string) => checks.push({ name, clause, evidence });

  // 1. The form: detached data, one signer, one hash.
  const data = parseSignedData(input.cms);
  requireForm(data);
  passed("form", "SPEC §6.2", "detached, one signer, signed attributes, SHA-256 throughout");

  // 2. The signature: this content, this certificate, this key.
  const leaf = await verifySignedData(data, input.contentSha256);
  const claimed = signingTime(data.signer);
  passed("content digest", "RFC 5652 §11.2", hexText(input.contentSha256));
  passed("signing certificate", "RFC 5035 §3", "the signed attributes name the signer's certificate");
  passed("signature", "RFC 5652 §5.6", claimed ? `valid; says ${secondText(claimed)}` : "valid");

  // 3. The time: a token over the signature value, from an authority pinned for that.
  const stamp = { token: timestampToken(data), stamped: data.signer.signature, now };
  const authorities = parseAnchors(policy.timeStampingAnchors, "time-stamping");
  const timestamp = await verifyTimestamp({ ...rules, ...stamp, anchors: authorities });
  const at = timestamp.time;
  passed("time-stamp", "RFC 3161 §2.4.2", `${secondText(at)}, policy ${timestamp.policy}`);
  passed("time-stamp authority", "SPEC §6.6", namesOf(timestamp.path));

  // 4. The certificate: of the policy's profile, on a path to a pinned anchor, at that time.
  const purpose = requireSignerLeaf(leaf, policy);
  const anchors = parseAnchors(policy.codeSigningAnchors, "code-signing");
  const path = await verifyPath(leaf, data.certificates, { ...rules, purpose, at, anchors });
  const profile = `${policy.profile ?? "code-signing"}: purpose, key usage, key size, length of validity`;
  passed("certificate path", "RFC 5280 §6.1", `${namesOf(path)}, at ${secondText(at)}`);
  passed("certificate profile", "SPEC §6.5", profile);

  // 5. Revocation: neither path was revoked at that time, as far as anybody who may say so has said.
  const revocation = await verifyRevocation(input, data, timestamp, { ...rules, path, purpose });
  requireUsed(data, [...path, ...revocation.delegates]);
  passed("signer not revoked", "SPEC §6.8", revocation.evidence[0]);
  passed("time-stamp authority not revoked", "SPEC §6.8", revocation.evidence[1]);

  // 6. The person in law: the policy's country and organisation.
  checks.push(...verifySwissPolicy(leaf, policy));

  const authority = await signerIdentity(timestamp.path[0] as Certificate);
  return {
    signer: await signerIdentity(leaf),
    timestamp: { time: at, authority, serial: hexText(timestamp.serial) },
    checks,
    revocationItems: choicesOf(revocation.believed),
    paths: [path, timestamp.path],
  };
}

/** SPEC §6.2.1, RFC 5652 §5.2: detached, so that nobody can read other content out of the file than was verified. */
function requireForm({ content, contentType, signer }: SignedData): void {
  ensure(content === undefined, "CMS_CONTENT_EMBEDDED", "a detached signature", "content inside it");
  ensure(contentType === oids.data, "CMS_MALFORMED", "plain data as content type");
  // SPEC §6.4.1: the content's digest is SHA-256, so everything in this signature is.
  ensure(signer.hash === "SHA-256", "CMS_ALGORITHM", "SHA-256", signer.hash);
}

/** SPEC §6.2.5, RFC 5126 §6.1.1: signature-time-stamp is the only unsigned attribute, and it must be there. */
function timestampToken({ signer: { unsignedAttributes } }: SignedData): Uint8Array {
  const token = unsignedAttributes.get(oids.timestampToken);
  ensure(token, "TIMESTAMP_MISSING", "a signature time-stamp", "none");
  const { size } = unsignedAttributes;
  ensure(size === 1, "CMS_ATTRIBUTES_INVALID", "the time-stamp as the only unsigned attribute", size);
  return token.bytes;
}

/** SPEC §6.2.3: nothing rides along, every certificate in the file is on the path that was proven. */
function requireUsed({ certificates }: SignedData, path: Certs): void {
  const unused = certificates.filter((certificate) => !path.includes(certificate)).length;
  ensure(unused === 0, "CMS_MALFORMED", "the signer's path alone", `${unused} other certificates`);
}

/** Both paths, the signer's and the authority's, against all revocation data at hand. */
async function verifyRevocation(
  { policy, now, revocationItems = [] }: SignatureInput,
  data: SignedData,
  timestamp: ProvenTimestamp,
  signerRules: { path: Certs; purpose: string; rsaBitsMin: number; budget: Budget },
) {
  const embedded = parseRevocationData([...data.revocation, ...timestamp.revocation]);
  const all = withSeenItems(embedded, revocationItems);
  const pool = [...data.certificates, ...timestamp.certificates];
  const judged = { at: timestamp.time, now, policy: policy.revocation ?? defaultRevocationPolicy };
  const question = { ...signerRules, ...judged, ...all, pool };
  const signer = await verifyNotRevoked({ ...question, as: "signer" });
  const stamper = { path: timestamp.path, purpose: oids.timeStamping, as: "time-stamp authority" } as const;
  const authority = await verifyNotRevoked({ ...question, ...stamper });
  const believed = new Set([...signer.believed, ...authority.believed]);
  // SPEC §6.2.6: nothing rides along; what nobody believed could be changed without anybody noticing.
  const unused = [...embedded.lists, ...embedded.responses].filter((item) => !believed.has(item)).length;
  const expected = "revocation data for the two paths alone";
  ensure(unused === 0, "REVOCATION_UNTRUSTED", expected, `${unused} other items`);
  return {
    believed: {
      lists: all.lists.filter((list) => believed.has(list)),
      responses: all.responses.filter((response) => believed.has(response)),
    },
    delegates: [...signer.delegates, ...authority.delegates],
    evidence: [signer, authority].map(({ evidence }) => evidence.join(" | ")) as [string, string],
  };
}

function parseAnchors(pems: readonly string[], purpose: string): Certificate[] {
  const anchors = pems.flatMap((pem) => parsePEM(pem, "CERTIFICATE")).map(parseCertificate);
  ensure(anchors.length > 0, "SWISS_POLICY", `a ${purpose} anchor`, "none");
  return anchors;
}

const namesOf = (path: Certs): string => path.map(({ subject }) => nameText(subject)).join(" <- ");
