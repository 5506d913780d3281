import type { FeedName, ReleaseNumber, Sha256Hex } from "../core/brands.js";

/** What an overseer has to say about a release. */
export interface Verdict {
  readonly result: "PASSED" | "FAILED";
  readonly explanation: string;
  /** With PASSED: the overseer's TUF signature over the canonical signed part of the manifest. */
  readonly signature: { readonly keyid: string; readonly sig: string } | null;
}

/**
 * The publisher's desk, as the overseer sees it: what waits for an assay, and where the answer goes. A verdict that was delivered is
 * durable; delivering the same one again is no error.
 *
 * @throws OperationError FETCH_FAILED, SERVER_REFUSED
 */
export interface StagedReleases {
  /** The release that waits for this feed's overseer, if any. */
  waiting(feed: FeedName): Promise<{ release: ReleaseNumber } | undefined>;
  /** The manifest file as it stands, with the publisher's signature. */
  manifest(feed: FeedName, release: ReleaseNumber): Promise<Uint8Array>;
  /** A staged pack, for the first difference when a rebuild disagrees. */
  pack(feed: FeedName, release: ReleaseNumber, name: string, sha256: Sha256Hex): Promise<Uint8Array>;
  deliver(feed: FeedName, release: ReleaseNumber, verdict: Verdict): Promise<void>;
}
