/**
 * A bad release is replaced by a new one with older content: numbers never go back. A release that is not
 * public yet is simply ended. Rulesets keep their heads, so the bad rule itself must still be mended by a
 * submission.
 */
import type { FeedName, ReleaseNumber, Sha256Hex } from "../core/brands.js";
import { PolicyError } from "../core/errors.js";
import { sourcesOf } from "./build-release.js";
import type { ServiceContext } from "./context.js";
import { formatTime } from "../core/trust/metadata.js";
import type { RecordWrite } from "../ports/records.js";
import { releaseID, releaseWrite, requireFeed, requireRelease } from "./documents.js";
import { mayBePublic } from "./manifest-life.js";
import type { Identity, ReleaseRecord } from "./model.js";
import { queueRelease } from "./queue-release.js";
import { logWrites } from "./release-log.js";
import { requireRole } from "./roles.js";
import { serially } from "./serially.js";

export interface Withdrawal {
  readonly feed: FeedName;
  /** The newest release, which is bad. */
  readonly release: ReleaseNumber;
  /** The older published release whose content comes back. Not needed for a release that is not public. */
  readonly to?: ReleaseNumber;
  readonly reason: string;
}

/**
 * The new release, or the ended one.
 *
 * @throws PolicyError ROLE_REFUSED, RELEASE_STATE; UsageError NOT_FOUND
 */
export async function withdrawRelease(
  context: ServiceContext,
  identity: Identity,
  { feed, release, to, reason }: Withdrawal,
): Promise<ReleaseRecord> {
  requireRole(identity, "release-manager");
  const { body: before } = await requireRelease(context.records, feed, release);
  if (before.state !== "published") return end(context, identity, { feed, release, reason });
  const { body: state } = await requireFeed(context.records, feed);
  const restores = to ?? before.previous;
  if (restores === null || release !== state.published || restores >= release) {
    throw new PolicyError(
      "RELEASE_STATE",
      `expected the newest release ${state.published} to go back to an older one, got ${release} to ${restores ?? "none"}`,
    );
  }
  const { body: older } = await requireRelease(context.records, feed, restores);
  if (older.state !== "published") {
    throw new PolicyError(
      "RELEASE_STATE",
      `expected a published release to go back to, got ${restores}, which is ${older.state}`,
    );
  }
  const sources = await sourcesOf(context, feed, restores);
  const alongside = withdrawalWrites(context, { feed, release, restores });
  const blocks = await databasesAbove(context, feed, { restores, release });
  return queueRelease(context, { feed, by: identity.name, reason, sources, restores, blocks, alongside });
}

/** SPEC §16.2.1: of every published release above the one that comes back, unless its content is the same. */
async function databasesAbove(
  { records }: ServiceContext,
  feed: FeedName,
  { restores, release }: { readonly restores: ReleaseNumber; readonly release: ReleaseNumber },
): Promise<Sha256Hex[]> {
  const good = (await requireRelease(records, feed, restores)).body.database?.sha256;
  const found = new Set<Sha256Hex>();
  for (let number: ReleaseNumber | null = release; number !== null && number > restores; ) {
    const { body }: { body: ReleaseRecord } = await requireRelease(records, feed, number);
    if (body.database !== null && body.database.sha256 !== good) found.add(body.database.sha256);
    number = body.previous;
  }
  return [...found].reverse();
}

/** SPEC §11.7.3: whoever follows the log learns of it before the release that replaces it is built. */
function withdrawalWrites(
  context: ServiceContext,
  what: { readonly feed: FeedName; readonly release: ReleaseNumber; readonly restores: ReleaseNumber | null },
): RecordWrite[] {
  const time = formatTime(context.clock.now());
  const id = `withdrawal/${releaseID(what.feed, what.release)}/${time}`;
  return logWrites(context, id, { kind: "withdrawal", time, ...what });
}

/** A sealed one too, as long as no publication that holds it is decided: from there on it may be in the tree. */
function end(
  context: ServiceContext,
  identity: Identity,
  { feed, release, reason }: Omit<Withdrawal, "to">,
): Promise<ReleaseRecord> {
  return serially(context.records, `release/${feed}`, async () => {
    const before = await requireRelease(context.records, feed, release);
    const { state } = before.body;
    const over = state === "published" || state === "failed";
    const inLog = state === "sealed" || state === "logged";
    if (over || (inLog && (await mayBePublic(context, before.body)))) {
      const got = over ? `one that is ${state}` : "one that is being written to the public tree";
      throw new PolicyError("RELEASE_STATE", `expected a release that is not public, got ${got}`);
    }
    const waitingFor = `RELEASE_STATE: withdrawn by ${identity.name}: ${reason}`;
    const body: ReleaseRecord = { ...before.body, state: "failed", waitingFor, retry: null };
    // From `sealed` on the log may have its entry.
    const entries = inLog ? withdrawalWrites(context, { feed, release, restores: null }) : [];
    await context.records.commit([releaseWrite(before, body), ...entries]);
    return body;
  });
}
