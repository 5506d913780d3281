/** The endpoint's parts, put together, and its answers to the command line. */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import {
  describeConfiguration,
  describeLeftOut,
  describePath,
  describeUpdate,
} from "../cli/describe-endpoint.js";
import type {
  ClientConfigureOptions,
  ClientExportOptions,
  ClientInitOptions,
  ClientRebuilders,
  ClientRebuildersOptions,
  ClientUpdateOptions,
  ExportChange,
  Progress,
  Report,
} from "../cli/doors.js";
import { formatBytes, formatCount } from "../cli/figures.js";
import { readEngine } from "../client/engine-choices.js";
import type { ExportChoices } from "../client/export-choices.js";
import type { HealthChoices } from "../client/health.js";
import type { UpdateEvent, UpdateResult } from "../client/model.js";
import type { ReportChoices } from "../client/report-choices.js";
import type { RingChoices } from "../client/ring-choices.js";
import { readConfig } from "../client/state.js";
import type { NetworkSettings } from "../client/network.js";
import { OperationError, UsageError } from "../core/errors.js";
import { ruleKinds } from "../core/rules/model.js";
import type { Fetcher } from "../ports/fetcher.js";
import { Updater } from "./compose-library.js";
import { endpointFolder, openEndpoint } from "./compose-endpoint-folder.js";
import { tuneForEndpoint } from "./give-back.js";
import { stopSignal } from "./stop-signal.js";

/** @throws UsageError NOT_FOUND, USAGE where there is no endpoint; what `work` throws */
export async function withUpdater<T>(
  state: string,
  progress: Progress,
  work: (updater: Updater) => Promise<T>,
  /** Instead of the network. */
  offline?: Fetcher,
): Promise<T> {
  return withAnyUpdater(endpointFolder(state), progress, work, offline);
}

/** The folder is made where it is missing. */
async function withAnyUpdater<T>(
  folder: string,
  progress: Progress,
  work: (updater: Updater) => Promise<T>,
  offline?: Fetcher,
): Promise<T> {
  const onEvent = (event: UpdateEvent) => {
    const line = describeEvent(event);
    if (line !== undefined) progress(line);
  };
  const updater = await Updater.open(folder, { onEvent, ...(offline && { fetcher: offline }) });
  try {
    return await work(updater);
  } finally {
    await updater.close();
  }
}

export function initClient(options: ClientInitOptions, progress: Progress): Promise<Report> {
  const root = readInput(options.root);
  const policy = options.policy === undefined ? undefined : readInput(options.policy);
  return withAnyUpdater(resolve(options.state), progress, async (updater) => {
    const rebuilders = rebuildersOf(options);
    const choices = { ...(policy && { policy }), ...(rebuilders && { rebuilders }) };
    await updater.init({ url: options.url, root, feed: options.feed, ...choices });
    const status = await updater.status();
    const text = `Set up: feed ${status.feed} from ${status.url}. Next: rulemint client update --state ${options.state}`;
    return { ok: true, json: status, text };
  });
}

export function setRebuilders(options: ClientRebuildersOptions): Promise<Report> {
  return withUpdater(
    options.state,
    () => undefined,
    async (updater) => {
      const rebuilders = rebuildersOf(options);
      await updater.setRebuilders(rebuilders);
      const asked = rebuilders && `${rebuilders.threshold} of ${rebuilders.keys.length} rebuilders`;
      return {
        ok: true,
        json: { rebuilders: rebuilders ?? null },
        text: `Asks for ${asked ?? "what the policy says"}.`,
      };
    },
  );
}

/** @throws UsageError USAGE for a threshold without keys, or keys without one */
function rebuildersOf({ rebuilders: threshold, rebuilderKeys }: ClientRebuilders) {
  if ((threshold === undefined) !== (rebuilderKeys.length === 0)) {
    throw new UsageError("USAGE", "expected --rebuilders and --rebuilder-key together, got one of them");
  }
  const keys = rebuilderKeys.map((path) => Buffer.from(readInput(path)).toString("utf8"));
  return threshold === undefined ? undefined : { threshold, keys };
}

export function configureClient(options: ClientConfigureOptions, progress: Progress): Promise<Report> {
  const { state, ca, rings: turns = {}, health: asked = {}, reports: said = {}, ...others } = options;
  const { exports: forms = {}, ...chosen } = others;
  const pem = ca ? new TextDecoder().decode(readInput(ca)) : ca;
  return withUpdater(state, progress, async (updater) => {
    const network = await updater.configure((now) => {
      const next = { ...now, ...chosen, ...(pem !== undefined && { ca: pem }) };
      return withoutNulls(next) as unknown as NetworkSettings;
    });
    const rings = await updater.chooseRings(
      (now) => withoutNulls({ ...now, ...turns }) as unknown as RingChoices,
    );
    const exports = await updater.chooseExports((now) => changedExports(now, forms));
    const health = await updater.chooseHealth((now) => changedHealth(now, asked));
    const reports = await changeReports(updater, state, said);
    const text = describeConfiguration({ network, rings, exports, health, reports });
    const json = { ...network, rings, exports, health: health ?? null, reports: reports ?? null };
    return { ok: true, json, text };
  });
}

async function changeReports(updater: Updater, state: string, said: Readonly<Record<string, unknown>>) {
  if (Object.keys(said).length === 0) {
    return (await readConfig((await openEndpoint(state)).files)).reports;
  }
  const change = (now: ReportChoices | undefined) =>
    said.off === true ? undefined : (withoutNulls({ ...now, ...said }) as unknown as ReportChoices);
  return updater.chooseReports(change);
}

