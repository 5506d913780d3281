/** Where revocation data come from: the addresses in the certificates, or, for the development PKI, this very service. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { systemClock } from "../adapters/clock/system.js";
import { openHTTPRevocationSource } from "../adapters/revocation/http.js";
import { UsageError } from "../core/errors.js";
import { type DevelopmentRevocation, developmentRevocation } from "../issuing/development-crls.js";
import { developmentAddress } from "../issuing/development-pki.js";
import type { Fetcher } from "../ports/fetcher.js";
import type { RevocationSource } from "../ports/revocation-source.js";
import { readDevelopmentKeys } from "./development-keys.js";

/** In the data folder, beside the chains: what the development CAs have revoked. Absent means nothing. */
export const revokedFile = "keys/revoked.json";

const revocations = z.array(
  z.strictObject({
    issuer: z.enum(["root", "issuing-ca", "tsa-root", "tsa-ca"]),
    serial: z
      .string()
      .toLowerCase()
      .regex(/^([0-9a-f]{2}){1,21}$/),
    revokedAt: z.iso.datetime(),
    reason: z.number().int().min(0).max(10).optional(),
    invalidSince: z.iso.datetime().optional(),
  }),
);

export function openRevocationSource(folder: string): RevocationSource & { close(): Promise<void> } {
  const fetcher = fetcherWhenAsked();
  const real = openHTTPRevocationSource(fetcher);
  const development = developmentRevocation({
    ...{ keys: readDevelopmentKeys(), clock: systemClock },
    revoked: () => readRevoked(join(folder, revokedFile)),
  });
  return {
    fetch: (point, current) => {
      const isOurs = point.addresses.some((address) => address.startsWith(developmentAddress));
      return (isOurs ? development : real).fetch(point, current);
    },
    // Development certificates name no responder.
    ask: (question) => real.ask(question),
    close: () => fetcher.close(),
  };
}

/** The HTTP client takes 10 MB once it is loaded: it is when somebody fetches, which development certificates never make us do. */
function fetcherWhenAsked(): Fetcher & { close(): Promise<void> } {
  let opened: Promise<Fetcher & { close(): Promise<void> }> | undefined;
  const open = async () => {
    const { openHTTPFetcher } = await import("../adapters/fetcher/http.js");
    return openHTTPFetcher({ userAgent: "rulemint revocation mirror" });
  };
  return {
    get: async (url, options) => {
      opened ??= open();
      return (await opened).get(url, options);
    },
    close: async () => (await opened)?.close(),
  };
}

function parseText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new UsageError("CONFIGURATION", `${revokedFile}: expected JSON, got other text`, { cause });
  }
}

/** Read each time: a revocation counts from the next list on. @throws UsageError CONFIGURATION */
function readRevoked(path: string): DevelopmentRevocation[] {
  if (!existsSync(path)) return [];
  const parsed = revocations.safeParse(parseText(readFileSync(path, "utf8")));
  if (!parsed.success) {
    const problems = parsed.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`);
    throw new UsageError("CONFIGURATION", `${revokedFile}: ${problems.join("; ")}`);
  }
  return parsed.data.map(({ invalidSince, revokedAt, ...one }) => ({
    ...{ ...one, revokedAt: new Date(revokedAt) },
    ...(invalidSince !== undefined && { invalidSince: new Date(invalidSince) }),
  }));
}
