/** The auditor, put together from its own parts. */
import { writeFileSync } from "node:fs";
import { systemClock } from "../adapters/clock/system.js";
import { openPackCodec } from "../adapters/codec/pack-codec.js";
import { openDesk } from "../adapters/desk/http.js";
import { openFetcher } from "../adapters/fetcher/open.js";
import { nobleVerifier } from "../adapters/post-quantum/noble.js";
import { openRuleWorkers } from "../adapters/workers/rule-workers.js";
import type { Workshop } from "../audit/audit-content.js";
import { type TreeQuestion, auditRelease } from "../audit/audit-release.js";
import { formOf } from "../audit/render/render.js";
import { renderText } from "../audit/render/text.js";
import type { AuditReport, AuditStep } from "../audit/report.js";
import type { AuditReleaseOptions, TreeOptions } from "../cli/audit-doors.js";
import type { Progress, Report } from "../cli/doors.js";
import { feedName, releaseNumber } from "../core/brands.js";
import { UsageError } from "../core/errors.js";
import { parsePolicy } from "../core/trust/policy.js";
import { readInput } from "./compose-endpoint.js";
import { nodeDigest } from "../adapters/node-digest.js";

const threads = 2;

export async function auditReleaseOf(options: AuditReleaseOptions, progress: Progress): Promise<Report> {
  const { token, rebuild, url, release } = options;
  if (rebuild && !token) throw new UsageError("USAGE", "expected an auditor's token with --rebuild");
  const archive = auditorDesk(url, token, `audit of release ${release ?? "newest"} of ${options.feed}`);
  return answering(options.report, () =>
    withWorkshop(archive, (workshop) =>
      withTree(options, progress, (tree) =>
        auditRelease({
          ...{ ...tree, workshop, rebuild },
          ...(release !== undefined && { release: releaseNumber(release) }),
        }),
      ),
    ),
  );
}

/** The service as an auditor reads it, in the visit that he is on. Undefined without a token. */
export function auditorDesk(server: string, token: string | undefined, purpose: string) {
  const { RULEMINT_WHY: reason = purpose, RULEMINT_VISIT: visit = "" } = process.env;
  return token === undefined ? undefined : openDesk({ server, token, reason, visit });
}

/** Makes the report and writes it to every file that was asked for; a name without a form is found out before the work. */
export async function answering(
  paths: readonly string[],
  audit: () => Promise<AuditReport>,
): Promise<Report> {
  const forms = paths.map((path) => ({ path, form: formOf(path) }));
  const report = await audit();
  for (const { path, form } of forms) writeFileSync(path, form(report));
  return { ok: report.verdict === "proven", json: report, text: renderText(report) };
}

export async function withTree<T>(
  options: TreeOptions,
  progress: Progress,
  work: (tree: TreeQuestion) => Promise<T>,
): Promise<T> {
  const fetcher = openFetcher();
  try {
    return await work({
      url: options.url,
      root: readInput(options.root),
      feed: feedName(options.feed),
      ...(options.policy !== undefined && { policy: parsePolicy(readInput(options.policy)) }),
      at: options.at === undefined ? systemClock.now() : new Date(options.at),
      fetcher,
      postQuantum: nobleVerifier,
      onStep: stepLine(progress),
    });
  } finally {
    await fetcher.close();
  }
}

/** What a person who waits sees of a step. */
export const stepLine =
  (progress: Progress) =>
  ({ result, title }: AuditStep): void =>
    progress(`${result === "proven" ? "proven " : "REFUSED"} ${title}`);

export async function withWorkshop<T>(
  archive: Workshop["archive"],
  work: (workshop: Workshop) => Promise<T>,
): Promise<T> {
  const codec = await openPackCodec({ workers: 0 });
  const workers = openRuleWorkers({ workers: threads });
  try {
    return await work({ codec, workers, digest: nodeDigest, archive });
  } finally {
    for (const part of [workers, codec]) await part.close();
  }
}
