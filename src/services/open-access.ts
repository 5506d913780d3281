/** Parts of the access log, opened for an auditor, as files that hold without this service. */
import { base64Bytes, utf8Bytes, utf8Text } from "../core/encoding/bytes.js";
import { UsageError } from "../core/errors.js";
import { type AccessEntry, parseAccessEntry } from "../core/log/access-entries.js";
import type { AccessFile, Anchor, OpenedLeaf } from "../core/log/access-file.js";
import { formatNote } from "../core/log/note.js";
import { parseBundle } from "../core/log/entries.js";
import { tileReader } from "../core/log/read-log.js";
import { tileAt, tileWidth } from "../core/log/tiles.js";
import { parseReleaseLogEntry } from "../core/log/release-entries.js";
import { type AccessLog, type StoredOpening, openingID } from "./access-log.js";
import { type OwnLog, checkpointOver, proveEntry, proveGrowth } from "./append-to-log.js";
import type { ServiceContext } from "./context.js";
import { newestAnchor } from "./keep-access-log.js";
import type { Identity } from "./model.js";
import { provenEntry } from "./release-log.js";
import { requireRole } from "./roles.js";

export interface AccessRange {
  readonly from?: number | undefined;
  /** Exclusive. */
  readonly to?: number | undefined;
}

/** Entries that fit all of what is given. */
export interface AccessSearch extends AccessRange {
  readonly who?: string | undefined;
  /** Part of a target: an id of a submission, `feeds/endpoint/releases/3`, a digest. */
  readonly about?: string | undefined;
  readonly since?: string | undefined;
  readonly until?: string | undefined;
  readonly review?: string | undefined;
}

export const openedMax = 2000;
const page = 1000;

/**
 * SPEC §13.4.1: an auditor's look into the log, which is in the log itself by now. @throws PolicyError ROLE_REFUSED;
 * UsageError NOT_FOUND for a service without an access log, REQUEST_INVALID for more than can be opened at once
 */
export async function openAccess(
  context: ServiceContext,
  identity: Identity,
  search: AccessSearch,
): Promise<AccessFile> {
  requireRole(identity, "auditor");
  const isRange = [search.who, search.about, search.since, search.until, search.review].every(
    (one) => one === undefined,
  );
  return isRange ? openAccessRange(context, search) : openFound(context, search);
}

export function openAccessRange(context: ServiceContext, range: AccessRange): Promise<AccessFile> {
  return openPart(context, range, true, async (_, from, to, size) => {
    if (from <= to && to - from <= openedMax) return Array.from({ length: to - from }, (_, i) => from + i);
    const message = `expected a range of at most ${openedMax} below ${size}, got ${from} to ${to}`;
    throw new UsageError("REQUEST_INVALID", message);
  });
}

function openFound(context: ServiceContext, search: AccessSearch): Promise<AccessFile> {
  return openPart(context, search, false, (accessLog, from, to) => find(accessLog, search, from, to));
}

/** The leaves that `choose` names, under one checkpoint. `complete` claims that they are all of the range. */
async function openPart(
  context: ServiceContext,
  range: AccessRange,
  complete: boolean,
  choose: (accessLog: AccessLog, from: number, to: number, size: number) => Promise<number[]>,
): Promise<AccessFile> {
  const { accessLog } = context;
  if (accessLog === undefined)
    throw new UsageError("NOT_FOUND", "expected an access log, got a service without one");
  const log = await accessLog.log();
  const head = await checkpointOver(log, log.store.size - 1);
  const { size } = head;
  const from = range.from ?? 0;
  const to = Math.min(range.to ?? size, size);
  const leaves = await openLeaves(log, accessLog, await choose(accessLog, from, to, size), head);
  const checkpoint = utf8Text(formatNote(head.note));
  return { checkpoint, from, to, complete, leaves, anchors: await anchorsOf(context, log, size) };
}

