import type { Sha256Hex } from "../core/brands.js";
import type { DatabaseSummary } from "../core/format/model.js";
import type { BlockSink } from "../core/format/outbox.js";
import type { OpenObject } from "./object-store.js";

/**
 * Compiled databases by the digest that they are known by (SPEC §3.3.1). What `put` has acknowledged survives a crash of the
 * machine; putting the same database twice is no error. Two databases that share blocks share most of what they take.
 *
 * @throws OperationError STORE_FULL, STORE_FAILED
 */
export interface DatabaseStore {
  /**
   * Keeps what `write` writes, in memory bounded by a piece of it; when `write` throws, its error, and nothing is kept. With
   * `base`, a database of this store, `write` may hand over that one's blocks by their entries.
   */
  put(write: (sink: BlockSink) => Promise<DatabaseSummary>, base?: Sha256Hex): Promise<DatabaseSummary>;
  open(sha256: Sha256Hex): Promise<OpenObject | undefined>;
}
