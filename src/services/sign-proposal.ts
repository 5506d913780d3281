/**
 * One keyholder's signature on a proposal: made here by a signer, or made elsewhere and brought along. It is verified before it
 * counts, and a key that nobody asked is turned away by name.
 */
import { VerificationError, quote } from "../core/errors.js";
import { keyID } from "../core/trust/keys.js";
import { parseEnvelope, parseRoot } from "../core/trust/metadata.js";
import type { TUFKey } from "../core/trust/model.js";
import { type Proposal, demandsOf } from "../core/trust/proposal.js";
import { addSignature, signingPayload, tufKeyOfSigner } from "../issuing/tuf-signatures.js";
import type { Signer } from "../ports/signer.js";

/** @throws VerificationError SIGNATURE_REFUSED for a key that the proposal does not ask; what the signer throws */
export async function signProposal(
  proposal: Proposal,
  signer: Pick<Signer, "scheme" | "spki" | "sign">,
): Promise<Proposal> {
  const key = tufKeyOfSigner(signer);
  // SPEC §5.6.2: before the device is asked; a wrong card must not leave a signature behind.
  await requireAsked(proposal, keyID(key));
  return withSignature(proposal, key, await signer.sign(signingPayload(proposal.next)));
}

/** @throws VerificationError SIGNATURE_REFUSED for a key that is not asked, or a signature that is not its own over this file */
export async function addProposalSignature(
  proposal: Proposal,
  keyid: string,
  signature: Uint8Array,
): Promise<Proposal> {
  await requireAsked(proposal, keyid);
  return withSignature(proposal, keyOf(proposal, keyid), signature);
}

async function withSignature(proposal: Proposal, key: TUFKey, signature: Uint8Array): Promise<Proposal> {
  return { ...proposal, next: await addSignature(proposal.next, key, signature) };
}

async function requireAsked(proposal: Proposal, keyid: string): Promise<void> {
  const keys = (await demandsOf(proposal)).flatMap((demand) => demand.keys);
  if (keys.some((key) => key.keyid === keyid)) return;
  const asked = [...new Map(keys.map((key) => [key.keyid, key.name]))].map(
    ([id, name]) => `${name} (${id.slice(0, 16)})`,
  );
  throw new VerificationError(
    "SIGNATURE_REFUSED",
    `expected a signature by ${asked.join(" or ")}, got one by key ${quote(keyid)}`,
  );
}

function keyOf({ role, root, next }: Proposal, keyid: string): TUFKey {
  const files = role === "root" ? [root, next] : [root];
  for (const file of files) {
    const { roles } = parseRoot(parseEnvelope(file, "root").signed);
    const key = roles[role].keys.get(keyid);
    if (key !== undefined) return key;
  }
  throw new VerificationError(
    "SIGNATURE_REFUSED",
    `expected a key of a scheme that can be checked, got ${quote(keyid)}`,
  );
}
