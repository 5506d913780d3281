/**
 * Whether a manifest is in the log that everybody sees (SPEC §7.9 to §7.15): the very file, in a log that the policy pins, under
 * a checkpoint that continues what was seen before and that a quorum of witnesses cosigned lately.
 */
import type { FeedName, ReleaseNumber, Sha256Hex } from "../brands.js";
import { utf8Bytes } from "../encoding/bytes.js";
import { VerificationError, quote } from "../errors.js";
import type { TreeHead } from "../log/checkpoint.js";
import { type LogDemand, parseLogPolicy } from "../log/log-policy.js";
import { type LogProof, parseLogProof } from "../log/log-proof.js";
import { leafHash, verifyInclusion } from "../log/merkle.js";
import { requireOneHistory } from "../log/one-history.js";
import { parseReleaseLogEntry } from "../log/release-entries.js";
import type { TileReader } from "../log/tiles.js";
import {
  type ProvenEntry,
  requireQuorum,
  provenCosignatures,
  verifyLogSignature,
} from "../log/verify-checkpoint.js";
import type { NamedCheck } from "../pki/model.js";
import type { LogEvidence } from "./evidence.js";

export interface LogClaim {
  /** As it came; undefined when there is none. */
  readonly evidence?: LogEvidence | undefined;
  /** What was seen of the log before; absent for somebody who sees it for the first time. */
  readonly history?: LogHistory | undefined;
}

export interface LogHistory {
  /** The head of the largest tree of this log that was ever accepted here. */
  readonly seen: (origin: string) => TreeHead | undefined;
  readonly readTile: TileReader;
}

interface Subject {
  readonly feed: FeedName;
  readonly release: ReleaseNumber;
  readonly manifestSha256: Sha256Hex;
  readonly now: Date;
}

/** @throws VerificationError LOG_PROOF_MISSING, … : one code for each of the numbered checks */
export async function verifyLogged(
  subject: Subject,
  { evidence, history }: LogClaim,
  demand: LogDemand,
): Promise<{ readonly entry: ProvenEntry; readonly checks: readonly NamedCheck[] }> {
  const checks: NamedCheck[] = [];
  const passed = (name: string, clause: string, text: string) =>
    checks.push({ name, clause, evidence: text });
  const policy = parseLogPolicy(demand.policy);

  // 9. SPEC §7.9: there is a proof, and it can be read.
  const { entry, proof } = requireProof(evidence);
  passed("the release brings a log proof", "SPEC §7.9", `index ${proof.index}`);

  // 10. SPEC §7.10: the entry is about this very manifest.
  requireEntryOf(subject, entry);
  passed("the log entry names the manifest", "SPEC §7.10", subject.manifestSha256);

  // 11. SPEC §7.11: the checkpoint is of a log that the policy pins, by its key.
  const checkpoint = await verifyLogSignature(proof.checkpoint, policy);
  const { origin, size, root } = checkpoint;
  passed("the log signed the checkpoint", "SPEC §7.11", `${origin}, ${size} entries`);

  // 12. SPEC §7.12: before the quorum, because two contradictory signatures of the log convict it, whoever else signed.
  const seen = history?.seen(origin);
  if (seen !== undefined && history !== undefined) {
    const { readTile } = history;
    await requireOneHistory({ seen, offered: checkpoint, given: evidence?.consistency, readTile });
  }
  const before = seen === undefined ? "none was seen before" : `${seen.size} entries were seen before`;
  passed("the checkpoint continues what was seen", "SPEC §7.12", before);

  // 13. SPEC §7.13: enough witnesses. 14. SPEC §7.14: and lately.
  const { cosignatureHoursMax: hours } = demand;
  const cosignatureSecondsMax = hours === undefined ? undefined : hours * 3600;
  const asked = { policy, now: subject.now, cosignatureSecondsMax };
  const cosignatures = await provenCosignatures(proof.checkpoint, asked);
  requireQuorum(cosignatures, asked);
  const names = cosignatures.map(({ witness }) => witness).join(", ");
  passed("a quorum of witnesses cosigned it", "SPEC §7.13", names === "" ? "none asked for" : names);
  passed("and lately enough", "SPEC §7.14", hours === undefined ? "no limit" : `within ${hours} hours`);

  // 15. SPEC §7.15: the proof leads from the entry to the checkpoint.
  verifyInclusion({ index: proof.index, size, root, leaf: leafHash(entry), proof: proof.hashes });
  passed("the log has the entry", "SPEC §7.15", `entry ${proof.index} of ${size}`);

  const proven = { ...checkpoint, note: proof.checkpoint, cosignatures };
  return { entry: { index: proof.index, checkpoint: proven }, checks };
}

function requireProof(evidence: LogEvidence | undefined): { entry: Uint8Array; proof: LogProof } {
  if (evidence === undefined) {
    throw new VerificationError(
      "LOG_PROOF_MISSING",
      "expected a proof that the release is in the log, got none",
    );
  }
  return { entry: utf8Bytes(evidence.entry), proof: parseLogProof(evidence.proof) };
}

function requireEntryOf({ feed, release, manifestSha256 }: Subject, bytes: Uint8Array): void {
  const entry = parseReleaseLogEntry(bytes);
  const same =
    entry.kind === "release" &&
    entry.feed === feed &&
    entry.release === release &&
    entry.manifestSha256 === manifestSha256;
  if (same) return;
  const got =
    entry.kind === "release" ? `${entry.feed} ${entry.release}, ${entry.manifestSha256}` : entry.kind;
  throw new VerificationError(
    "LOG_ENTRY_MISMATCH",
    `expected an entry of ${feed} ${release}, ${manifestSha256}, got ${quote(got)}`,
  );
}
