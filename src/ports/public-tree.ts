import type { ByteSource } from "../core/encoding/stream.js";

/**
 * The static files that the world reads. Immutable paths are written once; a head (`metadata/timestamp.json`,
 * and the newest revocation lists) is replaced by compare-and-swap. Every call is durable when it returns, and a reader sees the old file or the new one, never
 * a part. Paths are relative, with forward slashes.
 *
 * @throws OperationError STORE_FULL, STORE_FAILED
 */
export interface PublicTree {
  /** Undefined when there is no such file. */
  read(path: string): Promise<Uint8Array | undefined>;
  /** Writing the same bytes again is no error. @throws OperationError RECORD_CONFLICT if the path holds other bytes. */
  putImmutable(path: string, content: Uint8Array | ByteSource): Promise<void>;
  /** Replaces `expected` by `next`. @throws OperationError RECORD_CONFLICT if the head is not `expected`. */
  swapHead(path: string, expected: Uint8Array | undefined, next: Uint8Array): Promise<void>;
}
