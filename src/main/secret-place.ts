/** A secret's place in `rulemint.yaml`: a file, or an environment variable; exactly one. The secret itself is never there. */
import { z } from "zod";

export const secretPlace = z
  .strictObject({ file: z.string().min(1).optional(), environment: z.string().min(1).optional() })
  .refine((place) => (place.file === undefined) !== (place.environment === undefined), {
    message: "expected either file or environment",
  });
export type SecretPlace = z.infer<typeof secretPlace>;
