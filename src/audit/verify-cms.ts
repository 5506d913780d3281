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
  const passed: NamedCheck[] = [];
  try {
    const contentSha256 = await sha256(content);
    const proven = await verifySignature({ contentSha256, cms, policy, now, revocationItems, passed });
    const { spki: _, ...signer } = proven.signer;
    const { time, serial, authority } = proven.timestamp;
    return {
      ...{ ...facts, verdict: "proven", checks: proven.checks.map(asStep), signer },
      timestamp: { time: secondText(time), serial, authority: authority.subject },
    };
  } catch (cause) {
    if (!(cause instanceof RulemintError)) throw cause;
    const [title, clause] = stageAfter(passed.at(-1)?.name);
    const refused = {
      title,
      clause,
      result: "refused",
      evidence: [cause.message],
      code: cause.code,
    } as const;
    return { ...facts, verdict: "refused", checks: [...passed.map(asStep), refused] };
  }
}

/** What the verifier asks next, by the last check that passed: SPEC §6.2 to §6.8, in its order. */
function stageAfter(last: string | undefined): readonly [title: string, clause: string] {
  switch (last) {
    case undefined:
      return ["form", "SPEC §6.2"];
    case "form":
      return ["signature", "SPEC §6.3"];
    case "signature":
      return ["time-stamp", "SPEC §6.6"];
    case "time-stamp authority":
      return ["certificate", "SPEC §6.5"];
    case "certificate profile":
      return ["revocation", "SPEC §6.8"];
    default:
      return ["who signed", "SPEC §6.7"];
  }
}

const asStep = ({ name, clause, evidence }: NamedCheck): AuditStep => ({
  ...{ title: name, clause, result: "proven", evidence: [evidence] },
});
