/**
 * `mirror sync`: a copy of a publisher's public tree, made as an audit whose files are kept. What endpoints would refuse is not passed on; a
 * file is there before anything that names it, and the timestamp comes last, so the copy is whole at every instant (SPEC §9.3).
 */
import { auditPacks, auditSignature } from "../audit/audit-evidence.js";
import { auditExpectedManifest, auditNewest, auditRoots, auditTargets } from "../audit/audit-metadata.js";
import { policyFor } from "../audit/audit-release.js";
import { fetchedFiles } from "../audit/fetch-file.js";
import { namedLog } from "../audit/log-view.js";
import { AuditLog, type AuditStep } from "../audit/report.js";
import { type FeedName, feedName } from "../core/brands.js";
import type { DigestFactory } from "../core/encoding/stream.js";
import { RulemintError, VerificationError } from "../core/errors.js";
import { limits } from "../core/limits.js";
import { parseCRL } from "../core/pki/crl.js";
import { metadataPath, revocationCopyPath, timestampPath } from "../core/release/tree-paths.js";
import { parseEnvelope, parseRoot, parseSnapshot } from "../core/trust/metadata.js";
import type { SignaturePolicy } from "../core/trust/model.js";
import type { TrustedMetadata } from "../core/trust/trusted-metadata.js";
import type { Fetcher } from "../ports/fetcher.js";
import type { PostQuantumVerifier } from "../ports/post-quantum.js";
import type { PublicTree } from "../ports/public-tree.js";
import { copyLog } from "./copy-log.js";
import { keepEvidence, keepPacks, keptManifests } from "./keep-release.js";
import { KeptFiles } from "./kept-files.js";

export interface MirrorOrder {
  readonly fetcher: Fetcher;
  readonly url: string;
  /** Where the copy is; it must be nobody else's. */
  readonly tree: PublicTree;
  /** The pinned root. */
  readonly root: Uint8Array;
  readonly at: Date;
  /** Instead of the one that the root carries. */
  readonly policy?: SignaturePolicy;
  readonly postQuantum?: PostQuantumVerifier;
  readonly digest: DigestFactory;
  readonly onStep?: (step: AuditStep) => void;
  readonly onFile?: (path: string, bytes: number) => void;
}

export interface MirrorSync {
  /** Version of the timestamp that the copy has now. */
  readonly timestamp: number;
  readonly releases: Readonly<Record<string, number>>;
  /** Of the log, new in the copy. */
  readonly entries: number;
  readonly files: number;
  readonly bytes: number;
}

/** Version of each metadata file that the copy has with everything below it, by role. */
type Complete = ReadonlyMap<string, number>;

/** @throws VerificationError, PolicyError: the code of the check that failed; OperationError FETCH_*, STORE_*, RECORD_CONFLICT */
export async function syncMirror(order: MirrorOrder): Promise<MirrorSync> {
  const { tree, root, at, digest, onFile = () => undefined } = order;
  const origin = fetchedFiles(order.fetcher, order.url);
  const kept = new KeptFiles(tree, origin);
  const log = new AuditLog(order.onStep);
  const trusted = await auditRoots(log, kept.reading, root, at);
  await copyRoots(kept, root);
  const complete = await restoreFloor(tree, trusted);
  await auditNewest(log, kept.reading, trusted, at);

  const releases: Record<string, number> = {};
  const policy = policyFor(order.policy, trusted);
  for (const feed of await feedsOf(log, kept, trusted)) {
    releases[feed] = await copyFeed(log, kept, trusted, { ...order, feed, policy, complete });
  }
  for (const role of ["targets", "snapshot"]) await copyVersions(kept, role, trusted, complete);
  await keepNumberedLists(kept);
  const logPolicy = namedLog(policy);
  const entries = logPolicy ? await copyLog({ kept, origin, tree, policy: logPolicy, digest }) : 0;
  return { timestamp: trusted.timestamp?.version ?? 0, releases, entries, ...(await kept.write(onFile)) };
}

