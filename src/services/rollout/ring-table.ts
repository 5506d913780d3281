/** What the next timestamp says about rings, from the rollouts on record and the metadata files that it will stand over. */
import type { FeedName } from "../../core/brands.js";
import type { RingEntry, RingTable } from "../../core/trust/rings.js";
import type { ServiceContext } from "../context.js";
import type { PublishedFile } from "../model.js";
import { type RolloutRecord, permilleOf } from "./model.js";

/** `decided` stands for the record of its feed: it is committed together with the timestamp. */
export async function ringTable(
  { records }: Pick<ServiceContext, "records">,
  files: readonly PublishedFile[],
  decided?: RolloutRecord,
): Promise<RingTable> {
  const known = (await records.list<RolloutRecord>("rollouts")).map(({ body }) => body);
  const rollouts =
    decided === undefined ? known : [...known.filter(({ feed }) => feed !== decided.feed), decided];
  const table = new Map<FeedName, RingEntry>();
  for (const rollout of rollouts) {
    const permille = permilleOf(rollout);
    const { feed, candidate, stable } = rollout;
    // SPEC §16.1.5: about the newest release, or about nothing.
    const isNewest = files.some(({ role, version }) => role === feed && version === candidate);
    if (permille !== undefined && isNewest) table.set(feed, { candidate, stable, permille });
  }
  return table;
}
