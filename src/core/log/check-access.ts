/**
 * Everything that can be wrong with a part of the access log, found without a network. A fault does not end the check: an auditor
 * wants them all, each with its code and its index.
 */
import { equalBytes, hexBytes, utf8Bytes } from "../encoding/bytes.js";
import { type ErrorCode, RulemintError } from "../errors.js";
import { type Heartbeat, commitmentOf, parseAccessEntry, parseAccessLeaf } from "./access-entries.js";
import type { AccessAlarm, AccessFile, Anchor, OpenedLeaf, ProvenAccess } from "./access-file.js";
import type { Checkpoint } from "./checkpoint.js";
import type { LogPolicy } from "./log-policy.js";
import { parseLogProof } from "./log-proof.js";
import { leafHash, verifyConsistency, verifyInclusion } from "./merkle.js";
import { parseNote } from "./note.js";
import { parseReleaseLogEntry } from "./release-entries.js";
import type { VerifierKey } from "./verifier-key.js";
import { verifyLogProof, verifyLogSignature } from "./verify-checkpoint.js";

export interface AccessDemand {
  readonly key: VerifierKey;
  /** With it, heads that the release log has of this one are checked under it. */
  readonly releasePolicy?: LogPolicy;
  /** The newest heartbeat must not be older than its interval allows; for who checks a log that should be alive. */
  readonly now?: Date;
}

export interface CheckedAccess {
  readonly checkpoint: Checkpoint;
  readonly entries: readonly ProvenAccess[];
  readonly alarms: readonly AccessAlarm[];
}

/** Between two heartbeats, as a multiple of the interval that the first one promised. */
const patience = 2;

/**
 * SPEC §13.3. A checkpoint that does not hold ends the check; everything else is an alarm.
 * @throws VerificationError NOTE_MALFORMED, LOG_KEY_UNKNOWN, LOG_SIGNATURE_INVALID
 */
export async function checkAccessFile(file: AccessFile, demand: AccessDemand): Promise<CheckedAccess> {
  const note = parseNote(utf8Bytes(file.checkpoint));
  // SPEC §13.3.1: another key's signature vouches for nothing here.
  const checkpoint = await verifyLogSignature(note, { logs: [{ key: demand.key }] });
  const alarms: AccessAlarm[] = [];
  const entries: ProvenAccess[] = [];
  for (const leaf of file.leaves) entries.push(await checkLeaf(leaf, checkpoint, alarms));
  requireOpened(file, entries, alarms);
  requireComplete(file, checkpoint, alarms);
  if (file.complete) alarms.push(...silences(entries, file.to === checkpoint.size ? demand.now : undefined));
  for (const anchor of file.anchors) await checkAnchor(anchor, checkpoint, demand, alarms);
  return { checkpoint, entries, alarms };
}

async function checkLeaf(
  { index, leaf, opening, proof }: OpenedLeaf,
  { size, root }: Checkpoint,
  alarms: AccessAlarm[],
): Promise<ProvenAccess> {
  const nothing = { index, entry: null, heartbeat: null, erasedBy: null };
  // SPEC §13.3.2
  const included = await attempt(alarms, index, undefined, () => {
    verifyInclusion({ index, size, root, leaf: leafHash(leaf), proof });
    return true;
  });
  if (!included) return nothing;
  const heartbeat = await attempt(alarms, index, undefined, () => parseAccessLeaf(leaf) ?? "commitment");
  if (heartbeat === undefined) return nothing;
  if (heartbeat !== "commitment") return { ...nothing, heartbeat };
  if (opening === null) return nothing;
  // SPEC §13.3.3
  if (!equalBytes(await commitmentOf(opening.salt, utf8Bytes(opening.entry)), leaf)) {
    const detail = "expected the opening of this commitment, got another: salt or entry were changed";
    alarms.push({ code: "ACCESS_OPENING_MISMATCH", index, detail });
    return nothing;
  }
  const entry = await attempt(alarms, index, undefined, () => parseAccessEntry(utf8Bytes(opening.entry)));
  return { ...nothing, entry: entry ?? null };
}

