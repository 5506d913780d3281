/**
 * The service's configuration: one YAML file, `rulemint.yaml`, in the data folder. Every error is reported at once, with its place.
 * Paths are relative to the data folder. Secrets are never in it: it names files or environment variables that hold them.
 */
import { existsSync, readFileSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import { parse as parseYAML, stringify as formatYAML, YAMLParseError } from "yaml";
import { z } from "zod";
import { identitySettings } from "./identity-settings.js";
import { UsageError, quote } from "../core/errors.js";
import { type SecretPlace, secretPlace } from "./secret-place.js";
import { storageSettings } from "./storage-settings.js";
import { submissionLimits } from "./submission-settings.js";
import { fullPackSettings } from "./pack-settings.js";
import { access, log } from "./log-settings.js";
import { traceSettings } from "./trace-settings.js";
import { engineSettings } from "./engine-settings.js";
import { reportSettings, ringSettings } from "./ring-settings.js";

const scheme = z.enum(["ecdsa-p256-sha256", "rsa-pss-3072-sha256"]).default("ecdsa-p256-sha256");

/** A file in the data folder; or a PostgreSQL, whose address (a secret: the password is in it) is in `url`. */
const records = z
  .discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("sqlite") }),
    z.strictObject({
      kind: z.literal("postgres"),
      url: secretPlace,
      connectionsMax: z.number().int().min(2).max(1000).default(8),
      /** After so long without a sign of the process that leads, another takes over. The access log waits for 15 seconds. */
      leaseSeconds: z.number().min(1).max(10).default(8),
    }),
  ])
  .default({ kind: "sqlite" });

const keyFile = z.strictObject({ keyFile: z.string().min(1), passphrase: secretPlace });

const publisher = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("webcrypto"),
    keyFile: z.string().min(1),
    passphrase: secretPlace,
    scheme,
    certificates: z.string().min(1),
  }),
  z.strictObject({
    kind: z.literal("pkcs11"),
    module: z.string().min(1),
    tokenLabel: z.string().min(1),
    keyLabel: z.string().min(1),
    pin: secretPlace,
    scheme,
    certificates: z.string().min(1),
  }),
]);

/** Names are of the desk's identities; the first ruleset that fits counts, `*` stands for any text. */
const review = z
  .strictObject({
    approvals: z.number().int().min(1).max(10).default(1),
    emergencyPeople: z.number().int().min(2).max(10).default(2),
    rulesets: z
      .array(
        z.strictObject({
          name: z.string().regex(/^[a-z0-9*][a-z0-9*-]{0,62}$/),
          approvals: z.number().int().min(1).max(10).optional(),
          analysts: z.array(z.string().min(1)).optional(),
          reviewers: z.array(z.string().min(1)).optional(),
        }),
      )
      .max(1000)
      .default([]),
  })
  .prefault({});

/** On compiled releases. `samples` is a folder with `must-match/KIND/RULE/FILE`; `clean` are folders whose files nothing may match. */
const gates = z
  .strictObject({
    samples: z.string().min(1).default("gates"),
    clean: z.array(z.string().min(1)).max(32).default(["/usr/bin"]),
    cleanBytesMax: z
      .number()
      .int()
      .min(0)
      .default(128 * 1024 * 1024),
    cleanFileBytesMax: z
      .number()
      .int()
      .min(1)
      .default(8 * 1024 * 1024),
    shrinkPercentMax: z.number().min(0).max(100).default(30),
    slowdownMax: z.number().min(1).max(100).default(3),
  })
  .prefault({});

const window = (fallback: number) => z.number().min(0).max(365).default(fallback);
const minutes = (fallback: number) => z.number().int().min(0).max(10_080).default(fallback);
const days = (fallback: number) => z.number().min(0.01).max(365).default(fallback);

