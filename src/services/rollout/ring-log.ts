/**
 * What the public log says of rings: every halt, every resumption and every skipped ring is an entry with the digest of a document in the
 * public tree, so that nobody is moved ahead of the rest without a trace (SPEC §16.4.6).
 */
import { sha256Hex } from "../../core/brands.js";
import { hexText } from "../../core/encoding/bytes.js";
import { encodeCanonicalJSON } from "../../core/encoding/canonical-json.js";
import { sha256 } from "../../core/encoding/sha256.js";
import { ringsPath } from "../../core/release/tree-paths.js";
import { formatTime } from "../../core/trust/metadata.js";
import type { RecordWrite } from "../../ports/records.js";
import type { ServiceContext } from "../context.js";
import { logWrites } from "../release-log.js";
import { type RolloutRecord, permilleOf } from "./model.js";

const logged = ["halted", "resumed", "skipped"];

/** For the commit of a changed rollout: nothing when its last event needs no entry. The document is public when it returns. */
export async function ringWrites(context: ServiceContext, rollout: RolloutRecord): Promise<RecordWrite[]> {
  const event = rollout.events.at(-1);
  if (event === undefined || !logged.includes(event.what)) return [];
  const { feed, candidate, stable } = rollout;
  const time = formatTime(new Date(event.at));
  const document = encodeCanonicalJSON({
    ...{ schema: 1, feed, candidate, stable, time },
    permille: permilleOf(rollout) ?? 1000,
    ...{ what: event.what, by: [...event.by], reason: event.reason },
  });
  const ringsSha256 = sha256Hex(hexText(await sha256(document)));
  await context.tree.putImmutable(ringsPath(feed, ringsSha256), document);
  return logWrites(context, `rings/${feed}/${event.at}/${event.what}`, {
    ...{ kind: "rings", time, feed },
    ringsSha256,
  });
}
