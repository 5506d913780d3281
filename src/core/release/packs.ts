/**
 * Which packs a release makes, what they are called, and which ones its manifest lists. Publisher and
 * overseer do this alike.
 */
import type { FeedName, ReleaseNumber } from "../brands.js";
import type { PackFacts } from "../format/model.js";
import { plannedDeltas, retainedDeltas } from "../format/plan.js";

/**
 * 0 is nothing: the full pack, which comes first. Then the releases from which deltas start, newest first.
 */
export function plannedPacks(release: ReleaseNumber): number[] {
  return [0, ...plannedDeltas(release)];
}

/** SPEC §5.4.6: the TUF target path of a pack. */
export function packTarget(feed: FeedName, from: number, to: ReleaseNumber): string {
  return `${feed}/${from === 0 ? `${to}.full.rmp` : `${from}-${to}.delta.rmp`}`;
}

/**
 * SPEC §2.5.5: the release's own full pack, and of its own deltas and those that the manifest before it lists
 * the ones that some endpoint within reach would take. Sorted by `to`, then `from`, descending.
 */
export function listedPacks<P extends PackFacts>(
  release: ReleaseNumber,
  made: readonly P[],
  listedBefore: readonly P[],
): P[] {
  const full = made.filter(({ kind }) => kind === "full");
  const deltas = [...made, ...listedBefore].filter(({ kind }) => kind === "delta");
  const kept = new Set<PackFacts>(retainedDeltas(release, [...full, ...deltas]));
  const listed = [...full, ...deltas.filter((pack) => kept.has(pack))];
  return listed.sort((a, b) => b.to - a.to || b.from - a.from);
}
