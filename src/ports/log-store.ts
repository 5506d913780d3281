import type { TreeHead } from "../core/log/checkpoint.js";
import type { LogFileReader } from "../core/log/read-log.js";

/** `signed` is the newest checkpoint that our key has signed, for us alone; `checkpoint` is the one that the world reads. */
export type LogHead = "signed" | "checkpoint";

/**
 * The entries of one log and their tiles, written by one process at a time.
 *
 * What `append` has acknowledged is there after a crash at any instant, at the same index; what it has not acknowledged is there
 * or not. So every tree that was ever settled is the beginning of every later one.
 *
 * @throws OperationError STORE_FULL, STORE_FAILED; after STORE_FAILED it takes nothing more until it is opened again
 */
export interface LogStore {
  /** Entries that are acknowledged. */
  readonly size: number;
  /** A tile or a bundle by its name, or the checkpoint: what the world reads. */
  readonly read: LogFileReader;
  /**
   * Entries of at most 65,535 octets, 4 MiB together, kept together and in order; those of several callers are written at once.
   * Gives the index of the first. @throws VerificationError LOG_ENTRY_TOO_LARGE
   */
  append(entries: readonly Uint8Array[]): Promise<number>;
  /** Puts every tile of the tree as it stands in its place, durably, and gives the head of that tree. */
  settle(): Promise<TreeHead>;
  readHead(head: LogHead): Promise<Uint8Array | undefined>;
  /** Replaces the head, durably. */
  writeHead(head: LogHead, note: Uint8Array): Promise<void>;
  /** Finishes what was begun and lets the next process in. */
  close(): Promise<void>;
}
