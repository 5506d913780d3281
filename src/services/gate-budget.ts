/**
 * Whether an engine loads a release as fast as the one before. What it took then was measured on a machine that did other work, so a load that
 * seems slow is measured again beside the former one: only their ratio within the same minute says something of the rules.
 */
import type { TrialFinding } from "../ports/release-gates.js";

/** Kinds that engines load and that are held against clean files. */
export const engineKinds = ["clamav", "suricata", "yara"] as const;

interface Loads {
  /** Seconds that this release took, and the former one in its time; undefined where there is none. */
  readonly now: number;
  readonly before: number | undefined;
  readonly slowdownMax: number;
  /** Seconds that each takes when it is loaded again; null where it does not load any more. */
  readonly again: {
    readonly now: () => Promise<number | null>;
    readonly before: () => Promise<number | null>;
  };
}

/** Loads that are this quick are not compared. */
const noticedSeconds = 2;

export async function checkBudget({ now, before, slowdownMax, again }: Loads): Promise<TrialFinding[]> {
  if (before === undefined || !isSlow(now, before, slowdownMax)) return [];
  const beside = (await again.before()) ?? before;
  const second = (await again.now()) ?? now;
  if (!isSlow(second, beside, slowdownMax)) return [];
  const message = `loading took ${toMilliseconds(second)} s, after ${toMilliseconds(beside)} s of the release before`;
  return [{ rule: null, message }];
}

function isSlow(now: number, before: number, slowdownMax: number): boolean {
  return now > Math.max(noticedSeconds, before * slowdownMax);
}

export function toMilliseconds(seconds: number): number {
  return Math.round(seconds * 1000) / 1000;
}
