/** The part of `rulemint.yaml` about traces: where they are sent. */
import { z } from "zod";
import { secretPlace } from "./secret-place.js";

/** What stands in an address ends in logs: credentials are headers, and secrets. */
const collector = z.url().refine((text) => /^https?:\/\/[^/@]+\//.test(`${text}/`), {
  message: "expected an http or https address without credentials",
});

export const traceSettings = z.strictObject({
  /** The whole address: `http://127.0.0.1:4318/v1/traces`. */
  url: collector,
  /** By name; a collector's token, say. */
  headers: z.record(z.string().regex(/^[A-Za-z0-9-]{1,64}$/), secretPlace).default({}),
  /** Of all traces. */
  share: z.number().min(0).max(1).default(1),
  serviceName: z.string().min(1).max(100).default("rulemint"),
});

export type TraceSettings = z.infer<typeof traceSettings>;
