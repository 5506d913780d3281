/** How a rebuilder stands: what it judged, when it last had an answer, what stops it. For people, and for whatever watches the watcher. */
import type { FeedName, ReleaseNumber } from "../core/brands.js";
import { keyURI } from "../core/trust/attest/release-subjects.js";
import type { AssayContext } from "./model.js";
import type { DeliveredVerdict, SignedManifest } from "./verdicts.js";
import type { WatchReport } from "./watch.js";

export interface RebuilderStatus {
  readonly schema: 1;
  readonly at: string;
  readonly party: AssayContext["party"];
  /** As its verdicts name it. */
  readonly key: string;
  readonly server: string;
  readonly compilers: AssayContext["compilers"];
  /** When the feed that was longest without an answer last had one; null before each had. */
  readonly lastAnswerAt: string | null;
  readonly failures: WatchReport["failures"];
  readonly signed: number;
  readonly passed: number;
  readonly failed: number;
  /** Newest first, at most 20. */
  readonly verdicts: readonly StatusVerdict[];
}

export interface StatusVerdict {
  readonly feed: FeedName;
  readonly release: ReleaseNumber;
  readonly result: DeliveredVerdict["result"];
  readonly explanation: string;
  readonly at: string;
}

export interface Round {
  readonly failures: WatchReport["failures"];
  readonly lastAnswerAt: string | null;
}

const verdictsShown = 20;

/** From the rebuilder's own records, which outlive any process. */
export async function rebuilderStatus(context: AssayContext, round: Round): Promise<RebuilderStatus> {
  const { records, clock, party, signer, url, compilers } = context;
  const said = await records.list<DeliveredVerdict>("verdicts");
  const verdicts = said
    .map(({ id, body: { release, result, explanation, at } }) => {
      return { feed: id.slice(0, id.indexOf("/")) as FeedName, release, result, explanation, at };
    })
    .sort((a, b) => (a.at < b.at ? 1 : -1));
  return {
    ...{ schema: 1, at: clock.now().toISOString(), party, key: await keyURI(signer.spki), server: url },
    ...{ compilers, ...round },
    signed: (await records.list<SignedManifest>("signed")).length,
    passed: verdicts.filter(({ result }) => result === "PASSED").length,
    failed: verdicts.filter(({ result }) => result === "FAILED").length,
    verdicts: verdicts.slice(0, verdictsShown),
  };
}
