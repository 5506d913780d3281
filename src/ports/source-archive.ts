import type { FeedName, ReleaseNumber, Sha256Hex } from "../core/brands.js";

/**
 * Where sources come from for somebody who rebuilds: the publisher's service, or a folder that was handed over. Nothing in it is
 * believed: the list is compared with digests in a signed manifest, every file with the list.
 *
 * @throws OperationError FETCH_FAILED, FETCH_NOT_FOUND, SERVER_REFUSED
 */
export interface SourceArchive {
  /** The document of `core/release/sources.ts`, as bytes. */
  sources(feed: FeedName, release: ReleaseNumber): Promise<Uint8Array>;
  file(sha256: Sha256Hex, bytesMax: number): Promise<Uint8Array>;
  /** The source map that is handed out; absent where there is nobody to ask. */
  sourceMap?(feed: FeedName, release: ReleaseNumber): Promise<Uint8Array>;
}