const configuration = z.strictObject({
  schema: z.literal(1),
  listen: z
    .string()
    .refine((text) => parseListenAddress(text) !== undefined, { message: "expected HOST:PORT" })
    .default("127.0.0.1:8420"),
  records,
  /** What is known by its digest: sources, databases, packs, signatures. Private. */
  objects: storageSettings,
  /** What the world reads. */
  publicTree: storageSettings,
  publisher,
  snapshot: keyFile,
  timestamp: keyFile,
  /** Experimental: the key of the second signature (ML-DSA-65). Absent: releases announce none. */
  postQuantum: keyFile.optional(),
  /** The release log and who witnesses it. Absent: releases are published without a log. */
  log: log.optional(),
  /** Where people come from who have no token of this service. Absent: tokens alone. */
  identity: identitySettings.optional(),
  /** The access log. Absent: nobody's steps behind the doors are written down. */
  access: access.optional(),
  /** The key that signs protocols of visits. Absent: no visits. */
  visits: keyFile.optional(),
  /** Signs the files that ClamAV loads, for `sigtool --verify`. The certificate needs emailProtection beside codeSigning. */
  clamavSignatures: z.boolean().default(false),
  /** Addresses of RFC 3161 services, tried in order. Empty: the development authority of this service. */
  timestampAuthorities: z.array(z.url()).max(8).default([]),
  developmentAuthority: z
    .strictObject({ keyFile: z.string(), passphrase: secretPlace, certificates: z.string() })
    .optional(),
  /** Threads for compiling and packing. */
  workers: z.number().int().min(0).max(64).default(2),
  expiryDays: z
    .strictObject({ feed: days(30), snapshot: days(7), timestamp: days(1) })
    .default({ feed: 30, snapshot: 7, timestamp: 1 }),
  /** Of one submission; below the limits of the formats. */
  submissions: submissionLimits,
  review,
  gates,
  /** Of each identity; 0 asks for nothing. */
  requestsPerMinute: z.number().int().min(0).max(1_000_000).default(6000),
  /** Nothing is published while something that it stands on ends within so many days; 0 asks for nothing. */
  publishingWindowDays: z
    .strictObject({ roles: window(1), certificates: window(7), revocation: window(0) })
    .default({ roles: 1, certificates: 7, revocation: 0 }),
  /** How often the publisher's key is looked for, and a time-stamp is asked for, while nothing is signed; 0 is never. */
  probeMinutes: z
    .strictObject({ signer: minutes(5), timestamp: minutes(60) })
    .default({ signer: 5, timestamp: 60 }),
  fullPacks: fullPackSettings,
  rings: ringSettings,
  reports: reportSettings,
  /** OpenTelemetry: where traces are sent. Absent: nowhere. */
  traces: traceSettings.optional(),
  logLevel: z.enum(["silent", "error", "warn", "info", "debug"]).default("warn"),
  minimumClient: z
    .string()
    .regex(/^\d+\.\d+\.\d+$/)
    .default("0.1.0"),
  /** What releases from now on ask of the engines that load them, as `suricata: { least: "7.0.3" }`. */
  engines: engineSettings,
  /** Development keys are refused off loopback unless this is set. */
  developmentKeysOffLoopbackUnsafe: z.boolean().default(false),
});

export type Configuration = z.infer<typeof configuration>;
export type AccessConfiguration = z.infer<typeof access>;
export type LogConfiguration = z.infer<typeof log>;
export type ConfigurationInput = z.input<typeof configuration>;

export const configurationFile = "rulemint.yaml";

/** @throws UsageError CONFIGURATION with every problem in its message */
export function readConfiguration(folder: string): Configuration {
  const { configuration: found, problems } = shapeOf(readYAML(folder));
  if (found !== undefined) return found;
  throw new UsageError("CONFIGURATION", `${configurationFile}: ${problems.join("; ")}`, {
    details: { problems },
  });
}

/** What stands in the file, of whatever shape. @throws UsageError CONFIGURATION for no file, or one that is no YAML */
export function readYAML(folder: string): unknown {
  const path = join(folder, configurationFile);
  if (!existsSync(path)) {
    throw new UsageError("CONFIGURATION", `expected ${configurationFile} in ${folder}, found none`, {
      details: { hint: "make a data folder with: rulemint init --data DIR" },
    });
  }
  try {
    return parseYAML(readFileSync(path, "utf8"));
  } catch (cause) {
    if (!(cause instanceof YAMLParseError)) throw cause;
    const [first = cause.message] = cause.message.split("\n");
    throw new UsageError("CONFIGURATION", `${configurationFile}: expected YAML: ${first}`, { cause });
  }
}

/** The configuration, or every way in which the value is none. */
export function shapeOf(value: unknown): {
  readonly configuration?: Configuration;
  readonly problems: readonly string[];
} {
  const parsed = configuration.safeParse(value);
  if (parsed.success) return { configuration: parsed.data, problems: [] };
  const problems = parsed.error.issues.map(
    (issue) => `${issue.path.join(".") || "(whole file)"}: ${issue.message}`,
  );
  return { problems };
}

export function formatConfiguration(input: ConfigurationInput): string {
  return formatYAML(configuration.parse(input));
}

/** @throws UsageError CONFIGURATION when the file or variable is not there */
export function readSecret(folder: string, place: SecretPlace): string {
  if (place.environment !== undefined) {
    const value = process.env[place.environment];
    if (value) return value;
    throw new UsageError(
      "CONFIGURATION",
      `expected a secret in the environment variable ${place.environment}, found none`,
    );
  }
  const path = resolveIn(folder, place.file ?? "");
  if (!existsSync(path))
    throw new UsageError("CONFIGURATION", `expected a secret in the file ${place.file}, found none`);
  return readFileSync(path, "utf8").replace(/\r?\n$/, "");
}

export function resolveIn(folder: string, path: string): string {
  return isAbsolute(path) ? path : join(folder, path);
}

interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/** Host and port of `HOST:PORT`, brackets of IPv6 addresses removed. @throws UsageError USAGE */
export function listenAddress(listen: string): ListenAddress {
  const address = parseListenAddress(listen);
  if (address === undefined) throw new UsageError("USAGE", `expected HOST:PORT, got ${quote(listen)}`);
  return address;
}

function parseListenAddress(listen: string): ListenAddress | undefined {
  const [, host = "", port] = /^(\[[0-9A-Fa-f:.]+\]|[^\s:[\]]+):(\d{1,5})$/.exec(listen) ?? [];
  if (host === "" || Number(port) > 65_535) return undefined;
  return { host: host.replace(/^\[|\]$/g, ""), port: Number(port) };
}

export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host);
}