function changedExports(now: ExportChoices, change: ExportChange): object {
  const { kinds = now.kinds, engines, ...changed } = change;
  return { kinds, forms: { ...now.forms, ...changed }, engines: engines?.map(readEngine) ?? now.engines };
}

/** `kind` none takes all of it back. */
function changedHealth(
  now: HealthChoices | undefined,
  asked: Readonly<Record<string, unknown>>,
): HealthChoices | undefined {
  if (Object.keys(asked).length === 0) return now;
  if (asked.kind === null) return undefined;
  return withoutNulls({ kind: "yara", ...now, ...asked }) as unknown as HealthChoices;
}

function withoutNulls(settings: object): object {
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== null));
}

export async function updateClient(
  { state, splaySeconds, again, engineCheck: check, explain }: ClientUpdateOptions,
  progress: Progress,
): Promise<Report> {
  tuneForEndpoint();
  if (splaySeconds > 0) await sleep(Math.random() * splaySeconds * 1000);
  const told = new AbortController();
  const message = "expected to finish the update, got a signal to stop; the last good database stays";
  void stopSignal().then(() => told.abort(new OperationError("INTERRUPTED", message)));
  return withUpdater(state, progress, async (updater) => {
    const { signal } = told;
    const health = (now: HealthChoices | undefined) =>
      changedHealth(now, check === undefined ? {} : { check });
    return updateReport(await updater.update({ signal, health, ...(again && { again }) }), explain);
  });
}

export function updateReport(result: UpdateResult, explain = false): Report {
  const { proof, ...rest } = result;
  const { signature, manifest: _, ...proven } = proof;
  const signer = { ...signature.signer, spki: Buffer.from(signature.signer.spki).toString("base64") };
  const authority = { ...signature.timestamp.authority, spki: undefined };
  const json = {
    ...rest,
    proof: { ...proven, signer, timestamp: { ...signature.timestamp, authority } },
  };
  const text = explain ? `${describeUpdate(result)}\n\n${describePath(result)}` : describeUpdate(result);
  return { ok: true, json, text };
}

export function exportClient(
  { state, out, exports, asPublished = false }: ClientExportOptions,
  progress: Progress,
): Promise<Report> {
  return withUpdater(state, progress, async (updater) => {
    const change = { kinds: ruleKinds, ...exports };
    const asked = (now: ExportChoices) => changedExports(now, change);
    const written = await updater.export(resolve(out), asked, { asPublished });
    const first = `Release ${written.release.release}: ${formatCount(written.files, "file")}, ${formatBytes(written.bytes)}, in ${out}`;
    const text = [first, ...describeLeftOut(written.leftOut)].join("\n");
    return { ok: true, json: written, text };
  });
}

export function fetchInClient(
  { state, out, exports, asPublished }: ClientExportOptions,
  progress: Progress,
): Promise<Report> {
  return withUpdater(state, progress, async (updater) => {
    const change = (now: ExportChoices) => changedExports(now, { ...exports });
    const { outcome, release, written, bytes } = await updater.fetch({
      folder: resolve(out),
      change,
      asPublished,
    });
    const made = written
      ? `${formatCount(written.files, "file")}, ${formatBytes(written.bytes)}, in ${out}`
      : `${out} is as it should be`;
    const first = `Release ${release}: ${made}; ${formatBytes(bytes)} of its full pack fetched`;
    const text = [first, ...describeLeftOut(written?.leftOut ?? {})].join("\n");
    return { ok: true, json: { outcome, release, bytes, written }, text };
  });
}

export function rollbackClient(state: string, progress: Progress): Promise<Report> {
  return withUpdater(state, progress, async (updater) => {
    const installed = await updater.rollback();
    const text = `Back at release ${installed.release}. The release before this is held: only a higher one will be applied.`;
    return { ok: true, json: installed, text };
  });
}

/** Undefined for what a person need not see. */
function describeEvent(event: UpdateEvent): string | undefined {
  switch (event.type) {
    case "verified":
      return `release ${event.release} is proven`;
    case "database-damaged":
      return "the database on disk is damaged; repairing it";
    case "path":
      return event.path.reason;
    case "download":
      return `${event.resumed ? "resuming" : "fetching"} ${event.pack.path}, ${formatBytes(event.bytes)}`;
    case "pack-refused":
      return `${event.pack.path} refused: ${event.code}`;
    case "rolled-back":
      return event.code === "BOOT_LOOP"
        ? `an engine never came up on release ${event.from}; release ${event.to} is in use again`
        : `release ${event.from} failed its check here (${event.code}); release ${event.to} is in use again`;
    case "own-rules-set-aside":
      return `your own rules are set aside (${event.code}: ${event.message}); the published ones are in place`;
    case "local-rules-damaged":
      return event.damage === "copy"
        ? "what you chose of rules was damaged on disk; mended from its copy"
        : "LOCAL_RULES_CORRUPT: what you chose of rules is lost; all published rules are exported (client rules reset)";
    case "signature-left-out":
      return `no signature for ${event.path}: ${event.code}`;
    case "exported":
      return [
        `exported ${formatCount(event.files, "file")}, ${formatBytes(event.bytes)}`,
        ...describeLeftOut(event.leftOut),
      ].join("; ");
    default:
      return undefined;
  }
}

/** @throws UsageError USAGE when the file cannot be read */
export function readInput(path: string): Uint8Array {
  try {
    return new Uint8Array(readFileSync(path));
  } catch (cause) {
    throw new UsageError("USAGE", `expected a readable file at ${path}`, { cause });
  }
}
