/** `rulemint mirror sync`, put together. */
import { resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { systemClock } from "../adapters/clock/system.js";
import { openFetcher } from "../adapters/fetcher/open.js";
import { nodeDigest } from "../adapters/node-digest.js";
import { nobleVerifier } from "../adapters/post-quantum/noble.js";
import { openFilesystemTree } from "../adapters/public-tree/filesystem.js";
import type { Progress, Report } from "../cli/doors.js";
import { formatBytes } from "../cli/figures.js";
import type { MirrorSyncOptions } from "../cli/mirror-doors.js";
import { RulemintError } from "../core/errors.js";
import { parsePolicy } from "../core/trust/policy.js";
import { type MirrorOrder, type MirrorSync, syncMirror } from "../mirror/sync-mirror.js";
import { readInput } from "./compose-endpoint.js";
import { stopSignal } from "./stop-signal.js";

/** Once, or until it is told to stop; then one failure does not end it, because the copy stands as it was. */
export async function syncMirrorOf(options: MirrorSyncOptions, progress: Progress): Promise<Report> {
  const { url, policy, seconds } = options;
  const fetcher = openFetcher();
  const order: Omit<MirrorOrder, "at"> = {
    ...{ fetcher, url, digest: nodeDigest, postQuantum: nobleVerifier },
    tree: await openFilesystemTree(resolve(options.to)),
    root: readInput(options.root),
    ...(policy !== undefined && { policy: parsePolicy(readInput(policy)) }),
    onFile: (path, bytes) => progress(`${path}: ${formatBytes(bytes)}`),
  };
  try {
    const once = () => syncMirror({ ...order, at: systemClock.now() });
    return reportOf(seconds === undefined ? await once() : await again(once, seconds, progress));
  } finally {
    await fetcher.close();
  }
}

async function again(once: () => Promise<MirrorSync>, seconds: number, progress: Progress) {
  const stop = stopSignal();
  for (let last: MirrorSync | undefined; ; ) {
    try {
      last = await once();
    } catch (error) {
      if (!(error instanceof RulemintError)) throw error;
      progress(`${error.code}: ${error.message}`);
    }
    if (await Promise.race([stop.then(() => true), sleep(seconds * 1000, false)])) return last;
  }
}

function reportOf(sync: MirrorSync | undefined): Report {
  if (sync === undefined) return { ok: false, json: { ok: false }, text: "nothing was copied\n" };
  const releases = Object.entries(sync.releases).map(([feed, release]) => `${feed} ${release}`);
  const what =
    sync.files === 0 ? "nothing new" : `${sync.files} files, ${formatBytes(sync.bytes)}, new or replaced`;
  const text = `the copy is at timestamp ${sync.timestamp}, release ${releases.join(", ")}: ${what}\n`;
  return { ok: true, json: { ok: true, ...sync }, text };
}
