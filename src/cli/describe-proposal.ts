/** A proposal in words: what it changes, and whose signature it has and lacks. */
import { describeChange, payloadSha256 } from "../core/trust/describe-change.js";
import { parseEnvelope } from "../core/trust/metadata.js";
import { type Demand, type Proposal, demandsOf } from "../core/trust/proposal.js";

export interface ProposalView {
  readonly role: Proposal["role"];
  readonly from: number;
  readonly to: number;
  readonly expires: string;
  readonly payloadSha256: string;
  readonly changes: readonly string[];
  readonly signatures: readonly Demand[];
  readonly complete: boolean;
}

/** @throws VerificationError METADATA_MALFORMED */
export async function viewProposal(proposal: Proposal): Promise<ProposalView> {
  const before = parseEnvelope(proposal.current, proposal.role).signed;
  const after = parseEnvelope(proposal.next, proposal.role).signed;
  const signatures = await demandsOf(proposal);
  return {
    role: proposal.role,
    from: before.version as number,
    to: after.version as number,
    expires: after.expires as string,
    payloadSha256: payloadSha256(after),
    changes: describeChange(before, after),
    signatures,
    complete: signatures.every(({ signed, threshold }) => signed >= threshold),
  };
}

export function describeProposal(view: ProposalView): string {
  const lines = [
    `${view.role} version ${view.from} -> ${view.to}`,
    ...view.changes.map((change) => `  ${change}`),
    `payload SHA-256 ${view.payloadSha256}`,
  ];
  for (const { by, threshold, signed, keys } of view.signatures) {
    lines.push(`needs ${threshold} of ${by}; has ${signed}`);
    for (const key of keys) lines.push(`  ${key.signed ? "signed" : "open  "} ${key.name} ${key.keyid}`);
  }
  lines.push(view.complete ? "Every threshold is met: it can be published." : "Not yet enough signatures.");
  return lines.join("\n");
}
