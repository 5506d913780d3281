import type { DSSEEnvelope } from "../core/trust/attest/dsse.js";
import type { FeedName, ReleaseNumber, Sha256Hex } from "../core/brands.js";

/** What an overseer has to say about a release. */
export interface Verdict {
  readonly result: "PASSED" | "FAILED";
  readonly explanation: string;
  /** With PASSED: the overseer's TUF signature over the canonical signed part of the manifest. */
  readonly signature: { readonly keyid: string; readonly sig: string } | null;
}

/** A signed verdict on its way to the world, with the key by which it can be verified. */
export interface SignedVerdict {
  readonly envelope: DSSEEnvelope;
  /** PEM */
  readonly publicKey: string;
}

/** The newest releases, newest first, with the state that the service gives them. */
export interface ReleaseList {
  readonly items: readonly { readonly release: ReleaseNumber; readonly state: string }[];
  /** By which the service tells whether it is still the same; undefined where it says none. */
  readonly tag: string | undefined;
}

/** Until when a list is waited for. */
export interface ListWait {
  /** What the caller has; given back, the very object, when nothing has changed. */
  readonly known: ReleaseList;
  /** The longest; a service may answer at once. */
  readonly seconds: number;
  /** Aborted when nobody waits any more: the answer is `known`. */
  readonly stop: AbortSignal;
}

/**
 * The publisher's desk, as whoever rebuilds sees it: what waits for an assay, and where the answer goes. A verdict that was delivered is
 * durable; delivering the same one again is no error.
 *
 * @throws OperationError FETCH_FAILED, SERVER_REFUSED
 */
export interface StagedReleases {
  releases(feed: FeedName, wait?: ListWait): Promise<ReleaseList>;
  /** The manifest file as it stands, with the publisher's signature. */
  manifest(feed: FeedName, release: ReleaseNumber): Promise<Uint8Array>;
  /** A staged pack, for the first difference when a rebuild disagrees. */
  pack(feed: FeedName, release: ReleaseNumber, name: string, sha256: Sha256Hex): Promise<Uint8Array>;
  /** The builder's provenance, as bytes. @throws OperationError FETCH_NOT_FOUND when there is none */
  provenance(feed: FeedName, release: ReleaseNumber): Promise<Uint8Array>;
  /** The source map that the service hands out. */
  sourceMap(feed: FeedName, release: ReleaseNumber): Promise<Uint8Array>;
  /** For everybody; comes before `deliver`, so that a release is never public without it. */
  attest(feed: FeedName, release: ReleaseNumber, verdict: SignedVerdict): Promise<void>;
  /** The overseer's answer to the service: the co-signature, or the end of the release. */
  deliver(feed: FeedName, release: ReleaseNumber, verdict: Verdict): Promise<void>;
}
