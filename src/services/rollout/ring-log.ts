/**
 * What the public log says of rings: every halt, every resumption and every skipped ring is an entry with the digest of a document in the
 * public tree, so that nobody is moved ahead of the rest without a trace (SPEC §16.4.6).
 */
import { encodeCanonicalJSON } from "../../core/encoding/canonical-json.js";
import { OperationError } from "../../core/errors.js";
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
  const { sha256 } = await context.objects.put([document]);
  const source = await context.objects.open(sha256);
  if (source === undefined)
    throw new OperationError("STORE_FAILED", "expected the document of rings, got none");
  try {
    await context.tree.putImmutable(ringsPath(feed, sha256), source);
  } finally {
    await source.close();
  }
  return logWrites(context, `rings/${feed}/${event.at}/${event.what}`, {
    ...{ kind: "rings", time, feed },
    ringsSha256: sha256,
  });
}
