/**
 * The service's parts, put together once. With its siblings `compose-*.ts` this is the only place that names adapters.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Logger } from "pino";
import { systemClock } from "../adapters/clock/system.js";
import { openPackCodec } from "../adapters/codec/pack-codec.js";
import { openQuietCodec } from "../adapters/codec/quiet-codec.js";
import { openCompileCache } from "../adapters/compile-cache/filesystem.js";
import { databasesInObjects } from "../adapters/databases/in-objects.js";
import { openPrometheusMeter } from "../adapters/metrics/prometheus.js";
import { nobleVerifier } from "../adapters/post-quantum/noble.js";
import { openPKCS11Signer } from "../adapters/signer/pkcs11.js";
import { openWebCryptoSigner } from "../adapters/signer/webcrypto.js";
import { openTimestampAuthority } from "../adapters/timestamp/http.js";
import { rememberParses } from "../adapters/workers/remembered-parses.js";
import { openRuleWorkers } from "../adapters/workers/rule-workers.js";
import { parsePEM } from "../core/encoding/pem.js";
import { parseCertificate } from "../core/pki/certificate.js";
import { PolicyError } from "../core/errors.js";
import { developmentPolicies, isDevelopmentChain } from "../issuing/development-pki.js";
import { developmentTSA } from "../issuing/timestamp.js";
import type { Signer } from "../ports/signer.js";
import type { TimestampAuthority } from "../ports/timestamp-authority.js";
import type { ServiceContext } from "../services/context.js";
import { signOnlyLogged } from "../services/logged-signer.js";
import { DeviceHealth } from "../services/device-health.js";
import { metricTable } from "../services/metrics.js";
import { traceCalls } from "../services/trace-calls.js";
import { requireClamAVKeys } from "./clamav-keys.js";
import { openEngines, openGates } from "./compose-engines.js";
import { openObjects, openTree } from "./compose-storage.js";
import { compilerFacts } from "./compiler-facts.js";
import { composeAccessLog } from "./compose-access.js";
import { composeReleaseLog } from "./compose-log.js";
import { openLeadership, openRecords } from "./compose-records.js";
import { openRevocationSource } from "./compose-revocation.js";
import { openPostQuantumKey } from "./compose-keys.js";
import { openTracer } from "./compose-tracer.js";
import { type Configuration, isLoopback, readSecret, resolveIn } from "./configuration.js";
import { openPeople } from "./compose-people.js";
import { nodeDigest } from "../adapters/node-digest.js";

export interface ComposedService {
  readonly context: ServiceContext;
  /** Answers time-stamp queries, when this service has a development authority. */
  readonly stampTime: ((query: Uint8Array) => Promise<Uint8Array>) | undefined;
  /** What only one process may hold: both logs. */
  letGo(): Promise<void>;
  close(): Promise<void>;
}

export interface ServiceHooks {
  /** Address of this service, once it listens; the development authority is reached through it. */
  readonly ownAddress: () => string;
  readonly wake: () => void;
  /** Told what goes wrong beside the work. */
  readonly log?: Logger;
  /** One of several processes that may come to lead; what a command does beside them needs no lead. */
  readonly serves?: boolean;
}

export async function composeService(
  folder: string,
  configuration: Configuration,
  hooks: ServiceHooks,
): Promise<ComposedService> {
  const chain = certificates(folder, configuration.publisher.certificates);
  if (configuration.clamavSignatures) requireClamAVKeys(chain, configuration.publisher.scheme);
  const tracer = configuration.traces && (await openTracer(folder, configuration.traces, hooks.log));
  const opened = await openRecords(folder, configuration, hooks);
  const records = traceCalls(tracer, "records", opened, ["get", "list", "commit"]);
  const codec = await openPackCodec({ workers: configuration.workers });
  const threads = await rememberParses(openRuleWorkers({ workers: configuration.workers, warm: true }));
  const workers = traceCalls(tracer, "rules", threads, ["parse", "runs"]);
  const meter = openPrometheusMeter(metricTable);
  const devices = new DeviceHealth(systemClock, meter);
  const key = await openPublisher(folder, configuration, chain);
  const leadership = hooks.serves === true ? openLeadership(configuration, records) : undefined;
  const accessLog =
    configuration.access && (await composeAccessLog(folder, configuration.access, leadership));
  // SPEC §13.2.3: from here on nobody has a key that signs without an entry.
  const logged = <S extends Parameters<typeof signOnlyLogged>[0]>(name: string, signer: S): S => {
    const traced = traceCalls<S>(tracer, `key ${name}`, signer, ["sign"]);
    return accessLog === undefined ? traced : signOnlyLogged(traced, name, accessLog);
  };
  const publisher = logged("publisher", devices.watchSigner("publisher key", key));
  const snapshot = logged("snapshot", await openKeyFile(folder, configuration.snapshot));
  const timestamp = logged("timestamp", await openKeyFile(folder, configuration.timestamp));
  const { visits: visitsKey } = configuration;
  const visits = visitsKey && logged("visits", await openKeyFile(folder, visitsKey));
  const plainPostQuantum = await openPostQuantum(folder, configuration);
  const postQuantum = plainPostQuantum && logged("post-quantum", plainPostQuantum);
  const cache = await openCompileCache(join(folder, "compile-cache"));
  const engines = (await openEngines(cache, configuration.workers)).map((engine) =>
    traceCalls(tracer, `engine ${engine.name}`, engine, ["check"]),
  );
  const revocation = openRevocationSource(folder);
  const { objects: store, ...objectPlace } = await openObjects(folder, configuration);
  const { tree: files, ...treePlace } = await openTree(folder, configuration);
  const objects = traceCalls(tracer, "objects", store, ["put", "open"]);
  const tree = traceCalls(tracer, "tree", files, ["putImmutable", "swapHead"]);
  const log =
    configuration.log &&
    composeReleaseLog(folder, configuration, configuration.log, {
      ...{ records, tree, leadership },
      clock: systemClock,
    });
  const context: ServiceContext = {
    records,
    objects,
    databases: databasesInObjects(objects, records),
    cache,
    tree,
    codec,
    openQuietCodec,
    workers,
    engines,
    clock: systemClock,
    digest: nodeDigest,
    publisher,
    publisherChain: chain,
    ...(postQuantum && { postQuantum }),
    postQuantumVerifier: nobleVerifier,
    revocation,
    tsa: devices.watchAuthority(
      "time-stamp authority",
      traceCalls(tracer, "time-stamp", timestampAuthority(configuration, hooks.ownAddress), ["stamp"]),
    ),
    meter,
    ...(tracer && { tracer }),
    devices,
    gates: openGates(folder, configuration.gates),
    snapshot,
    timestamp,
    ...(log && { releaseLog: log.log }),
    ...(accessLog && { accessLog }),
    ...(visits && { visits }),
    ...(leadership && { leadership }),
    ...(configuration.identity && { people: await openPeople(configuration.identity) }),
    settings: {
      expiryDays: configuration.expiryDays,
      compiler: compilerFacts(),
      minimumClient: configuration.minimumClient,
      engines: configuration.engines,
      clamavSignatures: configuration.clamavSignatures,
      publishingWindow: configuration.publishingWindowDays,
      gates: configuration.gates,
      requestsPerMinute: configuration.requestsPerMinute,
      fullPacks: configuration.fullPacks,
      rings: configuration.rings,
      reports: configuration.reports,
      review: configuration.review,
      submissionLimits: configuration.submissions,
    },
    wake: hooks.wake,
  };
  const open = [
    ...(log ? [log] : []),
    revocation,
    ...(postQuantum ? [postQuantum] : []),
    workers,
    ...engines,
    codec,
    publisher,
    snapshot,
    timestamp,
    ...(visits ? [visits] : []),
    ...(accessLog ? [accessLog] : []),
    objectPlace,
    treePlace,
    records,
    ...(tracer ? [tracer] : []),
  ];
  return {
    context,
    stampTime: await developmentAuthority(folder, configuration),
    letGo: async () => {
      await log?.letGo();
      await accessLog?.letGo();
    },
    close: async () => {
      for (const part of open) await part.close();
    },
  };
}

