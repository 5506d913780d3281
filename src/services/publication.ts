/**
 * The way of every change into the public tree.
 *
 * A change is made whole first (objects), judged as a customer would, and decided by one commit of `pending`.
 * Then its files are written, the snapshot last, and `timestamp.json` is swapped. A crash anywhere leaves the
 * old head or the new one, and whoever comes next writes the same bytes again (SPEC §2.6.3: versions are never
 * used for two contents).
 */
import { type FeedName, sha256Hex } from "../core/brands.js";
import { hexText } from "../core/encoding/bytes.js";
import { sha256 } from "../core/encoding/sha256.js";
import { metadataPath, timestampPath } from "../core/release/tree-paths.js";
import { parseEnvelope, parseTimestamp } from "../core/trust/metadata.js";
import type { RingTable } from "../core/trust/rings.js";
import { signMetadata } from "../issuing/tuf-signatures.js";
import { snapshotSigned, timestampSigned } from "../issuing/tuf.js";
import { type CheckedRelease, checkPublication } from "./check-publication.js";
import type { RecordWrite } from "../ports/records.js";
import type { ServiceContext } from "./context.js";
import type { Versioned } from "./documents.js";
import type {
  MetadataObject,
  PendingPublication,
  PublicationRecord,
  PublishedFile,
  PublishedState,
  TreeWrite,
} from "./model.js";
import { requirePublication } from "./published-trust.js";
import type { RolloutRecord } from "./rollout/model.js";
import { ringTable } from "./rollout/ring-table.js";
import { serially } from "./serially.js";
import { readObject } from "./source-batches.js";

export interface PublicationChange {
  readonly rootVersion: number;
  /** Immutable files, in order, without snapshot and timestamp. */
  readonly writes: readonly TreeWrite[];
  readonly files: readonly PublishedFile[];
  /** False when only the timestamp is signed again. */
  readonly newSnapshot: boolean;
  readonly release: CheckedRelease | null;
  /** Begins with this change. */
  readonly rollout?: RolloutRecord;
  /** Decided together with the change: what the log says of it. */
  readonly entries?: readonly RecordWrite[];
}

/**
 * `decide` sees the state after everything that was pending; undefined means that there is nothing to change.
 */
export function publishChange(
  context: ServiceContext,
  decide: (state: PublishedState) => Promise<PublicationChange | undefined>,
): Promise<void> {
  return serially(context.records, "publication", async () => {
    await finishPending(context);
    const before = await requirePublication(context);
    const change = await decide(before.body);
    if (change === undefined) return;
    await planPublication(context, before, change);
    await finishPending(context);
    await checkPublication(
      (path) => context.tree.read(path),
      context.clock.now(),
      change.rootVersion,
      change.release,
    );
  });
}

/** Makes the change's snapshot and timestamp, judges the whole and commits to it. */
async function planPublication(
  context: ServiceContext,
  before: Versioned<PublicationRecord>,
  change: PublicationChange,
): Promise<void> {
  const pending = await signHead(context, before.body, change);
  const staged = new Map(pending.writes.map(({ path, sha256 }) => [path, sha256]));
  staged.set(timestampPath, (pending.timestamp as MetadataObject).sha256);
  const read = async (path: string) => {
    const object = staged.get(path);
    return object === undefined ? context.tree.read(path) : readObject(context.objects, object);
  };
  await checkPublication(read, context.clock.now(), change.rootVersion, change.release);
  const body: PublicationRecord = { ...before.body, pending };
  await context.records.commit([
    { collection: "publication", id: "current", expected: before.version, body },
    ...(change.entries ?? []),
  ]);
}

async function signHead(
  context: ServiceContext,
  state: PublicationRecord,
  change: Omit<PublicationChange, "release">,
): Promise<PendingPublication> {
  const { rootVersion, files } = change;
  const fresh = change.newSnapshot || state.snapshot === null;
  const snapshot = fresh
    ? await signSnapshot(context, files, newer(state.snapshot, state.pending?.snapshot))
    : (state.snapshot as MetadataObject);
  const version = newer(state.timestamp, state.pending?.timestamp);
  const rings = await ringTable(context, files, change.rollout);
  const timestamp = await signTimestamp(context, snapshot, version, rings);
  const last = { path: metadataPath("snapshot", snapshot.version), sha256: snapshot.sha256 };
  const writes = fresh ? [...change.writes, last] : change.writes;
  return { rootVersion, files, writes, snapshot, timestamp };
}

