/**
 * `rulemint assay watch`: follows feeds and judges whatever comes. What was judged stands in the rebuilder's own records and at the desk, so a
 * process that is killed at any instant is simply started again; a network that fails is asked again.
 */
import type { FeedName, ReleaseNumber } from "../core/brands.js";
import { RulemintError } from "../core/errors.js";
import type { AssayContext, AssayVerdict } from "./model.js";
import { isForMe, runAssay } from "./run-assay.js";
import type { Round } from "./status.js";
import type { DeliveredVerdict } from "./verdicts.js";

export interface WatchReport {
  readonly verdicts: readonly AssayVerdict[];
  /** What could not be judged in the last round, and why. */
  readonly failures: readonly { readonly feed: FeedName; readonly code: string; readonly message: string }[];
}

export interface WatchOptions {
  readonly feeds: readonly FeedName[];
  /** One round and no more. */
  readonly once: boolean;
  /** Resolves after the time between two rounds; false when it was told to stop. */
  readonly pause: () => Promise<boolean>;
  readonly onVerdict: (verdict: AssayVerdict) => void;
  readonly onFailure: (failure: WatchReport["failures"][number]) => void;
  /** After each round, and after each verdict in it. */
  readonly onStatus?: (round: Round) => Promise<void>;
}

/** SPEC §10.3.5. Only faults of a program's own are thrown: what a publisher or a network does is reported. */
export async function watchReleases(context: AssayContext, options: WatchOptions): Promise<WatchReport> {
  const verdicts: AssayVerdict[] = [];
  let lastAnswerAt: string | null = null;
  for (;;) {
    const failures: WatchReport["failures"][number][] = [];
    for (const feed of options.feeds) {
      try {
        for (const release of await unjudged(context, feed)) {
          const verdict = await runAssay(context, feed, release);
          verdicts.push(verdict);
          options.onVerdict(verdict);
          await options.onStatus?.({ failures, lastAnswerAt });
        }
      } catch (error) {
        if (!(error instanceof RulemintError)) throw error;
        const failure = { feed, code: error.code, message: error.message };
        failures.push(failure);
        options.onFailure(failure);
      }
    }
    if (failures.length === 0) lastAnswerAt = context.clock.now().toISOString();
    await options.onStatus?.({ failures, lastAnswerAt });
    if (options.once || !(await options.pause())) return { verdicts, failures };
  }
}

/** Oldest first. An overseer goes by what the desk waits for; another rebuilder by what it has not judged yet. */
async function unjudged(context: AssayContext, feed: FeedName): Promise<ReleaseNumber[]> {
  const { desk, records, party } = context;
  const offered = (await desk.releases(feed)).filter(({ state }) => isForMe(party, state));
  const waiting: ReleaseNumber[] = [];
  for (const { release } of offered) {
    const prefix = `${feed}/${String(release).padStart(10, "0")}/`;
    const given = party === "rebuilder" ? await records.list<DeliveredVerdict>("verdicts", { prefix }) : [];
    if (given.length === 0) waiting.push(release);
  }
  return waiting.sort((a, b) => a - b);
}
