/** SPEC §17.2.6. How much one submission may be. A service may ask for less than the formats allow, never for more. */
import { limits } from "../core/limits.js";

export interface SubmissionLimits {
  readonly fileBytesMax: number;
  readonly submissionBytesMax: number;
  readonly filesMax: number;
  readonly rulesMax: number;
  readonly pathBytesMax: number;
}

export const submissionLimitsMax: SubmissionLimits = {
  fileBytesMax: limits.fileBytesMax,
  submissionBytesMax: limits.submissionBytesMax,
  filesMax: limits.submissionFilesMax,
  rulesMax: limits.sectionRecordsMax,
  pathBytesMax: limits.pathBytesMax,
};

export function submissionLimits({
  submissionLimits: own,
}: {
  readonly submissionLimits?: SubmissionLimits;
}): SubmissionLimits {
  return own ?? submissionLimitsMax;
}
