/** One detached signature, judged as endpoints judge it: the same function, with its named checks or its one code. */
import { sha256 } from "../core/encoding/sha256.js";
import { RulemintError } from "../core/errors.js";
import { secondText } from "../core/pki/failure.js";
import type { NamedCheck, SignaturePolicy, SignerIdentity } from "../core/pki/model.js";
import { verifySignature } from "../core/pki/verify-signature.js";
import type { AuditStep } from "./report.js";

export interface CMSQuestion {
  readonly content: Uint8Array;
  /** DER. */
  readonly cms: Uint8Array;
  readonly policy: SignaturePolicy;
  readonly now: Date;
  /** As they travel (RFC 5652 §10.2.1). */
  readonly revocationItems: readonly Uint8Array[];
}

export interface CMSVerdict {
  readonly schema: 1;
  readonly verdict: "proven" | "refused";
  /** The reference time: no stamp may be from after it. */
  readonly at: string;
  readonly checks: readonly AuditStep[];
  readonly signer?: Omit<SignerIdentity, "spki">;
  readonly timestamp?: { readonly time: string; readonly serial: string; readonly authority: string };
}

/** Never throws for what is wrong with the signature; the last check says it. */
export async function judgeCMS(question: CMSQuestion): Promise<CMSVerdict> {
  const { content, cms, policy, now, revocationItems } = question;
  const facts = { schema: 1, at: secondText(now) } as const;
  try {
    const contentSha256 = await sha256(content);
    const proven = await verifySignature({ contentSha256, cms, policy, now, revocationItems });
    const { spki: _, ...signer } = proven.signer;
    const { time, serial, authority } = proven.timestamp;
    return {
      ...{ ...facts, verdict: "proven", checks: proven.checks.map(asStep), signer },
      timestamp: { time: secondText(time), serial, authority: authority.subject },
    };
  } catch (cause) {
    if (!(cause instanceof RulemintError)) throw cause;
    const refused = { title: "signature", clause: "SPEC §6", result: "refused" } as const;
    return {
      ...{ ...facts, verdict: "refused" },
      checks: [{ ...refused, evidence: [cause.message], code: cause.code }],
    };
  }
}

const asStep = ({ name, clause, evidence }: NamedCheck): AuditStep => ({
  ...{ title: name, clause, result: "proven", evidence: [evidence] },
});
