/** What `client status` tells of the newest proof and of the way by which the database came. Part of `state.json`; losing it loses nothing. */
import type { ReleaseNumber, Sha256Hex } from "../core/brands.js";
import type { PackFacts } from "../core/format/model.js";
import { formatTime } from "../core/trust/metadata.js";
import type { ProvenRelease } from "../core/trust/model.js";
import { type Party, parseParties } from "../core/trust/parties.js";
import type { TrustedMetadata } from "../core/trust/trusted-metadata.js";

/** Of the newest release that was proven here. */
export interface ProofSummary {
  readonly release: ReleaseNumber;
  readonly manifestSha256: Sha256Hex;
  /** Of the certificate. */
  readonly signer: string;
  readonly stampedAt: string;
  readonly stampedBy: string;
  /** Keys that signed the manifest; whose they are, where `targets` tell. */
  readonly signedBy: readonly { readonly keyid: string; readonly party: Party | null }[];
  /** Null where the policy asks for no log. */
  readonly log: {
    readonly origin: string;
    readonly index: number;
    readonly size: number;
    readonly witnesses: readonly string[];
  } | null;
  readonly rootVersion: number;
}

/** How the database in use came. */
export interface Arrival {
  readonly release: ReleaseNumber;
  readonly at: string;
  readonly packs: readonly Pick<PackFacts, "kind" | "from" | "to" | "bytes">[];
  /** Of these packs, those that came over the network. */
  readonly bytes: number;
  /** The servers that brought them. */
  readonly from: readonly string[];
}

export function summarizeProof(
  { feed, manifest, manifestSha256, signedBy, signature, log }: ProvenRelease,
  trusted: TrustedMetadata,
): ProofSummary {
  const { targets } = trusted;
  const known = targets && parseParties(targets.signed, trusted.delegation(feed));
  const partyOf = (keyid: string): Party | null => {
    if (known?.publisher.includes(keyid)) return "publisher";
    return known?.overseer.includes(keyid) ? "overseer" : null;
  };
  const { timestamp, signer } = signature;
  return {
    release: manifest.version,
    manifestSha256,
    signer: signer.subject,
    stampedAt: formatTime(timestamp.time),
    stampedBy: timestamp.authority.subject,
    signedBy: signedBy.map((keyid) => ({ keyid, party: partyOf(keyid) })),
    log: log === undefined ? null : summarizeEntry(log),
    rootVersion: trusted.root.version,
  };
}

function summarizeEntry({ index, checkpoint }: NonNullable<ProvenRelease["log"]>): ProofSummary["log"] {
  const { origin, size, cosignatures } = checkpoint;
  return { origin, index, size, witnesses: cosignatures.map(({ witness }) => witness) };
}
