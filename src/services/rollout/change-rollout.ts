/**
 * What people do to a rollout. Anybody who may publish may halt, at once. To resume, or to give a release to more endpoints than its ring
 * holds, takes two people: the first asks, the second, another one, asks for the same (SPEC §16.4.5).
 */
import type { FeedName, ReleaseNumber } from "../../core/brands.js";
import { PolicyError, UsageError } from "../../core/errors.js";
import type { ServiceContext } from "../context.js";
import { timeText, untilCommitted } from "../documents.js";
import type { Identity } from "../model.js";
import { requireAnyRole, requireRole } from "../roles.js";
import { type AskedAct, type RolloutRecord, permilleOf, withEvent } from "./model.js";
import { ringWrites } from "./ring-log.js";

export interface RolloutOrder {
  readonly feed: FeedName;
  /** What the person saw: an order about another candidate does nothing. */
  readonly release: ReleaseNumber;
  readonly reason: string;
}

/** How long the first person's word waits for the second's. */
const askedHoursMax = 24;

/** @throws UsageError NOT_FOUND */
export async function showRollout(
  context: ServiceContext,
  identity: Identity,
  feed: FeedName,
): Promise<RolloutRecord> {
  requireAnyRole(identity);
  return (await requireRollout(context, feed)).body;
}

/** @throws PolicyError ROLE_REFUSED, ROLLOUT_STATE; UsageError NOT_FOUND */
export async function haltRollout(
  context: ServiceContext,
  identity: Identity,
  order: RolloutOrder,
): Promise<RolloutRecord> {
  requireRole(identity, "release-manager", "reviewer");
  return change(context, order, ["running"], (before, at) =>
    withEvent(
      { ...before, state: "halted", asked: null },
      { at, what: "halted", permille: 0, by: [identity.name], reason: order.reason },
    ),
  );
}

/** @throws PolicyError ROLE_REFUSED, ROLLOUT_STATE, SECOND_PERSON; UsageError NOT_FOUND */
export async function resumeRollout(
  context: ServiceContext,
  identity: Identity,
  order: RolloutOrder,
): Promise<RolloutRecord> {
  requireRole(identity, "release-manager", "reviewer");
  return change(context, order, ["halted"], (before, at) => {
    const asked: AskedAct = { what: "resume", by: identity.name, at, reason: order.reason, permille: null };
    return bySecondPerson(before, asked, (by, reason) => {
      const running: RolloutRecord = { ...before, state: "running", stageSince: at, asked: null };
      const permille = permilleOf(running) ?? 1000;
      return withEvent(running, { at, what: "resumed", permille, by, reason });
    });
  });
}

/** To a later ring at once; 1000 is the last. @throws PolicyError ROLE_REFUSED, ROLLOUT_STATE, SECOND_PERSON; UsageError NOT_FOUND, REQUEST_INVALID */
export async function skipRings(
  context: ServiceContext,
  identity: Identity,
  order: RolloutOrder & { readonly permille: number },
): Promise<RolloutRecord> {
  requireRole(identity, "release-manager", "reviewer");
  return change(context, order, ["running"], (before, at) => {
    const { permille, reason } = order;
    const stage = before.stages.findIndex((one, i) => i > before.stage && one.permille === permille);
    if (stage < 0) {
      const later = before.stages.slice(before.stage + 1).map((one) => one.permille);
      throw new UsageError(
        "REQUEST_INVALID",
        `expected a later ring (${later.join(", ") || "none"}), got ${permille}`,
      );
    }
    const asked: AskedAct = { what: "skip", by: identity.name, at, reason, permille };
    return bySecondPerson(before, asked, (by, why) =>
      withEvent(
        { ...before, stage, stageSince: at, asked: null },
        { at, what: "skipped", permille, by, reason: why },
      ),
    );
  });
}

/** SPEC §16.4.5: the same act, asked for by two different people within a day. */
function bySecondPerson(
  before: RolloutRecord,
  asked: AskedAct,
  act: (by: readonly string[], reason: string) => RolloutRecord,
): RolloutRecord {
  const first = before.asked;
  const isSame =
    first !== null &&
    first.what === asked.what &&
    first.permille === asked.permille &&
    Date.parse(asked.at) - Date.parse(first.at) < askedHoursMax * 3_600_000;
  if (!isSame) return { ...before, asked };
  if (first.by === asked.by) {
    throw new PolicyError(
      "SECOND_PERSON",
      `expected somebody else than ${asked.by}, who asked first, got the same`,
    );
  }
  return act([first.by, asked.by], `${first.reason}; ${asked.reason}`);
}

async function change(
  context: ServiceContext,
  { feed, release }: RolloutOrder,
  states: readonly RolloutRecord["state"][],
  decide: (before: RolloutRecord, at: string) => RolloutRecord,
): Promise<RolloutRecord> {
  const changed = await untilCommitted(async () => {
    const { body: before, version } = await requireRollout(context, feed);
    if (before.candidate !== release || !states.includes(before.state)) {
      const got = `release ${before.candidate}, ${before.state}`;
      throw new PolicyError(
        "ROLLOUT_STATE",
        `expected release ${release} to be ${states.join(" or ")}, got ${got}`,
      );
    }
    const body = decide(before, timeText(context.clock.now()));
    const isAct = body.events !== before.events;
    const write = { collection: "rollouts", id: feed, expected: version, body };
    await context.records.commit([write, ...(isAct ? await ringWrites(context, body) : [])]);
    return body;
  });
  context.wake();
  return changed;
}

async function requireRollout({ records }: Pick<ServiceContext, "records">, feed: FeedName) {
  const found = await records.get<RolloutRecord>("rollouts", feed);
  if (found === undefined)
    throw new UsageError("NOT_FOUND", `expected a rollout of ${feed}, got none so far`);
  return found;
}
