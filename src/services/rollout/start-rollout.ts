/** A release that becomes public begins its rollout: decided here, committed with the publication (SPEC §16.4.1). */
import type { ServiceContext } from "../context.js";
import { requireRelease, timeText } from "../documents.js";
import type { ReleaseRecord } from "../model.js";
import type { RecordWrite } from "../../ports/records.js";
import { type RolloutRecord, withEvent } from "./model.js";

export interface StartedRollout {
  readonly rollout: RolloutRecord;
  readonly write: RecordWrite;
}

/** Undefined when the feed has no rings and no rollout. @throws OperationError of the stores */
export async function startRollout(
  context: ServiceContext,
  release: ReleaseRecord,
): Promise<StartedRollout | undefined> {
  const { feed } = release;
  const before = await context.records.get<RolloutRecord>("rollouts", feed);
  if (before?.body.candidate === release.release) return undefined;
  const rollout = await decide(context, release, before?.body);
  if (rollout === undefined) return undefined;
  return {
    rollout,
    write: { collection: "rollouts", id: feed, expected: before?.version ?? 0, body: rollout },
  };
}

async function decide(
  context: ServiceContext,
  release: ReleaseRecord,
  before: RolloutRecord | undefined,
): Promise<RolloutRecord | undefined> {
  const { feed, release: candidate, previous } = release;
  const at = timeText(context.clock.now());
  const underWay = before !== undefined && before.state !== "done" ? before : undefined;
  // The same rules under a fresh expiry go on where they stood: a halt does not end by renewal.
  if (underWay !== undefined && (await isRenewalOf(context, release, underWay)))
    return { ...underWay, candidate };
  const stages = context.settings.rings?.[feed]?.stages ?? [];
  const stable = underWay?.stable ?? previous;
  if (stable === null || (stages.length === 0 && before === undefined)) return undefined;
  // SPEC §16.2.5: what is recalled is replaced everywhere, and a renewal of what everybody has brings nothing new.
  const isForAll =
    stages.length === 0 || release.restores !== null || (await isSameAs(context, release, stable));
  const first = stages[0]?.permille ?? 1000;
  const record: RolloutRecord = {
    ...{
      feed,
      candidate,
      stable,
      stages,
      stage: 0,
      stageSince: at,
      asked: null,
      events: before?.events ?? [],
    },
    state: isForAll ? "done" : "running",
  };
  const reason = release.restores === null ? "published" : `recall: restores release ${release.restores}`;
  return withEvent(record, {
    ...{ at, by: [], reason: `release ${candidate} ${reason}` },
    what: isForAll ? "finished" : "started",
    permille: isForAll ? 1000 : first,
  });
}

async function isRenewalOf(
  context: ServiceContext,
  release: ReleaseRecord,
  { candidate }: RolloutRecord,
): Promise<boolean> {
  return release.restores === null && (await isSameAs(context, release, candidate));
}

async function isSameAs(
  { records }: ServiceContext,
  { feed, database }: ReleaseRecord,
  other: RolloutRecord["stable"],
): Promise<boolean> {
  const { body } = await requireRelease(records, feed, other);
  return database !== null && body.database?.sha256 === database.sha256;
}
