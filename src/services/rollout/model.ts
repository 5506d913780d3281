/** A rollout: the newest release of a feed on its way from the first ring to everybody. The policy is the operator's (`rulemint.yaml`). */
import type { FeedName, ReleaseNumber } from "../../core/brands.js";

/** A share of the endpoints, and how long the release stays there before it goes on. */
export interface RingStage {
  readonly permille: number;
  readonly hours: number;
}

export interface HealthPolicy {
  /** Fewer reports of a release say nothing yet. */
  readonly reportsMin: number;
  /** Of a thousand reports: more failures, or more rollbacks, halt the rollout. */
  readonly failurePermilleMax: number;
  readonly rollbackPermilleMax: number;
  /** From so long into a stage on, silence halts it: fewer reports than so many of a thousand that are expected. */
  readonly silenceMinutes: number;
  readonly silencePermilleMin: number;
  /** Endpoints of the fleet that report; where it is above what reported the release before, it is what is expected. */
  readonly fleetReports: number;
}

export interface RingPolicy {
  readonly stages: readonly RingStage[];
  readonly health: HealthPolicy;
}

/** By feed; feeds without one give every release to everybody at once. */
export type RingPolicies = Readonly<Record<string, RingPolicy>>;

/** An act that takes two people, asked for by the first of them. */
export interface AskedAct {
  readonly what: "resume" | "skip";
  readonly by: string;
  readonly at: string;
  readonly reason: string;
  /** The share that `skip` asks for. */
  readonly permille: number | null;
}

export interface RolloutEvent {
  readonly at: string;
  readonly what: "started" | "advanced" | "halted" | "resumed" | "skipped" | "finished";
  readonly permille: number;
  /** Names of people; none where the policy did it. */
  readonly by: readonly string[];
  readonly reason: string;
}

/** Collection `rollouts`, id = feed. */
export interface RolloutRecord {
  readonly feed: FeedName;
  readonly candidate: ReleaseNumber;
  /** What everybody may have. */
  readonly stable: ReleaseNumber;
  readonly stages: readonly RingStage[];
  /** Place in `stages`. */
  readonly stage: number;
  readonly stageSince: string;
  readonly state: "running" | "halted" | "done";
  readonly asked: AskedAct | null;
  /** Oldest first; the newest hundred. */
  readonly events: readonly RolloutEvent[];
}

/** The share that the signed timestamp gives it; undefined when it is for everybody. */
export function permilleOf({ state, stages, stage }: RolloutRecord): number | undefined {
  if (state === "done") return undefined;
  return state === "halted" ? 0 : (stages[stage]?.permille ?? 0);
}

const eventsMax = 100;

export function withEvent(record: RolloutRecord, event: RolloutEvent): RolloutRecord {
  return { ...record, events: [...record.events, event].slice(-eventsMax) };
}