/** The pinned one, and for those who pinned an older one the roots before it, which only they can judge. */
async function copyRoots(kept: KeptFiles, pinned: Uint8Array): Promise<void> {
  const { version } = parseRoot(parseEnvelope(pinned, "root").signed);
  for (let before = 1; before < version; before++) {
    await kept.reading.find(metadataPath("root", before), limits.rootBytesMax);
  }
  await kept.keep(metadataPath("root", version), pinned);
}

/** SPEC §9.3.3: what the copy has is the floor. What it has of keys that are not trusted any more is none. */
async function restoreFloor(tree: PublicTree, trusted: TrustedMetadata): Promise<Complete> {
  const timestamp = await tree.read(timestampPath);
  if (timestamp === undefined) return new Map();
  try {
    await trusted.restoreTimestamp(timestamp);
    const { version } = trusted.timestamp?.snapshot ?? { version: 0 };
    const snapshot = await tree.read(metadataPath("snapshot", version));
    if (snapshot === undefined) return new Map();
    await trusted.restoreSnapshot(snapshot);
    const { files } = parseSnapshot(parseEnvelope(snapshot, "snapshot").signed);
    const versions = [...files].map(([name, file]) => [name.replace(/\.json$/, ""), file.version] as const);
    return new Map([...versions, ["snapshot", version]]);
  } catch (error) {
    if (error instanceof VerificationError) return new Map();
    throw error;
  }
}

async function feedsOf(log: AuditLog, kept: KeptFiles, trusted: TrustedMetadata): Promise<FeedName[]> {
  const names = [...(trusted.snapshot?.files.keys() ?? [])].map((name) => name.replace(/\.json$/, ""));
  const feeds = names.filter((name) => name !== "targets").map(feedName);
  for (const feed of feeds) await auditTargets(log, kept.reading, trusted, feed);
  return feeds;
}

interface FeedOrder extends MirrorOrder {
  readonly feed: FeedName;
  readonly policy: SignaturePolicy;
  readonly complete: Complete;
}

/** The newest release whole, and of the ones before it what tells their history. */
async function copyFeed(
  log: AuditLog,
  kept: KeptFiles,
  trusted: TrustedMetadata,
  { feed, policy, complete, at, postQuantum }: FeedOrder,
): Promise<number> {
  const files = kept.reading;
  const newest = await auditExpectedManifest(log, files, trusted, feed, `The newest manifest of ${feed}`);
  const proven = await auditSignature(log, files, newest, policy, at, postQuantum);
  await auditPacks(log, files, proven, policy, at);
  await keepEvidence(kept, feed, proven.manifest.version);
  const stable = trusted.timestamp?.rings.get(feed)?.stable;
  for await (const manifest of keptManifests(kept, proven.manifest, complete.get(feed) ?? 0)) {
    await keepEvidence(kept, feed, manifest.version);
    // SPEC §16.1: what endpoints get that are not drawn for the newest.
    if (manifest.version === stable) await keepPacks(kept, manifest.packs);
  }
  return proven.manifest.version;
}

/** Versions between the last copy's and the newest: auditors ask who was allowed to sign what, and when. */
async function copyVersions(
  { reading }: KeptFiles,
  role: string,
  trusted: TrustedMetadata,
  complete: Complete,
): Promise<void> {
  const newest = role === "snapshot" ? trusted.timestamp?.snapshot.version : trusted.expected(role).version;
  for (let version = (complete.get(role) ?? 0) + 1; version < (newest ?? 0); version++) {
    await reading.find(metadataPath(role, version), limits.targetsBytesMax);
  }
}

/** SPEC §6.8.10: each list under its own number as well. */
async function keepNumberedLists(kept: KeptFiles): Promise<void> {
  for (const [path, bytes] of [...kept.fetched]) {
    const name = /^crl\/([^/]+)\.crl$/.exec(path)?.[1];
    const number = name === undefined ? undefined : numberOf(bytes);
    if (name !== undefined && number !== undefined) await kept.keep(revocationCopyPath(name, number), bytes);
  }
}

function numberOf(bytes: Uint8Array): bigint | undefined {
  try {
    return parseCRL(bytes).number;
  } catch (error) {
    // The audit has judged it as far as anybody relies on it.
    if (error instanceof RulemintError) return undefined;
    throw error;
  }
}
