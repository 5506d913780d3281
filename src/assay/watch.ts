/**
 * `rulemint assay watch`: follows feeds and judges whatever comes. What was judged stands in the rebuilder's own records and at the desk, so a
 * process that is killed at any instant is simply started again; a network that fails is asked again.
 *
 * Each feed is waited for by itself: the desk answers when something has changed. One release is judged at a time. One that the publisher
 * has not signed yet is compiled ahead.
 */
import type { FeedName, ReleaseNumber } from "../core/brands.js";
import { RulemintError } from "../core/errors.js";
import type { ReleaseList } from "../ports/staged-releases.js";
import { ReleaseMaps } from "./map-releases.js";
import type { AssayContext, AssayVerdict } from "./model.js";
import { isForMe, runAssay } from "./run-assay.js";
import type { VouchedMap } from "./source-map.js";
import type { Round } from "./status.js";
import type { DeliveredVerdict } from "./verdicts.js";
import { isOnItsWay, workAhead } from "./work-ahead.js";

export interface WatchReport {
  readonly verdicts: readonly AssayVerdict[];
  readonly maps: readonly VouchedMap[];
  /** What could not be judged when it was last tried, and why. */
  readonly failures: readonly { readonly feed: FeedName; readonly code: string; readonly message: string }[];
}

export interface WatchOptions {
  readonly feeds: readonly FeedName[];
  /** Make and sign the source map of every release that was passed here, once it is published. */
  readonly maps?: boolean;
  /** One look at each and no more. */
  readonly once: boolean;
  /** How long the desk may wait with its answer. */
  readonly waitSeconds: number;
  /** Aborted when it is told to stop; a release that is being judged is judged to its end. */
  readonly stop: AbortSignal;
  /** Resolves after so many seconds, or as soon as the signal is aborted. */
  readonly pause: (seconds: number, signal: AbortSignal) => Promise<void>;
  readonly onVerdict: (verdict: AssayVerdict) => void;
  readonly onMap?: (map: VouchedMap) => void;
  readonly onFailure: (failure: WatchReport["failures"][number]) => void;
  /** After each look, and after each verdict. One call at a time. */
  readonly onStatus?: (round: Round) => Promise<void>;
}

const pauseSeconds = {
  /** Before a desk that does not wait. */
  early: 2,
  /** After a failure it doubles, up to the longest. */
  afterFailure: 2,
  longest: 60,
};

/** SPEC §10.3.5. Only faults of a program's own are thrown: what a publisher or a network does is reported. */
export async function watchReleases(context: AssayContext, options: WatchOptions): Promise<WatchReport> {
  const failed = new AbortController();
  const watch = new Watch(context, { ...options, stop: AbortSignal.any([options.stop, failed.signal]) });
  const ends = options.feeds.map((feed) =>
    watch.follow(feed).catch((error: unknown) => {
      failed.abort();
      throw error;
    }),
  );
  const settled = await Promise.allSettled(ends);
  await watch.rest();
  for (const end of settled) if (end.status === "rejected") throw end.reason;
  return watch.report();
}

class Watch {
  readonly #context: AssayContext;
  readonly #options: WatchOptions;
  readonly #verdicts: AssayVerdict[] = [];
  readonly #failures = new Map<FeedName, WatchReport["failures"][number]>();
  readonly #answeredAt = new Map<FeedName, string>();
  /** The release of each feed that was, or is being, compiled before its manifest came. */
  readonly #ahead = new Map<FeedName, { readonly release: ReleaseNumber; readonly done: Promise<void> }>();
  readonly #maps: ReleaseMaps | undefined;
  /** Feeds whose maps are being made. */
  readonly #mapping = new Set<FeedName>();
  #fault: { readonly error: unknown } | undefined;
  #work: Promise<unknown> = Promise.resolve();

  constructor(context: AssayContext, options: WatchOptions) {
    this.#context = context;
    this.#options = options;
    this.#maps = options.maps ? new ReleaseMaps(context) : undefined;
  }