/** SPEC §6.9.4: development keys, and witnesses inside this process, are for loopback. @throws PolicyError DEVELOPMENT_KEYS */
export function requireHonestKeys(folder: string, configuration: Configuration, host: string): void {
  const development =
    configuration.log?.witnesses.some(({ folder }) => folder !== undefined) === true ||
    configuration.developmentAuthority !== undefined ||
    isDevelopmentChain(certificates(folder, configuration.publisher.certificates));
  if (!development || isLoopback(host) || configuration.developmentKeysOffLoopbackUnsafe) return;
  throw new PolicyError(
    "DEVELOPMENT_KEYS",
    `expected keys of a real authority to listen on ${host}, got development keys whose CA is public`,
  );
}

function openKeyFile(
  folder: string,
  place: { keyFile: string; passphrase: Configuration["snapshot"]["passphrase"] },
): Promise<Signer> {
  const passphrase = readSecret(folder, place.passphrase);
  return openWebCryptoSigner({ path: resolveIn(folder, place.keyFile), passphrase });
}

async function openPostQuantum(folder: string, { postQuantum }: Configuration) {
  if (postQuantum === undefined) return undefined;
  const passphrase = readSecret(folder, postQuantum.passphrase);
  return openPostQuantumKey(resolveIn(folder, postQuantum.keyFile), passphrase);
}

function openPublisher(folder: string, { publisher }: Configuration, chain: Uint8Array[]): Promise<Signer> {
  if (publisher.kind === "webcrypto") {
    const passphrase = readSecret(folder, publisher.passphrase);
    const path = resolveIn(folder, publisher.keyFile);
    return openWebCryptoSigner({ path, passphrase, scheme: publisher.scheme });
  }
  const { spki } = parseCertificate(chain[0] as Uint8Array).key;
  return openPKCS11Signer({
    modulePath: publisher.module,
    tokenLabel: publisher.tokenLabel,
    keyLabel: publisher.keyLabel,
    pin: readSecret(folder, publisher.pin),
    scheme: publisher.scheme,
    spki,
  });
}

function timestampAuthority(configuration: Configuration, ownAddress: () => string): TimestampAuthority {
  const timeoutMs = 15_000;
  if (configuration.timestampAuthorities.length > 0) {
    return openTimestampAuthority({ urls: configuration.timestampAuthorities, timeoutMs });
  }
  return {
    stamp: (sha256) => openTimestampAuthority({ urls: [`${ownAddress()}/tsa`], timeoutMs }).stamp(sha256),
  };
}

async function developmentAuthority(folder: string, configuration: Configuration) {
  const place = configuration.developmentAuthority;
  if (place === undefined) return undefined;
  const signer = await openKeyFile(folder, place);
  return developmentTSA({
    signer: { scheme: "ecdsa-p256-sha256", spki: signer.spki, sign: (message) => signer.sign(message) },
    chain: certificates(folder, place.certificates),
    policyOID: developmentPolicies.timeStamping,
    clock: systemClock,
    randomBytes: (length) => crypto.getRandomValues(new Uint8Array(length)),
  });
}

function certificates(folder: string, path: string): Uint8Array[] {
  return parsePEM(readFileSync(resolveIn(folder, path), "utf8"), "CERTIFICATE");
}
