/** Parts of the access log, opened for an auditor, as files that hold without this service. */
import { utf8Bytes, utf8Text } from "../core/encoding/bytes.js";
import { UsageError } from "../core/errors.js";
import { type AccessEntry, parseAccessEntry } from "../core/log/access-entries.js";
import type { AccessFile, Anchor } from "../core/log/access-file.js";
import { formatNote } from "../core/log/note.js";
import { parseReleaseLogEntry } from "../core/log/release-entries.js";
import { type AccessLog, type StoredOpening, openingID } from "./access-log.js";
import { type OwnLog, checkpointOver, proveGrowth } from "./append-to-log.js";
import { answerQuestions, askLogKeeper } from "./ask-log-keeper.js";
import type { ServiceContext } from "./context.js";
import { newestAnchor } from "./keep-access-log.js";
import type { Identity } from "./model.js";
import { openLeaves } from "./open-leaves.js";
import { provenEntry } from "./release-log.js";
import { requireRole } from "./roles.js";
import { serially } from "./serially.js";

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
  const { accessLog, leadership } = context;
  // SPEC §17.9.4: the process that has the log answers.
  const elsewhere = leadership !== undefined && leadership.term === undefined;
  return elsewhere && accessLog !== undefined ? askLogKeeper(accessLog, search) : openHere(context, search);
}

/** Entries and questions of processes that have not got the log. @throws OperationError STATE_LOCKED, LOG_CORRUPT, STORE_* */
export async function takeFromOthers(context: ServiceContext): Promise<void> {
  const { accessLog, leadership } = context;
  if (accessLog === undefined) return;
  await accessLog.takeHanded();
  if (leadership === undefined) return;
  await serially(accessLog, "questions", () =>
    answerQuestions(accessLog, (search) => openHere(context, search)),
  );
}

/** By the process that has the log. */
async function openHere(context: ServiceContext, search: AccessSearch): Promise<AccessFile> {
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
  const indices = await choose(accessLog, from, to, size);
  const leaves = await openLeaves(log, accessLog, indices, size);
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
