/** `rulemint rollout …`: rings: how far a release is, halts, what endpoints report. */
import type { AddCommand } from "../command.js";
import { rolloutHalt, rolloutReports, rolloutResume, rolloutShow, rolloutSkip } from "../commands/rollout.js";

export const commands: readonly AddCommand[] = [
  rolloutShow,
  rolloutReports,
  rolloutHalt,
  rolloutResume,
  rolloutSkip,
];
