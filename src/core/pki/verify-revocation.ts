/** Step 5 of `verifySignature`: both paths of a signature, the signer's and the authority's, against all revocation data at hand. */
import type { Certificate } from "./certificate.js";
import type { SignedData } from "./cms.js";
import { refusal } from "./failure.js";
import type { NamedCheck, SignaturePolicy } from "./model.js";
import { oids } from "./oids.js";
import { verifyNotRevoked } from "./revocation.js";
import { choicesOf, parseRevocationData, withNewerItems } from "./revocation-data.js";
import { defaultRevocationPolicy } from "./revocation-rules.js";
import type { ProvenTimestamp } from "./timestamp.js";

export interface RevocationInput {
  readonly policy: SignaturePolicy;
  readonly now: Date;
  readonly revocationItems?: readonly Uint8Array[];
}

export interface ProvenRevocation {
  /** As they travel. */
  readonly believed: readonly Uint8Array[];
  readonly delegates: readonly Certificate[];
  readonly checks: readonly NamedCheck[];
}

/** @throws VerificationError CERTIFICATE_REVOKED, REVOCATION_MALFORMED, _MISSING, _STALE, _UNTRUSTED, LIMIT_EXCEEDED */
export async function verifyRevocation(
  input: RevocationInput,
  data: SignedData,
  timestamp: ProvenTimestamp,
  path: readonly Certificate[],
  { purpose, rsaBitsMin }: { purpose: string; rsaBitsMin: number },
): Promise<ProvenRevocation> {
  const embedded = parseRevocationData([...data.revocation, ...timestamp.revocation]);
  const { lists, responses } = withNewerItems(embedded, input.revocationItems ?? []);
  const { now } = input;
  const policy = input.policy.revocation ?? defaultRevocationPolicy;
  const pool = [...data.certificates, ...timestamp.certificates];
  const common = { at: timestamp.info.time, now, lists, responses, pool, policy, rsaBitsMin };
  const signer = await verifyNotRevoked({ ...common, path, purpose, as: "signer" });
  const authority = await verifyNotRevoked({
    ...{ ...common, path: timestamp.path, purpose: oids.timeStamping, as: "time-stamp authority" },
  });
  const believed = [...signer.believed, ...authority.believed];
  // SPEC §6.2.6: nothing rides along; what nobody believed could be changed without anybody noticing.
  const unused = [...embedded.lists, ...embedded.responses].filter((item) => !believed.includes(item));
  if (unused.length > 0) {
    const expected = "expected revocation data for the two paths alone";
    throw refusal("REVOCATION_UNTRUSTED", `${expected}, got ${unused.length} other items`);
  }
  const check = (name: string, evidence: readonly string[]): NamedCheck => ({
    ...{ name, clause: "SPEC §6.8", evidence: evidence.join(" | ") },
  });
  return {
    believed: choicesOf({
      lists: lists.filter((list) => believed.includes(list)),
      responses: responses.filter((response) => believed.includes(response)),
    }),
    delegates: [...signer.delegates, ...authority.delegates],
    checks: [
      check("signer not revoked", signer.evidence),
      check("time-stamp authority not revoked", authority.evidence),
    ],
  };
}