/** SPEC §13.3.4: a commitment without an opening is an alarm, unless an entry says who erased it and why. */
function requireOpened(file: AccessFile, entries: ProvenAccess[], alarms: AccessAlarm[]): void {
  const erased = new Map<number, number>();
  for (const { index, entry } of entries) {
    if (entry?.kind === "erasure" && entry.of !== null && entry.of < index) erased.set(entry.of, index);
  }
  file.leaves.forEach(({ index, leaf, opening }, i) => {
    if (opening !== null || leaf.length !== 32) return;
    const erasedBy = erased.get(index);
    const one = entries[i] as ProvenAccess;
    if (erasedBy !== undefined) entries[i] = { ...one, erasedBy };
    else {
      const detail = "expected an opening, or an entry that says who erased it, got neither";
      alarms.push({ code: "ACCESS_OPENING_MISSING", index, detail });
    }
  });
}

/** SPEC §13.3.5: a file that claims to have everything has every index of its range. */
function requireComplete(file: AccessFile, { size }: Checkpoint, alarms: AccessAlarm[]): void {
  if (file.to > size || file.from > file.to) {
    const detail = `expected a range below ${size}, got ${file.from} to ${file.to}`;
    alarms.push({ code: "ACCESS_OPENING_MISSING", index: null, detail });
    return;
  }
  if (!file.complete) return;
  const present = new Set(file.leaves.map(({ index }) => index));
  for (let index = file.from; index < file.to; index++) {
    if (present.has(index)) continue;
    alarms.push({
      code: "ACCESS_OPENING_MISSING",
      index,
      detail: "expected this leaf in the file, got none",
    });
  }
}

/** SPEC §13.3.6: heartbeats follow one another within the time that each promises, unless the service said that it stops. */
export function silences(
  entries: readonly Pick<ProvenAccess, "index" | "heartbeat">[],
  now?: Date,
): AccessAlarm[] {
  const beats = entries.filter((one) => one.heartbeat !== null);
  const alarms: AccessAlarm[] = [];
  beats.forEach(({ index, heartbeat }, i) => {
    const { time, intervalSeconds, state } = heartbeat as Heartbeat;
    const next = beats[i + 1]?.heartbeat?.time ?? now?.toISOString();
    if (next === undefined || state === "stopping") return;
    const seconds = Math.round((Date.parse(next) - Date.parse(time)) / 1000);
    if (seconds <= intervalSeconds * patience) return;
    const detail = `expected a heartbeat every ${intervalSeconds} seconds, got none for ${seconds} from ${time} on`;
    alarms.push({ code: "ACCESS_LOG_SILENT", index, detail });
  });
  return alarms;
}

/** SPEC §13.3.7: what the release log has of this log must be the beginning of it. */
async function checkAnchor(
  { entry, proof, consistency }: Anchor,
  checkpoint: Checkpoint,
  { releasePolicy }: AccessDemand,
  alarms: AccessAlarm[],
): Promise<void> {
  const code = "ACCESS_ANCHOR_MISMATCH";
  await attempt(alarms, null, code, async () => {
    const anchor = parseReleaseLogEntry(utf8Bytes(entry));
    if (anchor.kind !== "anchor" || anchor.origin !== checkpoint.origin) {
      alarms.push({
        code,
        index: null,
        detail: `expected an anchor of ${checkpoint.origin}, got another entry`,
      });
      return;
    }
    if (releasePolicy !== undefined) {
      await verifyLogProof(parseLogProof(proof), utf8Bytes(entry), {
        policy: releasePolicy,
        now: new Date(8.64e15),
      });
    }
    const before = { size: anchor.size, root: hexBytes(anchor.root) };
    verifyConsistency({ before, after: checkpoint, proof: consistency });
  });
}

/** Undefined when it threw what a verification throws, which is then an alarm. */
async function attempt<T>(
  alarms: AccessAlarm[],
  index: number | null,
  code: ErrorCode | undefined,
  check: () => T | Promise<T>,
): Promise<T | undefined> {
  try {
    return await check();
  } catch (error) {
    if (!(error instanceof RulemintError)) throw error;
    alarms.push({ code: code ?? error.code, index, detail: `${error.code}: ${error.message}` });
    return undefined;
  }
}
