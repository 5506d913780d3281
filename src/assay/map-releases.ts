/**
 * The source map of every release that was passed here, made and signed for once it is published, without being asked. What was signed
 * for stands in the rebuilder's own records. A map that is not the service's is tried once and reported from then on; what a network
 * refused is tried again.
 */
import type { FeedName, ReleaseNumber } from "../core/brands.js";
import { OperationError, RulemintError } from "../core/errors.js";
import type { ReleaseList } from "../ports/staged-releases.js";
import type { AssayContext } from "./model.js";
import { type VouchedMap, requireVouchingKey, vouchForSourceMap } from "./source-map.js";
import { releaseID, signedBefore } from "./verdicts.js";

/** Collection `maps`, id = that of the release. */
export interface SignedMap {
  readonly sha256: string;
  readonly at: string;
}

export interface MapFailure {
  readonly feed: FeedName;
  readonly code: string;
  readonly message: string;
}

export class ReleaseMaps {
  readonly #context: AssayContext;
  readonly #made: VouchedMap[] = [];
  readonly #failures = new Map<string, MapFailure & { readonly isFinal: boolean }>();

  /** @throws PolicyError RELEASE_STATE for a key that signs no verdicts */
  constructor(context: AssayContext) {
    requireVouchingKey(context);
    this.#context = context;
  }

  get made(): readonly VouchedMap[] {
    return this.#made;
  }

  get failures(): readonly MapFailure[] {
    return [...this.#failures.values()].map(({ feed, code, message }) => ({ feed, code, message }));
  }

  /** Releases of the list that wait for their map, oldest first. */
  async missing(feed: FeedName, { items }: ReleaseList): Promise<ReleaseNumber[]> {
    const { records } = this.#context;
    const passed = new Set(
      (await signedBefore(this.#context, feed, Number.POSITIVE_INFINITY as ReleaseNumber)).map(
        ({ release }) => release,
      ),
    );
    const waiting: ReleaseNumber[] = [];
    for (const { release, state } of items) {
      if (state !== "published" || !passed.has(release)) continue;
      if (this.#failures.get(releaseID(feed, release))?.isFinal) continue;
      if ((await records.get("maps", releaseID(feed, release))) === undefined) waiting.push(release);
    }
    return waiting.sort((a, b) => a - b);
  }

  /** The failure, if there was one. */
  async make(feed: FeedName, release: ReleaseNumber): Promise<MapFailure | undefined> {
    const { records, clock } = this.#context;
    const id = releaseID(feed, release);
    try {
      const map = await vouchForSourceMap(this.#context, feed, release);
      // Killed before this, it says the same again, which is kept once.
      const body: SignedMap = { sha256: map.sha256, at: clock.now().toISOString() };
      await records.commit([{ collection: "maps", id, expected: 0, body }]);
      this.#made.push(map);
      this.#failures.delete(id);
      return undefined;
    } catch (error) {
      if (!(error instanceof RulemintError)) throw error;
      const message = `the source map of release ${release}: ${error.message}`;
      const failure = { feed, code: error.code, message, isFinal: !(error instanceof OperationError) };
      this.#failures.set(id, failure);
      return failure;
    }
  }
}
