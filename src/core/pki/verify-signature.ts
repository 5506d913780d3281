/**
 * The one question that endpoints and auditors ask of a `.p7s`: who signed this content, and when? SPEC §6. The bytes are the
 * attacker's; the anchors, the policy and the clock are the customer's. Every step either holds or throws its own code.
 */
import { hexText } from "../encoding/bytes.js";
import { parsePEM } from "../encoding/pem.js";
import { PolicyError } from "../errors.js";
import { type Certificate, parseCertificate, secondText, signerIdentity } from "./certificate.js";
import { parseSignedData, type SignedData } from "./cms.js";
import { refusal } from "./failure.js";
import type { NamedCheck, ProvenSignature, SignaturePolicy } from "./model.js";
import { nameText } from "./names.js";
import { oids } from "./oids.js";
import { verifyPath } from "./path.js";
import { requireSignerLeaf } from "./profiles.js";
import { signingTime, verifySignedData } from "./signed-data.js";
import { verifyRevocation } from "./verify-revocation.js";
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
}

/** SPEC §6.4.3: RSA keys from this size on. */
const rsaBitsMin = 3072;

/** @throws VerificationError CMS_*, CERTIFICATE_*, REVOCATION_*, TIMESTAMP_*, LIMIT_EXCEEDED @throws PolicyError SWISS_POLICY */
export async function verifySignature(input: SignatureInput): Promise<ProvenSignature> {
  const { policy, now } = input;
  const codeSigningAnchors = parseAnchors(policy.codeSigningAnchors, "code-signing");
  const timeStampingAnchors = parseAnchors(policy.timeStampingAnchors, "time-stamping");

  // 1. The form: detached data, one signer, one hash.
  const data = parseSignedData(input.cms);
  requireForm(data);

  // 2. The signature: this content, this certificate, this key.
  const leaf = await verifySignedData(data, input.contentSha256);

  // 3. The time: a token over the signature value, from an authority pinned for that.
  const token = timestampToken(data);
  const stamped = data.signer.signature;
  const timestamp = await verifyTimestamp({ token, stamped, anchors: timeStampingAnchors, now, rsaBitsMin });
  const at = timestamp.info.time;

  // 4. The certificate: of the policy's profile, on a path to a pinned anchor, at that time.
  const purpose = requireSignerLeaf(leaf, policy);
  const rules = { purpose, at, anchors: codeSigningAnchors, rsaBitsMin };
  const path = await verifyPath(leaf, data.certificates, rules);

  // 5. Revocation: neither path was revoked at that time, as far as anybody who may say so has said.
  const revocation = await verifyRevocation(input, data, timestamp, path, rules);
  requireUsed(data, [...path, ...revocation.delegates]);

  // 6. The person in law: the policy's country and organisation.
  const identity = verifySwissPolicy(leaf, policy);

  return {
    signer: await signerIdentity(leaf),
    timestamp: { time: at, authority: timestamp.authority, serial: timestamp.info.serial },
    checks: [...describe(input, data, timestamp, path), ...revocation.checks, ...identity],
    revocationItems: revocation.believed,
    paths: [path, timestamp.path],
  };
}

/** SPEC §6.2.1, RFC 5652 §5.2: detached, so that nobody can read other content out of the file than was verified. */
function requireForm(data: SignedData): void {
  if (data.content !== undefined) {
    throw refusal("CMS_CONTENT_EMBEDDED", "expected a detached signature, got content inside it");
  }
  if (data.contentType !== oids.data) throw refusal("CMS_MALFORMED", "expected plain data as content type");
  // SPEC §6.4.1: the content's digest is SHA-256, so everything in this signature is.
  if (data.signer.hash !== "SHA-256") {
    throw refusal("CMS_ALGORITHM", `expected SHA-256, got ${data.signer.hash}`);
  }
}

/** SPEC §6.2.5, RFC 5126 §6.1.1: signature-time-stamp is the only unsigned attribute, and it must be there. */
function timestampToken({ signer }: SignedData): Uint8Array {
  const token = signer.unsignedAttributes.get(oids.timestampToken);
  if (token === undefined) throw refusal("TIMESTAMP_MISSING", "expected a signature time-stamp, got none");
  if (signer.unsignedAttributes.size > 1) {
    throw refusal(
      "CMS_ATTRIBUTES_INVALID",
      "expected the time-stamp as the only unsigned attribute, got more",
    );
  }
  return token.bytes;
}

/** SPEC §6.2.3: nothing rides along, every certificate in the file is on the path that was proven. */
function requireUsed(data: SignedData, path: readonly Certificate[]): void {
  const unused = data.certificates.filter((certificate) => !path.includes(certificate));
  if (unused.length > 0) {
    throw refusal(
      "CMS_MALFORMED",
      `expected the signer's path alone, got ${unused.length} other certificates`,
    );
  }
}

function parseAnchors(pems: readonly string[], purpose: string): Certificate[] {
  const anchors = pems.flatMap((pem) => parsePEM(pem, "CERTIFICATE")).map(parseCertificate);
  if (anchors.length === 0) throw new PolicyError("SWISS_POLICY", `expected a ${purpose} anchor, got none`);
  return anchors;
}

function describe(
  input: SignatureInput,
  data: SignedData,
  timestamp: ProvenTimestamp,
  path: readonly Certificate[],
): NamedCheck[] {
  const claimed = signingTime(data.signer);
  const names = (certificates: readonly Certificate[]): string =>
    certificates.map(({ subject }) => nameText(subject)).join(" <- ");
  const { time, policy } = timestamp.info;
  const check = (name: string, clause: string, evidence: string): NamedCheck => ({ name, clause, evidence });
  return [
    check("form", "SPEC §6.2", "detached, one signer, signed attributes, SHA-256 throughout"),
    check("content digest", "RFC 5652 §11.2", hexText(input.contentSha256)),
    check("signing certificate", "RFC 5035 §3", "the signed attributes name the signer's certificate"),
    check(
      "signature",
      "RFC 5652 §5.6",
      claimed === undefined ? "valid" : `valid; says ${secondText(claimed)}`,
    ),
    check("time-stamp", "RFC 3161 §2.4.2", `${secondText(time)}, policy ${policy}`),
    check("time-stamp authority", "SPEC §6.6", names(timestamp.path)),
    check("certificate path", "RFC 5280 §6.1", `${names(path)}, at ${secondText(time)}`),
    check(
      "certificate profile",
      "SPEC §6.5",
      `${input.policy.profile ?? "code-signing"}: purpose, key usage, key size, length of validity`,
    ),
  ];
}
