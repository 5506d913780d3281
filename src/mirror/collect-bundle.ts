/**
 * `client export-bundle`: what one endpoint asks of the public tree for its next update, in one archive for the way across an air gap. All of
 * it is proven as the endpoint will prove it again (SPEC §9.4).
 */
import { auditSignature } from "../audit/audit-evidence.js";
import { auditExpectedManifest, auditRoots, auditTargets } from "../audit/audit-metadata.js";
import { fetchedFiles } from "../audit/fetch-file.js";
import { logTiles, newestCheckpoint } from "../audit/log-view.js";
import { AuditLog, type AuditStep } from "../audit/report.js";
import type { FeedName } from "../core/brands.js";
import { compareBytes, concatBytes, hexText, utf8Bytes } from "../core/encoding/bytes.js";
import { sha256 } from "../core/encoding/sha256.js";
import { tarEnd, tarHeader, tarPadding } from "../core/encoding/tar.js";
import { OperationError, UsageError, VerificationError, quote } from "../core/errors.js";
import type { PackFacts } from "../core/format/model.js";
import { choosePath } from "../core/format/plan.js";
import { limits } from "../core/limits.js";
import { parseCheckpoint } from "../core/log/checkpoint.js";
import { entriesBelow, partialTiles, tilePath, tileWidth } from "../core/log/tiles.js";
import { evidencePath, metadataPath, packPath, timestampPath } from "../core/release/tree-paths.js";
import { verdictsPath } from "../core/trust/attest/verdict-list.js";
import type { SignaturePolicy } from "../core/trust/model.js";
import { policyInForce } from "../core/trust/policy.js";
import type { Fetcher } from "../ports/fetcher.js";
import type { PostQuantumVerifier } from "../ports/post-quantum.js";
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
  putImmutable: () => Promise.reject(new OperationError("STORE_FAILED", "nothing is written here")),
  swapHead: () => Promise.reject(new OperationError("STORE_FAILED", "nothing is written here")),
};

/** @throws VerificationError, PolicyError: the code of the check that failed; OperationError FETCH_*; UsageError USAGE */
export async function collectBundle(order: BundleOrder): Promise<UpdateBundle> {
  const { root, at, feed } = order;
  const kept = new KeptFiles(nothing, fetchedFiles(order.fetcher, order.url));
  const files = kept.reading;
  const log = new AuditLog(order.onStep);
  const trusted = await auditRoots(log, files, root, at);
  await trusted.updateTimestamp(await files.read(timestampPath, limits.timestampBytesMax));
  const snapshot = metadataPath("snapshot", trusted.timestamp?.snapshot.version ?? 0);
  await trusted.updateSnapshot(await files.read(snapshot, limits.snapshotBytesMax));
  await auditTargets(log, files, trusted, feed);
  const newest = await auditExpectedManifest(log, files, trusted, feed, "The newest manifest");
  const policy = policyInForce(trusted.root, order.policy);
  if (policy === undefined)
    throw new UsageError("USAGE", "expected a signature policy in the root, got none");
  const { manifest } = await auditSignature(log, files, newest, policy, at, order.postQuantum);
  // What the endpoint's own policy may ask for beyond this one.
  await files.find(evidencePath(feed, manifest.version), limits.evidenceBytesMax);
  await files.find(verdictsPath(feed, manifest.version), limits.verdictListBytesMax);
  await files.find(`evidence/${feed}/${manifest.version}.clamav.json`, limits.clamavSignaturesBytesMax);
  if (policy.log !== undefined && policy.log !== "not-required-unsafe") await keepTiles(kept);
  const packs = packsFrom(order.from, manifest.packs, manifest.version);
  for (const pack of packs) await keepPack(kept, pack);
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

async function keepPack(kept: KeptFiles, pack: PackFacts): Promise<void> {
  const bytes = await kept.reading.read(packPath(pack), pack.bytes);
  const digest = hexText(await sha256(bytes));
  if (bytes.length === pack.bytes && digest === pack.sha256) return;
  throw new VerificationError(
    "PACK_DIGEST_MISMATCH",
    `expected ${quote(pack.path)} to be ${pack.sha256}, got ${digest}`,
  );
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