  report(): WatchReport {
    return { verdicts: this.#verdicts, maps: this.#maps?.made ?? [], failures: this.#allFailures() };
  }

  /** Resolves when nothing is under way any more. */
  async rest(): Promise<void> {
    for (let seen: unknown; seen !== this.#work; ) {
      seen = this.#work;
      await seen;
    }
    if (this.#fault !== undefined) throw this.#fault.error;
  }

  async follow(feed: FeedName): Promise<void> {
    const { once, stop, pause } = this.#options;
    let known: ReleaseList | undefined;
    let failures = 0;
    for (;;) {
      const began = this.#now();
      const before = known;
      try {
        known = await this.#look(feed, known);
        failures = 0;
      } catch (error) {
        if (!(error instanceof RulemintError)) throw error;
        // The next look is a fresh one: what could not be judged still waits.
        known = undefined;
        failures++;
        await this.#report(feed, error);
      }
      if (once || stop.aborted) return;
      const wait = failures > 0 ? pauseSeconds.afterFailure * 2 ** (failures - 1) : pauseSeconds.early;
      const isEarly = known !== undefined && known === before && this.#now() - began < 1000;
      if (failures > 0 || isEarly) await pause(Math.min(wait, pauseSeconds.longest), stop);
      if (stop.aborted) return;
    }
  }

  /** A desk that forgot an answer is given it again: the same list is gone through too. */
  async #look(feed: FeedName, known: ReleaseList | undefined): Promise<ReleaseList> {
    const { waitSeconds: seconds, stop, once } = this.#options;
    const list = await this.#context.desk.releases(feed, known && { known, seconds, stop });
    if (this.#fault !== undefined) throw this.#fault.error;
    if (stop.aborted) return list;
    await this.#serially(async () => {
      // It came before this in the line; what it may throw is a fault of ours.
      await this.#ahead.get(feed)?.done;
      for (const release of await unjudged(this.#context, feed, list)) {
        const verdict = await runAssay(this.#context, feed, release);
        this.#verdicts.push(verdict);
        this.#options.onVerdict(verdict);
        await this.#tell();
        if (stop.aborted) return;
      }
      this.#failures.delete(feed);
      this.#answeredAt.set(feed, this.#context.clock.now().toISOString());
      await this.#tell();
    });
    if (!once && !stop.aborted) this.#workAhead(feed, list);
    this.#makeMaps(feed, list);
    return list;
  }

  /** Not waited for: the desk is asked again meanwhile, and whatever it says is judged after this. */
  #workAhead(feed: FeedName, { items: [newest] }: ReleaseList): void {
    if (newest === undefined || !isOnItsWay(newest.state)) {
      this.#ahead.delete(feed);
      return;
    }
    const { release } = newest;
    if (this.#ahead.get(feed)?.release === release) return;
    const done = this.#serially(() => workAhead(this.#context, feed, release));
    done.catch(() => undefined);
    this.#ahead.set(feed, { release, done });
  }

  /** One at a time, and whatever comes to be judged goes before the next: nobody waits for a map. */
  #makeMaps(feed: FeedName, list: ReleaseList): void {
    const maps = this.#maps;
    if (maps === undefined || this.#mapping.has(feed)) return;
    this.#mapping.add(feed);
    const tried = new Set<ReleaseNumber>();
    const next = async () => {
      const release = (await maps.missing(feed, list)).find((one) => !tried.has(one));
      if (release === undefined || this.#options.stop.aborted) {
        this.#mapping.delete(feed);
        return;
      }
      tried.add(release);
      const failure = await maps.make(feed, release);
      if (failure !== undefined) this.#options.onFailure(failure);
      else this.#options.onMap?.(maps.made.at(-1) as VouchedMap);
      await this.#tell();
      begin();
    };
    const begin = () => {
      this.#serially(next).catch((error: unknown) => {
        this.#mapping.delete(feed);
        if (error instanceof RulemintError) void this.#report(feed, error);
        else this.#fault ??= { error };
      });
    };
    begin();
  }

  #allFailures(): WatchReport["failures"] {
    return [...this.#failures.values(), ...(this.#maps?.failures ?? [])];
  }

  async #report(feed: FeedName, { code, message }: RulemintError): Promise<void> {
    const failure = { feed, code, message };
    this.#failures.set(feed, failure);
    this.#options.onFailure(failure);
    await this.#serially(() => this.#tell());
  }

  async #tell(): Promise<void> {
    const { feeds, onStatus } = this.#options;
    const times = feeds.map((feed) => this.#answeredAt.get(feed) ?? "").sort();
    await onStatus?.({ failures: this.#allFailures(), lastAnswerAt: times[0] || null });
  }

  #serially(work: () => Promise<void>): Promise<void> {
    const done = this.#work.then(work);
    this.#work = done.catch(() => undefined);
    return done;
  }

  #now(): number {
    return this.#context.clock.now().getTime();
  }
}

/** Oldest first. An overseer goes by what the desk waits for; another rebuilder by what it has not judged yet. */
async function unjudged(
  { records, party }: AssayContext,
  feed: FeedName,
  { items }: ReleaseList,
): Promise<ReleaseNumber[]> {
  const offered = items.filter(({ state }) => isForMe(party, state));
  const waiting: ReleaseNumber[] = [];
  for (const { release } of offered) {
    const prefix = `${feed}/${String(release).padStart(10, "0")}/`;
    const given = party === "rebuilder" ? await records.list<DeliveredVerdict>("verdicts", { prefix }) : [];
    if (given.length === 0) waiting.push(release);
  }
  return waiting.sort((a, b) => a - b);
}
