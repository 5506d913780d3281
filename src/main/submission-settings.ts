/** The part of the configuration that says how large a submission may be: at most what the formats bear. */
import { z } from "zod";
import { limits } from "../core/limits.js";

const most = (limit: number) => z.number().int().min(1).max(limit).default(limit);
export const submissionLimits = z
  .strictObject({
    fileBytesMax: most(limits.fileBytesMax),
    submissionBytesMax: most(limits.submissionBytesMax),
    filesMax: most(limits.submissionFilesMax),
    rulesMax: most(limits.sectionRecordsMax),
    pathBytesMax: most(limits.pathBytesMax),
  })
  .prefault({});
