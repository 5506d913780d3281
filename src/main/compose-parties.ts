/** The overseer, put together from its own parts: own folder, own key, own copies. */
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { systemClock } from "../adapters/clock/system.js";
import { openZstdCodec } from "../adapters/codec/zstd-codec.js";
import { openDesk } from "../adapters/desk/http.js";
import { openHTTPFetcher } from "../adapters/fetcher/http.js";
import { openCompileCache } from "../adapters/compile-cache/filesystem.js";
import { databasesInObjects } from "../adapters/databases/in-objects.js";
import { openFilesystemObjects } from "../adapters/objects/filesystem.js";
import { openSQLiteRecords } from "../adapters/records/sqlite.js";
import { rememberParses } from "../adapters/workers/remembered-parses.js";
import { openRuleWorkers } from "../adapters/workers/rule-workers.js";
import type { AssayContext } from "../assay/model.js";
import { runAssay } from "../assay/run-assay.js";
import { watchReleases } from "../assay/watch.js";
import { describeAssay, describeWatch } from "../cli/describe-assay.js";
import type { AssayOptions, WatchAssayOptions, Progress, Report } from "../cli/doors.js";
import { feedName, releaseNumber } from "../core/brands.js";
import { UsageError } from "../core/errors.js";
import { stopSignal } from "./stop-signal.js";
import { compilerFacts } from "./compiler-facts.js";
import { openKey } from "./compose-keys.js";
import { nodeDigest } from "../adapters/node-digest.js";

const threads = 2;

export async function assay(options: AssayOptions, progress: Progress): Promise<Report> {
  return withRebuilder(options, progress, async (context) => {
    const release = options.release === undefined ? undefined : releaseNumber(options.release);
    const verdict = await runAssay(context, feedName(options.feed), release);
    return { ok: verdict.result === "PASSED", json: verdict, text: describeAssay(verdict) };
  });
}

/** Until it is told to stop, or for one round; the answer is no when something failed. */
export async function watch(options: WatchAssayOptions, progress: Progress): Promise<Report> {
  const stop = stopSignal();
  return withRebuilder(options, progress, async (context) => {
    const report = await watchReleases(context, {
      feeds: options.feeds.map(feedName),
      once: options.once,
      pause: () => Promise.race([stop.then(() => false), sleep(options.seconds * 1000, true, { ref: true })]),
      onVerdict: (verdict) => progress(describeAssay(verdict)),
      onFailure: ({ feed, code, message }) => progress(`${feed}: ${code}: ${message}; asked again`),
    });
    const ok = report.failures.length === 0 && report.verdicts.every(({ result }) => result === "PASSED");
    return { ok, json: report, text: describeWatch(report) };
  });
}

type RebuilderOptions = Omit<AssayOptions, "feed" | "release">;

async function withRebuilder<T>(
  options: RebuilderOptions,
  progress: Progress,
  act: (context: AssayContext) => Promise<T>,
): Promise<T> {
  const folder = resolve(options.data);
  const root = join(folder, "root.json");
  if (!existsSync(root))
    throw new UsageError("USAGE", `expected the overseer's folder with root.json, got ${folder}`);
  const url = options.server.replace(/\/+$/, "");
  const compiler = compilerFacts();
  const codec = await openZstdCodec({ workers: threads });
  const keep = { path: join(folder, "parsed.json"), compiler: compiler.sha256 };
  const workers = await rememberParses(openRuleWorkers({ workers: threads, warm: true }), { keep });
  const fetcher = openHTTPFetcher();
  const records = await openSQLiteRecords({ path: join(folder, "records.sqlite") });
  const signer = await openKey(folder, "keys/assay.key");
  try {
    return await act({
      desk: openDesk({ server: url, token: options.token }),
      ...{ fetcher, url, root: new Uint8Array(readFileSync(root)) },
      databases: databasesInObjects(await openFilesystemObjects(join(folder, "objects")), records),
      cache: await openCompileCache(join(folder, "compile-cache")),
      party: options.party,
      ...{ records, signer, codec, workers, digest: nodeDigest, clock: systemClock },
      ...{ compiler, compilers: options.compilers },
      onProgress: progress,
    });
  } finally {
    for (const part of [signer, records, fetcher, workers, codec]) await part.close();
  }
}
