/**
 * What can be done before the publisher has signed: the sources of a release stand still from the moment it is queued, so this overseer
 * fetches and compiles them, and makes the packs that will very likely be staged, while the publisher does the same. Nothing is judged
 * here and nothing is taken from the publisher's work: what is remembered was made here of files whose digests were checked, under the
 * digest of the whole source tree, and stands for nothing until a signed manifest names that tree.
 */
import type { FeedName, ReleaseNumber, Sha256Hex } from "../core/brands.js";
import { RulemintError } from "../core/errors.js";
import { plannedPacks } from "../core/release/packs.js";
import type { DatabaseFacts, ReleaseSources } from "../core/release/model.js";
import { sourceTreeDigest } from "../core/release/manifest.js";
import { parseSources } from "../core/release/sources.js";
import { makePack, type PackBytes } from "./make-pack.js";
import type { AssayContext } from "./model.js";
import { compileHere, databasesBelow } from "./rebuild-database.js";

/** Of one release of each feed; gone with the process. */
export class AheadMemory {
  readonly #databases = new Map<FeedName, { readonly tree: Sha256Hex; readonly facts: DatabaseFacts }>();
  readonly #packs = new Map<FeedName, Map<string, PackBytes>>();

  async database(feed: FeedName, sources: ReleaseSources): Promise<DatabaseFacts | undefined> {
    const found = this.#databases.get(feed);
    return found?.tree === (await sourceTreeDigest(sources)) ? found.facts : undefined;
  }

  pack(feed: FeedName, base: Sha256Hex | undefined, target: Sha256Hex): PackBytes | undefined {
    return this.#packs.get(feed)?.get(packKey(base, target));
  }

  rememberDatabase(feed: FeedName, tree: Sha256Hex, facts: DatabaseFacts): void {
    this.#databases.set(feed, { tree, facts });
    this.#packs.set(feed, new Map());
  }

  rememberPack(feed: FeedName, base: Sha256Hex | undefined, target: Sha256Hex, pack: PackBytes): void {
    this.#packs.get(feed)?.set(packKey(base, target), pack);
  }
}

function packKey(base: Sha256Hex | undefined, target: Sha256Hex): string {
  return `${base ?? "nothing"} ${target}`;
}

/** Whether the sources of a release in this state stand still, and its manifest is still to come. */
export function isOnItsWay(state: string): boolean {
  return state === "queued" || state === "built";
}

/**
 * SPEC §10.3.9. What fails here fails again when the release is judged, and is said then: this never decides anything.
 *
 * @throws what is no RulemintError: a fault of ours
 */
export async function workAhead(
  context: AssayContext,
  feed: FeedName,
  release: ReleaseNumber,
): Promise<void> {
  if (context.ahead === undefined || !context.compilers.includes("rulemint")) return;
  try {
    const sources = parseSources(await context.desk.sources(feed, release));
    if ((await context.ahead.database(feed, sources)) !== undefined) return;
    const facts = await compileHere(context, feed, release, sources);
    context.ahead.rememberDatabase(feed, await sourceTreeDigest(sources), facts);
    await makeLikelyPacks(context, feed, release, facts);
  } catch (error) {
    if (!(error instanceof RulemintError)) throw error;
    context.onProgress(`release ${release} of ${feed}, ahead of its manifest: ${error.code}`);
  }
}

/** The full pack, and the delta from the newest database below that a publisher plans one from. */
async function makeLikelyPacks(
  context: AssayContext,
  feed: FeedName,
  release: ReleaseNumber,
  { sha256: target }: DatabaseFacts,
): Promise<void> {
  const below = await databasesBelow(context, feed, release);
  const planned = new Set(plannedPacks(release));
  const newest = below.at(-1);
  const bases = below.filter((one) => one === newest || planned.has(one.release)).map(({ sha256 }) => sha256);
  const make = async (some: Iterable<Sha256Hex | undefined>) => {
    for (const base of some) {
      context.ahead?.rememberPack(feed, base, target, await makePack(context, base, target));
    }
  };
  // As in comparePacks: compressing has threads of its own.
  const ends = await Promise.allSettled([make([undefined]), make(new Set(bases.reverse()))]);
  for (const end of ends) if (end.status === "rejected") throw end.reason;
}
