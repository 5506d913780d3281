import type { Sha256Hex } from "../core/brands.js";
import type { ByteSource } from "../core/encoding/stream.js";

/** A source that holds something open. */
export interface OpenObject extends ByteSource {
  close(): Promise<void>;
}

/**
 * Immutable bytes by their SHA-256. What `put` has acknowledged survives a crash of the machine. Putting the same bytes
 * twice is no error. Nothing is ever changed or half visible.
 *
 * @throws OperationError STORE_FULL, STORE_FAILED
 */
export interface ObjectStore {
  put(
    chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  ): Promise<{ sha256: Sha256Hex; bytes: number }>;
  open(sha256: Sha256Hex): Promise<OpenObject | undefined>;
}
