/** The part of the configuration that says how full packs are made. */
import { z } from "zod";
import { packMethods } from "../core/format/codec.js";
import { limits } from "../core/limits.js";

/** By feed: xz is smaller, zstd is made and read in a fraction of the time. Without one: zstd, and xz once the release is public. */
export const fullPackSettings = z
  .record(
    z.string().regex(/^[a-z][a-z0-9-]{0,62}$/),
    z.strictObject({
      method: z.enum([...packMethods, "by-size", "both"]),
      /** Of a database, with `by-size` and `both`. */
      xzBytesMax: z.number().int().min(0).max(limits.databaseBytesMax).optional(),
    }),
  )
  .default({});
