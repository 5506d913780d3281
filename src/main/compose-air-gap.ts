/** Updates across an air gap: one file out of a network, one file into an endpoint that has none. */
import { resolve } from "node:path";
import { systemClock } from "../adapters/clock/system.js";
import { writeFileDurably } from "../adapters/durable-files.js";
import { openFile } from "../adapters/open-file.js";
import { openArchiveFetcher } from "../adapters/fetcher/archive.js";
import { openFetcher } from "../adapters/fetcher/open.js";
import { nobleVerifier } from "../adapters/post-quantum/noble.js";
import type { Progress, Report } from "../cli/doors.js";
import { formatBytes } from "../cli/figures.js";
import type { ExportUpdateOptions, ImportUpdateOptions } from "../cli/mirror-doors.js";
import { readConfig } from "../client/state.js";
import { feedName } from "../core/brands.js";
import { UsageError, quote } from "../core/errors.js";
import { parsePolicy } from "../core/trust/policy.js";
import { collectBundle } from "../mirror/collect-bundle.js";
import { stepLine } from "./compose-audit.js";
import { readInput, updateReport, withUpdater } from "./compose-endpoint.js";
import { openEndpoint } from "./compose-endpoint-folder.js";
import { tuneForEndpoint } from "./give-back.js";

/** Written whole or not at all. */
export async function exportUpdate(options: ExportUpdateOptions, progress: Progress): Promise<Report> {
  const { url, policy, from } = options;
  const fetcher = openFetcher();
  try {
    const { release, packs, archive } = await collectBundle({
      ...{ fetcher, url, root: readInput(options.root), feed: feedName(options.feed), at: systemClock.now() },
      ...(policy !== undefined && { policy: parsePolicy(readInput(policy)) }),
      ...{ postQuantum: nobleVerifier, from, onStep: stepLine(progress) },
    });
    await writeFileDurably(resolve(options.out), archive);
    const bytes = archive.length;
    const names = packs.map((pack) => `${pack.path} (${formatBytes(pack.bytes)})`).join(", ");
    const text = `release ${release} in ${options.out}, ${formatBytes(bytes)}: ${names || "no packs"}\n`;
    return { ok: true, json: { ok: true, release, packs, bytes, out: options.out }, text };
  } finally {
    await fetcher.close();
  }
}

/** As any update: proven before anything is touched, and whatever fails leaves the last good release in place. */
export async function importUpdate(options: ImportUpdateOptions, progress: Progress): Promise<Report> {
  tuneForEndpoint();
  const { state, file } = options;
  const source = await openFile(resolve(file));
  if (source === undefined) throw new UsageError("USAGE", `expected a bundle at ${quote(file)}, got no file`);
  try {
    const { url, network } = await readConfig((await openEndpoint(state)).files);
    const archive = await openArchiveFetcher(source, [url, ...(network.mirrors ?? [])]);
    return await withUpdater(
      state,
      progress,
      async (updater) => updateReport(await updater.update()),
      archive,
    );
  } finally {
    await source.close();
  }
}
