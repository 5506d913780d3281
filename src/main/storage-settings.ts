/** The parts of `rulemint.yaml` about where objects and the public tree are: in the data folder, or in a bucket of an S3-compatible store. */
import { z } from "zod";
import { secretPlace } from "./secret-place.js";

const s3Place = z
  .strictObject({
    kind: z.literal("s3"),
    /** Absent: AWS itself. */
    endpoint: z
      .url({ protocol: /^https?$/ })
      .refine((text) => !/@|\?|#/.test(text), { message: "expected an address without credentials or query" })
      .optional(),
    region: z
      .string()
      .regex(/^[a-z0-9-]{1,64}$/)
      .default("us-east-1"),
    bucket: z.string().regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/),
    /** Of every key; it ends with a slash. */
    prefix: z
      .string()
      .regex(/^([A-Za-z0-9_-][A-Za-z0-9._-]{0,99}\/){0,8}$/, {
        message: "expected names that each end with a slash, as in rulemint/",
      })
      .default(""),
    /** Absent, both: what the AWS SDK finds by itself (its own variables, profile, the machine's role). */
    accessKey: secretPlace.optional(),
    secretKey: secretPlace.optional(),
    /** `endpoint/bucket/key`; what stores that are not AWS want. Absent: where there is an endpoint. */
    pathStyle: z.boolean().optional(),
    /** Without a byte from the store, until it is asked again. */
    silenceSeconds: z.number().min(1).max(300).default(20),
  })
  .refine((place) => (place.accessKey === undefined) === (place.secretKey === undefined), {
    message: "expected accessKey and secretKey, or neither",
  });
export type S3Place = z.infer<typeof s3Place>;

export const storageSettings = z
  .discriminatedUnion("kind", [z.strictObject({ kind: z.literal("folder") }), s3Place])
  .default({ kind: "folder" });
export type StorageSettings = z.infer<typeof storageSettings>;

/** Private sources and databases never lie where the world reads. */
export function storageProblems(objects: StorageSettings, publicTree: StorageSettings): string[] {
  if (objects.kind !== "s3" || publicTree.kind !== "s3") return [];
  if (objects.endpoint !== publicTree.endpoint || objects.bucket !== publicTree.bucket) return [];
  const [one, other] = [objects.prefix, publicTree.prefix];
  if (!one.startsWith(other) && !other.startsWith(one)) return [];
  return [
    "publicTree: expected a bucket of its own, or prefixes that do not hold each other, got the place of objects",
  ];
}
