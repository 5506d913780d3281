/**
 * What a rollout does by itself: halts when the reports say so, and goes on to the next ring when its time there is over. The scheduler
 * calls; the timestamp that says so is signed by `refreshMetadata`, which compares it with the records.
 */
import type { FeedName } from "../../core/brands.js";
import type { ServiceContext } from "../context.js";
import { releaseID, timeText } from "../documents.js";
import { serially } from "../serially.js";
import { type ReportCounts, noReports, reasonToHalt } from "./judge-rollout.js";
import { type RolloutRecord, withEvent } from "./model.js";
import { ringWrites } from "./ring-log.js";

/** True when it is not where it was: then the timestamp is due. */
export async function attendRollout(context: ServiceContext, feed: FeedName): Promise<boolean> {
  return serially(context.records, `rollout/${feed}`, async () => {
    const found = await context.records.get<RolloutRecord>("rollouts", feed);
    if (found?.body.state !== "running") return false;
    const next = await nextState(context, found.body);
    if (next === undefined) return false;
    const write = { collection: "rollouts", id: feed, expected: found.version, body: next };
    await context.records.commit([write, ...(await ringWrites(context, next))]);
    return true;
  });
}

/** When its time in the present ring is over, or silence is due; undefined while no clock runs. */
export async function rolloutDue(context: ServiceContext, feed: FeedName): Promise<Date | undefined> {
  const found = await context.records.get<RolloutRecord>("rollouts", feed);
  if (found?.body.state !== "running") return undefined;
  const { stages, stage, stageSince } = found.body;
  const since = Date.parse(stageSince);
  const over = since + (stages[stage]?.hours ?? 0) * 3_600_000;
  const silence = since + (context.settings.rings?.[feed]?.health.silenceMinutes ?? 0) * 60_000;
  return new Date(silence > context.clock.now().getTime() ? Math.min(over, silence) : over);
}

/** Undefined while it stays where it is. */
async function nextState(
  context: ServiceContext,
  rollout: RolloutRecord,
): Promise<RolloutRecord | undefined> {
  const now = context.clock.now();
  const at = timeText(now);
  const reason = await reportsAgainst(context, rollout, now);
  if (reason !== undefined) {
    const halted: RolloutRecord = { ...rollout, state: "halted", asked: null };
    return withEvent(halted, { at, what: "halted", permille: 0, by: [], reason });
  }
  const { stages, stage, stageSince } = rollout;
  const hours = stages[stage]?.hours ?? 0;
  if (now.getTime() < Date.parse(stageSince) + hours * 3_600_000) return undefined;
  const ring = stages[stage + 1];
  const moved: RolloutRecord = { ...rollout, stage: stage + 1, stageSince: at, asked: null };
  const said = `${hours} hours without a reason to halt`;
  if (ring === undefined) {
    const done: RolloutRecord = { ...rollout, state: "done", asked: null };
    return withEvent(done, { at, what: "finished", permille: 1000, by: [], reason: said });
  }
  return withEvent(moved, { at, what: "advanced", permille: ring.permille, by: [], reason: said });
}

/** SPEC §16.4.3. Undefined without a policy. */
export async function reportsAgainst(
  context: ServiceContext,
  rollout: RolloutRecord,
  now: Date,
): Promise<string | undefined> {
  const policy = context.settings.rings?.[rollout.feed]?.health;
  if (policy === undefined) return undefined;
  const candidate = await countsOf(context, rollout.feed, rollout.candidate);
  const stable = await countsOf(context, rollout.feed, rollout.stable);
  return reasonToHalt(rollout, policy, candidate, stable, now);
}

/** Collection `report-totals`, id that of the release: over all regions. */
async function countsOf(
  { records }: Pick<ServiceContext, "records">,
  feed: FeedName,
  release: number,
): Promise<ReportCounts> {
  return (await records.get<ReportCounts>("report-totals", releaseID(feed, release)))?.body ?? noReports;
}
