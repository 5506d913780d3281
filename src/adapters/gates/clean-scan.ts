/**
 * Whether a scan of clean files looked at them. One that ended with an error, or read too few, says nothing for the rules: a file that
 * nobody may read, or that is gone by now, is no fault of theirs.
 */
import type { TrialFinding } from "../../ports/release-gates.js";
import type { CommandRun } from "../commands.js";

export interface CleanScan {
  readonly hits: readonly TrialFinding[];
  /** Files that were looked at. */
  readonly scanned: number;
}

/** Of the files listed, so many may be unreadable: one, or this share of them. */
const unreadableShareMax = 0.1;
const saidMax = 200;

/** A finding without a rule, or undefined. `endedWell` are the exit codes of a scan that reached its end. */
export function scanFault(
  { exit, stderr }: CommandRun,
  { listed, scanned, endedWell }: { listed: number; scanned: number; endedWell: readonly number[] },
): TrialFinding | undefined {
  if (typeof exit !== "number") return fault("the scan of clean files died or did not end in time");
  const [first = ""] = stderr.split("\n").filter((line) => line.trim() !== "");
  const said = first === "" ? "" : `: ${first.slice(0, saidMax)}`;
  if (!endedWell.includes(exit)) return fault(`the scan of clean files ended with exit code ${exit}${said}`);
  if (scanned > 0 && listed - scanned <= Math.max(1, listed * unreadableShareMax)) return undefined;
  return fault(`the scan read ${scanned} of ${listed} clean files${said}`);
}

function fault(message: string): TrialFinding {
  return { rule: null, message };
}
