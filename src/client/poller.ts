/**
 * Whether there is anything new, for the price of one request and without what an update needs in memory. Nothing is trusted, stored or
 * decided here but what a poll itself learned: bytes spent, servers that want to be left alone.
 */
import { timestampPath } from "../core/release/tree-paths.js";
import { RulemintError } from "../core/errors.js";
import type { Clock } from "../ports/clock.js";
import type { EndpointStore } from "../ports/endpoint-store.js";
import type { Fetcher } from "../ports/fetcher.js";
import { Budget } from "./budget.js";
import { PublicTreeReader } from "./fetch-file.js";
import { Mirrors, type PassedOver } from "./mirrors.js";
import { pollTimestamp } from "./poll-timestamp.js";
import { readConfig, readState, StateKeeper } from "./state.js";

export class Poller {
  readonly #store: EndpointStore;
  readonly #openFetcher: () => Promise<Fetcher>;
  readonly #clock: Clock;
  /** What `state.json` does not have yet. */
  #bytes = 0;
  #passedOver: readonly PassedOver[] = [];

  /** `openFetcher`: for the settings of this minute, which the owner may change at any time. */
  constructor(store: EndpointStore, clock: Clock, openFetcher: () => Promise<Fetcher>) {
    this.#store = store;
    this.#clock = clock;
    this.#openFetcher = openFetcher;
  }

  /** True when a server has another timestamp than the stored one. @throws OperationError FETCH_*, STATE_CORRUPT; VerificationError */
  async isNew(signal: AbortSignal): Promise<boolean> {
    const { files } = this.#store;
    const { url, network } = await readConfig(files);
    const { poll, passedOver = [] } = await readState(files);
    const stored = await files.read("timestamp.json");
    const known = [...passedOver, ...this.#passedOver];
    const mirrors = new Mirrors([url, ...network.mirrors], known, this.#clock.now());
    const before = mirrors.remembered.length;
    const count = (bytes: number) => {
      this.#bytes += bytes;
    };
    const tree = new PublicTreeReader(await this.#openFetcher(), mirrors, signal, count);
    try {
      return await tree.eachMirror(timestampPath, async (one) => {
        const { isStored } = await pollTimestamp(tree, one, stored, poll);
        return !isStored;
      });
    } finally {
      this.#passedOver = mirrors.remembered;
      if (this.#bytes > 0 || mirrors.remembered.length > before) await this.#remember();
    }
  }

  /** SPEC §8.3.5, §8.3.7: also after a restart, and for the next update. Another process at work only puts it off. */
  async #remember(): Promise<void> {
    const { files } = this.#store;
    try {
      const unlock = await this.#store.lock();
      try {
        const state = new StateKeeper(files, await readState(files));
        const budget = new Budget(undefined, state.now.spent, this.#clock.now());
        budget.count(this.#bytes);
        await state.set({ spent: budget.spent, passedOver: this.#passedOver });
        this.#bytes = 0;
        this.#passedOver = [];
      } finally {
        await unlock();
      }
    } catch (error) {
      if (!(error instanceof RulemintError)) throw error;
    }
  }
}
