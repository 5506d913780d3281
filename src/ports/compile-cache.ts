import type { OpenObject } from "./object-store.js";

/**
 * What a compiler remembers from one release to the next. All of it can be made again, so any of it may be gone at any time; what is
 * there is whole, but nobody vouches that it is what was put: readers check. Keys are `[a-z0-9-]{1,120}`.
 *
 * @throws OperationError STORE_FULL, STORE_FAILED
 */
export interface CompileCache {
  open(key: string): Promise<OpenObject | undefined>;
  put(key: string, bytes: Uint8Array): Promise<void>;
}
