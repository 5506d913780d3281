/**
 * `client export-bundle`: what one endpoint asks of the public tree for its next update, in one archive for the way across an air gap. All of
 * it is proven as the endpoint will prove it again (SPEC §9.4).
 */
import { auditSignature } from "../audit/audit-evidence.js";
import { auditExpectedManifest, auditMetadata } from "../audit/audit-metadata.js";
import { policyFor } from "../audit/audit-release.js";
import { fetchedFiles } from "../audit/fetch-file.js";
import { logTiles, namedLog, newestCheckpoint } from "../audit/log-view.js";
import { AuditLog, type AuditStep } from "../audit/report.js";
import type { FeedName } from "../core/brands.js";
import { compareBytes, concatBytes, utf8Bytes } from "../core/encoding/bytes.js";
import { tarEnd, tarHeader, tarPadding } from "../core/encoding/tar.js";
import { OperationError } from "../core/errors.js";
import type { PackFacts } from "../core/format/model.js";
import { choosePath } from "../core/format/plan.js";
import { parseCheckpoint } from "../core/log/checkpoint.js";
import { entriesBelow, partialTiles, tilePath, tileWidth } from "../core/log/tiles.js";
import type { SignaturePolicy } from "../core/trust/model.js";
import type { Fetcher } from "../ports/fetcher.js";
import type { PostQuantumVerifier } from "../ports/post-quantum.js";
import { keepEvidence, keepPacks, keptManifests } from "./keep-release.js";
import { KeptFiles } from "./kept-files.js";

export interface BundleOrder {
  readonly fetcher: Fetcher;
  readonly url: string;
  readonly root: Uint8Array;
  readonly feed: FeedName;
  readonly at: Date;
  readonly policy?: SignaturePolicy;
  readonly postQuantum?: PostQuantumVerifier;
  /** Releases that endpoints on the other side have. None: the full pack. */
  readonly from: readonly number[];
  readonly onStep?: (step: AuditStep) => void;
}

export interface UpdateBundle {
  readonly release: number;
  /** Paths of the packs in it, and their bytes. */
  readonly packs: readonly { readonly path: string; readonly bytes: number }[];
  readonly archive: Uint8Array;
}

/** What is kept here was fetched for this bundle. */
const nothing = {
  read: async () => undefined,
  open: async () => undefined,
  putImmutable: () => Promise.reject(new OperationError("STORE_FAILED", "nothing is written here")),
  swapHead: () => Promise.reject(new OperationError("STORE_FAILED", "nothing is written here")),
};

/** @throws VerificationError, PolicyError: the code of the check that failed; OperationError FETCH_*; UsageError USAGE */
export async function collectBundle(order: BundleOrder): Promise<UpdateBundle> {
  const { root, at, feed, from } = order;
  const kept = new KeptFiles(nothing, fetchedFiles(order.fetcher, order.url));
  const files = kept.reading;
  const log = new AuditLog(order.onStep);
  const trusted = await auditMetadata(log, files, root, feed, at);
  const newest = await auditExpectedManifest(log, files, trusted, feed, "The newest manifest");
  const policy = policyFor(order.policy, trusted);
  const { manifest } = await auditSignature(log, files, newest, policy, at, order.postQuantum);
  // All of it: what the endpoint's own policy may ask for beyond this one.
  await keepEvidence(kept, feed, manifest.version);
  if (namedLog(policy) !== undefined) await keepTiles(kept);
  const packs = packsFrom(from, manifest.packs, manifest.version);
  const stable = trusted.timestamp?.rings.get(feed)?.stable ?? manifest.version;
  for await (const older of keptManifests(kept, manifest, stable + 1)) {
    if (older.version !== stable) continue;
    await keepEvidence(kept, feed, stable);
    packs.push(...packsFrom(from, older.packs, stable));
  }
  await keepPacks(kept, packs);
  return {
    release: manifest.version,
    packs: packs.map(({ path, bytes }) => ({ path, bytes })),
    archive: archiveOf(kept.fetched),
  };
}

/** The paths of fewest bytes from each of these releases; from none at all when nobody has any. */
function packsFrom(from: readonly number[], all: readonly PackFacts[], want: number): PackFacts[] {
  const starts = from.length === 0 ? [undefined] : from;
  const chosen = starts.flatMap((have) => choosePath(all, have, want)?.packs ?? []);
  return [...new Map(chosen.map((pack) => [pack.path, pack])).values()];
}

/** The checkpoint and all tiles of hashes: an endpoint may have seen the log at any size. */
async function keepTiles(kept: KeptFiles): Promise<void> {
  const { size } = parseCheckpoint((await newestCheckpoint(kept.reading)).text);
  const read = logTiles(kept.reading);
  for (let level = 0; entriesBelow(level + 1) <= size; level++) {
    const full = Math.floor(size / entriesBelow(level + 1));
    for (let index = 0; index < full; index++) {
      await read({ level, index, width: tileWidth });
    }
  }
  for (const place of partialTiles(size)) {
    if (place.level !== "entries") await kept.keep(`log/${tilePath(place)}`, await read(place));
  }
}

/** SPEC §9.4.1 */
function archiveOf(files: ReadonlyMap<string, Uint8Array>): Uint8Array {
  const sorted = [...files].sort(([a], [b]) => compareBytes(utf8Bytes(a), utf8Bytes(b)));
  const members = sorted.flatMap(([path, bytes]) => [
    tarHeader(path, bytes.length),
    bytes,
    tarPadding(bytes.length),
  ]);
  return concatBytes(...members, tarEnd());
}
