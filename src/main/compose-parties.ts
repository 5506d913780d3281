/** The overseer, put together from its own parts: own folder, own key, own copies. */
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { systemClock } from "../adapters/clock/system.js";
import { openPackCodec } from "../adapters/codec/pack-codec.js";
import { openDesk } from "../adapters/desk/http.js";
import { writeFileDurably } from "../adapters/durable-files.js";
import { acquireFileLock, isLockHeld } from "../adapters/file-lock.js";
import { openHTTPFetcher } from "../adapters/fetcher/http.js";
import { openCompileCache } from "../adapters/compile-cache/filesystem.js";
import { databasesInObjects } from "../adapters/databases/in-objects.js";
import { nodeDigest } from "../adapters/node-digest.js";
import { openFilesystemObjects } from "../adapters/objects/filesystem.js";
import { openSQLiteRecords } from "../adapters/records/sqlite.js";
import { openIndependentSources } from "../adapters/sources/independent.js";
import { keepOwnCopies } from "../adapters/sources/own-copies.js";
import { rememberParses } from "../adapters/workers/remembered-parses.js";
import { openRuleWorkers } from "../adapters/workers/rule-workers.js";
import type { AssayContext } from "../assay/model.js";
import { runAssay } from "../assay/run-assay.js";
import { vouchForSourceMap } from "../assay/source-map.js";
import { type Round, type RebuilderStatus, rebuilderStatus } from "../assay/status.js";
import { watchReleases } from "../assay/watch.js";
import { AheadMemory } from "../assay/work-ahead.js";
import { describeAssay, describeRebuilder, describeSourceMap, describeWatch } from "../cli/describe-assay.js";
import type { AssayOptions, WatchAssayOptions } from "../cli/assay-doors.js";
import type { Progress, Report } from "../cli/doors.js";
import { feedName, releaseNumber } from "../core/brands.js";
import { utf8Bytes } from "../core/encoding/bytes.js";
import { UsageError } from "../core/errors.js";
import { compilerFacts } from "./compiler-facts.js";
import { openRebuilderKey, readRebuilderFolder } from "./compose-rebuilder-folder.js";
import { stopSignal } from "./stop-signal.js";

export { initRebuilder } from "./compose-rebuilder-folder.js";

const threads = 2;

export async function assay(options: AssayOptions, progress: Progress): Promise<Report> {
  return withRebuilder(options, progress, async (context, writeStatus) => {
    const release = options.release === undefined ? undefined : releaseNumber(options.release);
    const verdict = await runAssay(context, feedName(options.feed), release);
    await writeStatus({ failures: [], lastAnswerAt: systemClock.now().toISOString() });
    return { ok: verdict.result === "PASSED", json: verdict, text: describeAssay(verdict) };
  });
}

/** @throws VerificationError ASSAY_MISMATCH when the service hands out another one */
export async function vouchForMap(options: AssayOptions, progress: Progress): Promise<Report> {
  return withRebuilder(options, progress, async (context) => {
    const map = await vouchForSourceMap(context, feedName(options.feed), releaseNumber(options.release));
    return { ok: true, json: map, text: describeSourceMap(map) };
  });
}

/** Until it is told to stop, or for one round; the answer is no when something failed. */
export async function watch(options: WatchAssayOptions, progress: Progress): Promise<Report> {
  const told = new AbortController();
  void stopSignal().then(() => told.abort());
  return withRebuilder(options, progress, async (context, writeStatus) => {
    const report = await watchReleases(context, {
      feeds: options.feeds.map(feedName),
      maps: options.map,
      once: options.once,
      waitSeconds: options.seconds,
      stop: told.signal,
      pause: (seconds, signal) => sleep(seconds * 1000, undefined, { signal }).catch(() => undefined),
      onVerdict: (verdict) => progress(describeAssay(verdict)),
      onMap: (map) => progress(describeSourceMap(map)),
      onFailure: ({ feed, code, message }) => progress(`${feed}: ${code}: ${message}; asked again`),
      onStatus: writeStatus,
    });
    const ok = report.failures.length === 0 && report.verdicts.every(({ result }) => result === "PASSED");
    return { ok, json: report, text: describeWatch(report) };
  });
}

/** From the folder alone. The answer is no when the last round failed, or the newest verdict did. */
export async function rebuilderStatusOf(data: string): Promise<Report> {
  const { path } = readRebuilderFolder(data);
  const file = join(path, "status.json");
  if (!existsSync(file)) throw new UsageError("NOT_FOUND", `expected a rebuilder that has run, got ${path}`);
  const status = JSON.parse(readFileSync(file, "utf8")) as RebuilderStatus;
  const json = { ...status, running: await isLockHeld(join(path, "lock")) };
  const ok = status.failures.length === 0 && status.verdicts[0]?.result !== "FAILED";
  return { ok, json, text: describeRebuilder(json) };
}

type RebuilderOptions = Omit<AssayOptions, "feed" | "release">;

async function withRebuilder<T>(
  options: RebuilderOptions,
  progress: Progress,
  act: (context: AssayContext, writeStatus: (round: Round) => Promise<void>) => Promise<T>,
): Promise<T> {
  const folder = readRebuilderFolder(options.data);
  // SPEC §10.3.6: two processes on one memory could each sign what the other does not know of.
  const unlock = await acquireFileLock(join(folder.path, "lock"), { tries: 1 });
  try {
    const { context, close } = await openRebuilder(options, folder, progress);
    const path = resolve(folder.path, "status.json");
    try {
      return await act(context, async (round) => {
        const status = await rebuilderStatus(context, round);
        await writeFileDurably(path, utf8Bytes(`${JSON.stringify(status, null, 2)}\n`));
      });
    } finally {
      await close();
    }
  } finally {
    await unlock();
  }
}

async function openRebuilder(
  options: RebuilderOptions,
  folder: ReturnType<typeof readRebuilderFolder>,
  onProgress: Progress,
): Promise<{ context: AssayContext; close: () => Promise<void> }> {
  const at = (name: string) => join(folder.path, name);
  const url = options.server.replace(/\/+$/, "");
  const compiler = compilerFacts();
  const signer = await openRebuilderKey(folder);
  const desk = openDesk({ server: url, token: options.token });
  const independent = options.sources.length > 0 ? await openIndependentSources(options.sources) : undefined;
  const copies = await openCompileCache(at("sources"), { bytesMax: Number.POSITIVE_INFINITY });
  const codec = await openPackCodec({ workers: threads });
  const keep = { path: at("parsed.json"), compiler: compiler.sha256 };
  const workers = await rememberParses(openRuleWorkers({ workers: threads, warm: true }), { keep });
  const fetcher = openHTTPFetcher();
  const records = await openSQLiteRecords({ path: at("records.sqlite") });
  return {
    context: {
      desk: { ...desk, ...keepOwnCopies(desk, copies, independent) },
      ...{ fetcher, url, root: folder.root },
      databases: databasesInObjects(await openFilesystemObjects(at("objects")), records),
      cache: await openCompileCache(at("compile-cache")),
      party: options.party ?? folder.configuration.party,
      ...{ records, signer, codec, workers, digest: nodeDigest, clock: systemClock },
      ...{ compiler, compilers: options.compilers, onProgress, ahead: new AheadMemory() },
    },
    close: async () => {
      for (const part of [signer, records, fetcher, workers, codec]) await part.close();
    },
  };
}