/** In the order of the log; the newest, where there are too many. */
async function find(
  { openings }: AccessLog,
  search: AccessSearch,
  from: number,
  to: number,
): Promise<number[]> {
  const found: number[] = [];
  let after = openingID(to);
  while (found.length < openedMax) {
    const rows = await openings.list<StoredOpening>("openings", { after, limit: page, descending: true });
    for (const { id, body } of rows) {
      if (Number(id) < from || found.length >= openedMax) return found.reverse();
      if ("entry" in body && isFound(parseAccessEntry(utf8Bytes(body.entry)), search)) found.push(Number(id));
    }
    const last = rows.at(-1);
    if (last === undefined) break;
    after = last.id;
  }
  return found.reverse();
}

function isFound(entry: AccessEntry, { who, about, since, until, review }: AccessSearch): boolean {
  if (who !== undefined && entry.who !== who) return false;
  if (review !== undefined && entry.review !== review) return false;
  if (since !== undefined && Date.parse(entry.time) < Date.parse(since)) return false;
  if (until !== undefined && Date.parse(entry.time) >= Date.parse(until)) return false;
  return about === undefined || entry.target.includes(about) || entry.objects.includes(about);
}

type Head = Awaited<ReturnType<typeof checkpointOver>>;

async function openLeaves(
  log: OwnLog,
  accessLog: AccessLog,
  indices: readonly number[],
  head: Head,
): Promise<OpenedLeaf[]> {
  const wanted = new Set(indices);
  const bundles = new Map<number, readonly Uint8Array[]>();
  const leaves = new Map<number, OpenedLeaf>();
  for (const index of [...wanted].sort((a, b) => a - b)) {
    const one = await openLeaf(log, accessLog, index, { head, bundles });
    leaves.set(index, one.leaf);
    // SPEC §13.4.2: who erased it comes along.
    const { erasedBy } = one;
    if (erasedBy !== undefined && !wanted.has(erasedBy) && !leaves.has(erasedBy)) {
      leaves.set(erasedBy, (await openLeaf(log, accessLog, erasedBy, { head, bundles })).leaf);
    }
  }
  return [...leaves.values()].sort((a, b) => a.index - b.index);
}

async function openLeaf(
  log: OwnLog,
  { openings }: AccessLog,
  index: number,
  { head, bundles }: Bundles & { readonly head: Head },
): Promise<{ readonly leaf: OpenedLeaf; readonly erasedBy?: number }> {
  const { size } = head;
  const { hashes } = await proveEntry(log, index, head);
  const found = await openings.get<StoredOpening>("openings", openingID(index));
  const body: StoredOpening = found?.body ?? { heartbeat: "" };
  const leaf: OpenedLeaf = {
    ...{ index, leaf: await leafAt(log, index, size, bundles), proof: hashes },
    opening: "entry" in body ? { salt: base64Bytes(body.salt), entry: body.entry } : null,
  };
  return "erasedBy" in body && body.erasedBy < size ? { leaf, erasedBy: body.erasedBy } : { leaf };
}

interface Bundles {
  /** Read before, by the number of their tile. */
  readonly bundles: Map<number, readonly Uint8Array[]>;
}

async function leafAt(
  { store }: OwnLog,
  index: number,
  size: number,
  bundles: Bundles["bundles"],
): Promise<Uint8Array> {
  const number = Math.floor(index / tileWidth);
  const known = bundles.get(number);
  if (known !== undefined) return known[index % tileWidth] as Uint8Array;
  const place = tileAt("entries", number, size);
  if (place === undefined) throw new RangeError("expected a leaf inside the log");
  const bundle = parseBundle(await tileReader(store.read)(place), place.width);
  bundles.set(number, bundle);
  return bundle[index % tileWidth] as Uint8Array;
}

/** What the release log has of this log, as far as it is proven there. */
async function anchorsOf(context: ServiceContext, log: OwnLog, size: number): Promise<Anchor[]> {
  const newest = await newestAnchor(context);
  if (newest === undefined) return [];
  const { text, proof } = await provenEntry(context, newest.id);
  const entry = parseReleaseLogEntry(utf8Bytes(text));
  const before = entry.kind === "anchor" ? entry.size : size;
  const consistency = before > size ? [] : await proveGrowth(log, before, size);
  return [{ entry: text, proof, consistency }];
}
