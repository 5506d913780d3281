/**
 * What a witness has cosigned last, of each log. A swap is durable when it returns, and of several that expect the same only one
 * succeeds, across processes too.
 *
 * @throws OperationError STORE_FULL, STORE_FAILED; the old note stays
 */
export interface WitnessState {
  /** The checkpoint with the log's signature and the witness's, as it was answered. Undefined when there is none yet. */
  read(origin: string): Promise<Uint8Array | undefined>;
  /** False, and nothing changed, when the stored note is not `expected`. */
  swap(origin: string, expected: Uint8Array | undefined, next: Uint8Array): Promise<boolean>;
}
