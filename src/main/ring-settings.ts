/** The part of the configuration that says how releases go out, and what endpoints may report of them. */
import { z } from "zod";

const permille = z.number().int().min(0).max(1000);

const health = z
  .strictObject({
    reportsMin: z.number().int().min(1).default(20),
    failurePermilleMax: permille.default(20),
    rollbackPermilleMax: permille.default(10),
    silenceMinutes: z.number().min(0.05).default(60),
    silencePermilleMin: permille.default(300),
    fleetReports: z.number().int().min(0).default(0),
  })
  .prefault({});

/** By feed: a release's way from few endpoints to all, and when it halts by itself. Without one everybody gets it at once. */
export const ringSettings = z
  .record(
    z.string().regex(/^[a-z][a-z0-9-]{0,62}$/),
    z.strictObject({
      stages: z
        .array(z.strictObject({ permille: permille.min(1), hours: z.number().min(0).max(2160) }))
        .min(1)
        .max(16)
        .refine((all) => all.every((one, i) => i === 0 || one.permille > (all[i - 1]?.permille ?? 0)), {
          message: "expected shares that rise",
        }),
      health,
    }),
  )
  .default({});

/** Where reports are kept apart; without regions nobody may report. */
export const reportSettings = z
  .strictObject({
    regions: z
      .array(z.string().regex(/^[a-z][a-z0-9-]{0,30}$/))
      .max(16)
      .default([]),
    anonymous: z.number().int().min(1).max(10_000).default(10),
    perSourceHour: z.number().int().min(0).default(600),
  })
  .prefault({});
