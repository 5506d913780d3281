/**
 * Whether a checkpoint is one that everybody sees: signed by a log of the policy, cosigned by a quorum of its witnesses, and
 * that lately. And whether an entry is below it.
 */
import { VerificationError, quote } from "../errors.js";
import { limits } from "../limits.js";
import { type Checkpoint, parseCheckpoint } from "./checkpoint.js";
import { type LogPolicy, isQuorum } from "./log-policy.js";
import type { LogProof } from "./log-proof.js";
import { leafHash, verifyInclusion } from "./merkle.js";
import { type Note, verifyLines } from "./note.js";

export interface CheckpointDemand {
  readonly policy: LogPolicy;
  readonly now: Date;
  /** How old the cosignatures of the quorum may be; undefined: as old as they are. */
  readonly cosignatureSecondsMax?: number | undefined;
}

export interface ProvenCosignature {
  /** The policy's name of the witness. */
  readonly witness: string;
  /** Seconds since 1970; of several lines of one witness, the latest. */
  readonly time: number;
}

export interface ProvenCheckpoint extends Checkpoint {
  readonly note: Note;
  /** Those that count: of witnesses of the policy, and not from the future. */
  readonly cosignatures: readonly ProvenCosignature[];
}

/**
 * SPEC §11.6.3 to §11.6.6, in order.
 * @throws VerificationError NOTE_MALFORMED, LOG_KEY_UNKNOWN, LOG_SIGNATURE_INVALID, WITNESS_QUORUM, CHECKPOINT_STALE
 */
export async function verifyCheckpoint(note: Note, demand: CheckpointDemand): Promise<ProvenCheckpoint> {
  const signed = await verifyLogSignature(note, demand.policy);
  const cosignatures = await provenCosignatures(note, demand);
  requireQuorum(cosignatures, demand);
  return { ...signed, note, cosignatures };
}

/** SPEC §11.6.3. @throws VerificationError NOTE_MALFORMED, LOG_KEY_UNKNOWN, LOG_SIGNATURE_INVALID */
export async function verifyLogSignature(note: Note, { logs }: Pick<LogPolicy, "logs">): Promise<Checkpoint> {
  const checkpoint = parseCheckpoint(note.text);
  const keys = logs.map(({ key }) => key).filter(({ name }) => name === checkpoint.origin);
  const lines = await verifyLines(note, keys);
  if (lines.length > 0) return checkpoint;
  const got = keys.length === 0 ? `the log ${quote(checkpoint.origin)}` : "no line of its key";
  throw new VerificationError(
    "LOG_KEY_UNKNOWN",
    `expected a signature of a log that the policy pins, got ${got}`,
  );
}

/** SPEC §11.6.4: a cosignature from the future says nothing about what is. @throws VerificationError LOG_SIGNATURE_INVALID */
export async function provenCosignatures(
  note: Note,
  { policy, now }: CheckpointDemand,
): Promise<ProvenCosignature[]> {
  const times = new Map<string, number>();
  const latest = now.getTime() / 1000 + limits.timestampFutureSecondsMax;
  const lines = await verifyLines(
    note,
    policy.witnesses.map(({ key }) => key),
  );
  for (const { key, cosignature } of lines) {
    const name = policy.witnesses.find((one) => one.key === key)?.name as string;
    const time = cosignature?.time ?? 0;
    if (time <= latest) times.set(name, Math.max(time, times.get(name) ?? 0));
  }
  return [...times].map(([witness, time]) => ({ witness, time }));
}

/** SPEC §11.6.5, §11.6.6. @throws VerificationError WITNESS_QUORUM, CHECKPOINT_STALE */
export function requireQuorum(
  cosignatures: readonly ProvenCosignature[],
  { policy, now, cosignatureSecondsMax }: CheckpointDemand,
): void {
  const names = (list: readonly ProvenCosignature[]) => new Set(list.map(({ witness }) => witness));
  if (!isQuorum(policy, names(cosignatures))) {
    const got = [...names(cosignatures)].join(", ") || "none";
    throw new VerificationError(
      "WITNESS_QUORUM",
      `expected cosignatures that make the quorum, got ${quote(got)}`,
    );
  }
  if (cosignatureSecondsMax === undefined) return;
  const oldest = now.getTime() / 1000 - cosignatureSecondsMax;
  if (isQuorum(policy, names(cosignatures.filter(({ time }) => time >= oldest)))) return;
  const latest = Math.max(...cosignatures.map(({ time }) => time));
  throw new VerificationError(
    "CHECKPOINT_STALE",
    `expected a quorum of cosignatures of the last ${cosignatureSecondsMax} seconds, got the latest at ${new Date(latest * 1000).toISOString().slice(0, 19)}Z`,
  );
}

export interface ProvenEntry {
  readonly index: number;
  readonly checkpoint: ProvenCheckpoint;
}

/**
 * SPEC §11.5.2: everything about a proof that stands alone, for the exact bytes of an entry.
 * @throws VerificationError as `verifyCheckpoint`, and LOG_INCLUSION_FAILED
 */
export async function verifyLogProof(
  proof: LogProof,
  entry: Uint8Array,
  demand: CheckpointDemand,
): Promise<ProvenEntry> {
  const checkpoint = await verifyCheckpoint(proof.checkpoint, demand);
  const { size, root } = checkpoint;
  verifyInclusion({ index: proof.index, size, root, leaf: leafHash(entry), proof: proof.hashes });
  return { index: proof.index, checkpoint };
}