/** Above everything that may have been written already. */
function newer(published: MetadataObject | null, pending: MetadataObject | null | undefined): number {
  return Math.max(published?.version ?? 0, pending?.version ?? 0) + 1;
}

async function signSnapshot(
  context: ServiceContext,
  files: readonly PublishedFile[],
  version: number,
): Promise<MetadataObject> {
  const all = new Map<string, { version: number; bytes: Uint8Array }>();
  for (const file of files) {
    all.set(file.role, { version: file.version, bytes: await readObject(context.objects, file.sha256) });
  }
  const targets = all.get("targets") ?? { version: 0, bytes: new Uint8Array() };
  all.delete("targets");
  const feeds = all as Map<FeedName, { version: number; bytes: Uint8Array }>;
  const signed = await snapshotSigned({ version, expires: expiry(context, "snapshot"), targets, feeds });
  return keep(context, version, await signMetadata(signed, [context.snapshot]));
}

async function signTimestamp(
  context: ServiceContext,
  snapshot: MetadataObject,
  version: number,
  rings: RingTable,
): Promise<MetadataObject> {
  const file = { version: snapshot.version, bytes: await readObject(context.objects, snapshot.sha256) };
  const expires = expiry(context, "timestamp");
  const signed = await timestampSigned({ version, expires, snapshot: file, rings });
  return keep(context, version, await signMetadata(signed, [context.timestamp]));
}

async function keep(context: ServiceContext, version: number, bytes: Uint8Array): Promise<MetadataObject> {
  return { version, sha256: (await context.objects.put([bytes])).sha256 };
}

function expiry({ clock, settings }: ServiceContext, role: "snapshot" | "timestamp"): Date {
  return new Date(clock.now().getTime() + settings.expiryDays[role] * 86_400_000);
}

/**
 * Writes what was decided and is not known to be in the tree. Repeatable; does nothing when nothing is
 * pending.
 */
async function finishPending(context: ServiceContext): Promise<void> {
  const before = await requirePublication(context);
  const { pending } = before.body;
  if (pending === null) return;
  const fresh = await renewed(context, before, pending);
  for (const { path, sha256: object } of fresh.body.writes) await writeFile(context, path, object);
  const { snapshot, timestamp, rootVersion, files } = fresh.body;
  await swapHead(context, before.body.timestamp, timestamp as MetadataObject);
  const body: PublicationRecord = { rootVersion, files, snapshot, timestamp, pending: null };
  await context.records.commit([{ collection: "publication", id: "current", expected: fresh.version, body }]);
}

/** A head that waited until it expired is signed again under new versions, with the same files below it. */
async function renewed(
  context: ServiceContext,
  before: Versioned<PublicationRecord>,
  pending: PendingPublication,
): Promise<Versioned<PendingPublication>> {
  const timestamp = pending.timestamp as MetadataObject;
  const bytes = await readObject(context.objects, timestamp.sha256);
  const { expires } = parseTimestamp(parseEnvelope(bytes, "timestamp").signed);
  if (expires > context.clock.now() || (await headIs(context, timestamp))) {
    return { body: pending, version: before.version };
  }
  const again = await signHead(context, before.body, { ...pending, newSnapshot: true });
  const body: PublicationRecord = { ...before.body, pending: again };
  await context.records.commit([
    { collection: "publication", id: "current", expected: before.version, body },
  ]);
  return { body: again, version: before.version + 1 };
}

async function writeFile({ objects, tree }: ServiceContext, path: string, object: string): Promise<void> {
  const source = await objects.open(sha256Hex(object));
  if (source === undefined) {
    await readObject(objects, sha256Hex(object));
    return;
  }
  try {
    await tree.putImmutable(path, source);
  } finally {
    await source.close();
  }
}

async function swapHead(
  context: ServiceContext,
  before: MetadataObject | null,
  after: MetadataObject,
): Promise<void> {
  if (await headIs(context, after)) return;
  const expected = before === null ? undefined : await readObject(context.objects, before.sha256);
  await context.tree.swapHead(timestampPath, expected, await readObject(context.objects, after.sha256));
}

async function headIs({ tree }: ServiceContext, wanted: MetadataObject): Promise<boolean> {
  const found = await tree.read(timestampPath);
  return found !== undefined && hexText(await sha256(found)) === wanted.sha256;
}
