/**
 * Which packs a release makes, what they are called, and which ones its manifest lists. Publisher and
 * overseer do this alike.
 */
import type { FeedName, ReleaseNumber, Sha256Hex } from "../brands.js";
import type { PackFacts } from "../format/model.js";
import { choosePath, plannedDeltas, retainedPacks } from "../format/plan.js";

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
 * SPEC §2.5.5: the release's own full pack, and of its own deltas, those that the manifest before it lists and the small packs of older
 * releases the ones that some endpoint within reach would take. Sorted by `to`, then `from`, descending.
 */
export function listedPacks<P extends PackFacts>(
  release: ReleaseNumber,
  made: readonly P[],
  listedBefore: readonly P[],
  small: readonly P[] = [],
): P[] {
  const deltas = listedBefore.filter(({ kind }) => kind === "delta");
  const listed = retainedPacks(release, [...made, ...deltas, ...small]);
  return listed.sort((a, b) => b.to - a.to || b.from - a.from);
}

/**
 * SPEC §2.5.5, §2.5.8: the small packs that a manifest may list: the one that the manifest before it lists, and the one that was made
 * since; none of a database that is blocked, and one of a release.
 */
export function smallPacks<P extends PackFacts>(
  before: { readonly release: number; readonly packs: readonly P[] },
  made: P | undefined,
  blocked: readonly Sha256Hex[],
): P[] {
  const known = before.packs.filter(({ kind, to }) => kind === "full" && to < before.release);
  const fresh = made === undefined || known.some(({ to }) => to === made.to) ? [] : [made];
  return [...known, ...fresh].filter(({ databaseSha256 }) => !blocked.includes(databaseSha256));
}

/** What follows behind a small pack: at most so much of it as one thirty-second before another one is worth its making. */
const behindShare = 32;

/** SPEC §2.5.8: whether the release has one already, or is so near to one that another would save an endpoint little. */
export function needsSmallPack<P extends PackFacts>(
  release: { readonly release: number; readonly packs: readonly P[] },
  made: P | undefined,
  blocked: readonly Sha256Hex[],
): boolean {
  // Perhaps an older one and deltas are fewer bytes than its own: making that again would not change it.
  if (made?.to === release.release) return false;
  const deltas = release.packs.filter(({ kind }) => kind === "delta");
  const all = [...deltas, ...smallPacks(release, made, blocked)];
  const way = choosePath(all, undefined, release.release);
  const [first] = way?.packs ?? [];
  return way === undefined || first === undefined || way.bytes - first.bytes > first.bytes / behindShare;
}
