import type { ByteSource } from "../core/encoding/stream.js";
import type { OpenObject } from "./object-store.js";

/** Reading a head that was swapped since it was opened gives the old bytes, or fails. */
export interface OpenPublicFile extends OpenObject {
  /** Another one whenever the file is. */
  readonly mark: string;
}

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
  /** For files that are too many bytes to hold, and for parts of them. Undefined when there is no such file. */
  open(path: string): Promise<OpenPublicFile | undefined>;
  /** Writing the same bytes again is no error. @throws OperationError RECORD_CONFLICT if the path holds other bytes. */
  putImmutable(path: string, content: Uint8Array | ByteSource): Promise<void>;
  /** Replaces `expected` by `next`. @throws OperationError RECORD_CONFLICT if the head is not `expected`. */
  swapHead(path: string, expected: Uint8Array | undefined, next: Uint8Array): Promise<void>;
}
