import type { VerifierKey } from "../core/log/verifier-key.js";

/** What a witness says to a checkpoint: its signature lines, or the size that it has seen last, from which it wants a proof. */
export type WitnessAnswer =
  | { readonly kind: "cosigned"; readonly lines: string }
  | { readonly kind: "conflict"; readonly size: number };

/**
 * Somebody else who cosigns checkpoints (C2SP tlog-witness). Bounded in size and time; what it answers is text that nobody has
 * judged.
 *
 * @throws OperationError WITNESS_UNAVAILABLE when it does not answer, or refuses; nothing is lost, the caller may try again
 */
export interface Witness {
  /** For people. */
  readonly name: string;
  /** By which its cosignatures are known. */
  readonly key: VerifierKey;
  /** `request` is the body of `add-checkpoint`. */
  addCheckpoint(request: Uint8Array): Promise<WitnessAnswer>;
}
