/** `engines` of the configuration: ranges of versions, of the form that a manifest carries. */
import { z } from "zod";
import type { JSONValue } from "../core/encoding/json.js";
import { RulemintError } from "../core/errors.js";
import { type EngineRanges, parseEngineRanges } from "../core/trust/engine-ranges.js";

export const engineSettings = z
  .record(z.string(), z.strictObject({ least: z.string().optional(), below: z.string().optional() }))
  .optional()
  .transform((value, context): EngineRanges | undefined => {
    try {
      return parseEngineRanges(value as JSONValue | undefined).engines;
    } catch (error) {
      if (!(error instanceof RulemintError)) throw error;
      context.addIssue({ code: "custom", message: error.message });
      return z.NEVER;
    }
  });
