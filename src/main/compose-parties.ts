/** The overseer and the auditor, put together from their own parts: own folder, own key, own copies. */
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { systemClock } from "../adapters/clock/system.js";
import { openZstdCodec } from "../adapters/codec/zstd-codec.js";
import { openDesk } from "../adapters/desk/http.js";
import { openHTTPFetcher } from "../adapters/fetcher/http.js";
import { databasesInObjects } from "../adapters/databases/in-objects.js";
import { openFilesystemObjects } from "../adapters/objects/filesystem.js";
import { nobleVerifier } from "../adapters/post-quantum/noble.js";
import { openSQLiteRecords } from "../adapters/records/sqlite.js";
import { rememberParses } from "../adapters/workers/remembered-parses.js";
import { openRuleWorkers } from "../adapters/workers/rule-workers.js";
import { runAssay } from "../assay/run-assay.js";
import { auditRelease } from "../audit/audit-release.js";
import { describeAssay } from "../cli/describe-assay.js";
import { describeAudit } from "../cli/describe-audit.js";
import type { AssayOptions, AuditOptions, Progress, Report } from "../cli/doors.js";
import { feedName, releaseNumber } from "../core/brands.js";
import { UsageError } from "../core/errors.js";
import { parsePolicy } from "../core/trust/policy.js";
import { compilerFacts } from "./compiler-facts.js";
import { readInput } from "./compose-endpoint.js";
import { openKey } from "./compose-keys.js";
import { nodeDigest } from "./node-digest.js";

const threads = 2;

export async function assay(options: AssayOptions, progress: Progress): Promise<Report> {
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
    const verdict = await runAssay(
      {
        desk: openDesk({ server: url, token: options.token }),
        ...{ fetcher, url, root: new Uint8Array(readFileSync(root)) },
        databases: databasesInObjects(await openFilesystemObjects(join(folder, "objects")), records),
        ...{ records, signer, codec, workers, digest: nodeDigest, clock: systemClock },
        compiler,
        onProgress: progress,
      },
      feedName(options.feed),
      options.release === undefined ? undefined : releaseNumber(options.release),
    );
    return { ok: verdict.result === "PASSED", json: verdict, text: describeAssay(verdict) };
  } finally {
    for (const part of [signer, records, fetcher, workers, codec]) await part.close();
  }
}

export async function audit(options: AuditOptions, progress: Progress): Promise<Report> {
  const codec = await openZstdCodec({ workers: 0 });
  const workers = openRuleWorkers({ workers: threads });
  const fetcher = openHTTPFetcher();
  const { token, rebuild } = options;
  if (rebuild && !token) throw new UsageError("USAGE", "expected an auditor's token with --rebuild");
  const archive = token === undefined ? undefined : openDesk({ server: options.url, token });
  try {
    const report = await auditRelease({
      url: options.url,
      root: readInput(options.root),
      feed: feedName(options.feed),
      ...(options.release !== undefined && { release: releaseNumber(options.release) }),
      ...(options.policy !== undefined && { policy: parsePolicy(readInput(options.policy)) }),
      at: options.at === undefined ? systemClock.now() : new Date(options.at),
      fetcher,
      workshop: { codec, workers, digest: nodeDigest, archive },
      rebuild,
      postQuantum: nobleVerifier,
      onStep: (step) => progress(`${step.result === "proven" ? "proven " : "REFUSED"} ${step.title}`),
    });
    return { ok: report.verdict === "proven", json: report, text: describeAudit(report) };
  } finally {
    for (const part of [fetcher, workers, codec]) await part.close();
  }
}
