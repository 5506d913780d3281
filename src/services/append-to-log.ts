/**
 * A log of ours: entries in, checkpoints and proofs out. Every log that we keep is one `OwnLog`, with its own origin, key and
 * folders; nothing here knows what the entries say.
 *
 *   const index = await appendToLog(log, [entry]);          // durable when it returns; cheap, callers are batched
 *   const checkpoint = await checkpointOver(log, index);    // signed and cosigned by the quorum, in place for the world
 *   const proof = await proveEntry(log, index, checkpoint); // for `formatLogProof`
 *
 * An entry counts from `appendToLog` on: no crash takes it away, and no tree that is ever signed is without it. Others can see
 * it, and have it proven, from the checkpoint on. Many entries share one checkpoint; whoever only has to have an entry in the
 * log before it acts (an access log) does not wait for it.
 */
import { formatCheckpoint, parseCheckpoint } from "../core/log/checkpoint.js";
import { equalBytes, utf8Bytes } from "../core/encoding/bytes.js";
import { OperationError } from "../core/errors.js";
import type { Hash } from "../core/log/lines.js";
import type { LogPolicy } from "../core/log/log-policy.js";
import type { LogProof } from "../core/log/log-proof.js";
import { makeConsistencyProof, makeInclusionProof, makeInclusionProofs } from "../core/log/make-proof.js";
import { type Note, formatNote, parseNote } from "../core/log/note.js";
import type { PairDigest } from "../core/log/merkle.js";
import { tileReader } from "../core/log/read-log.js";
import { type TileCache, tileNodes } from "../core/log/tiles.js";
import { type VerifierKey, noteKeyType, sameKey, verifierKey } from "../core/log/verifier-key.js";
import { type ProvenCheckpoint, verifyCheckpoint } from "../core/log/verify-checkpoint.js";
import type { Clock } from "../ports/clock.js";
import type { LogStore } from "../ports/log-store.js";
import type { Signer } from "../ports/signer.js";
import type { Witness } from "../ports/witness.js";
import { gatherCosignatures } from "./gather-cosignatures.js";
import { serially } from "./serially.js";

export interface OwnLog {
  /** Also the name of the key. */
  readonly origin: string;
  /** Ed25519, used for nothing else. */
  readonly signer: Signer;
  readonly store: LogStore;
  readonly witnesses: readonly Witness[];
  /** By which a checkpoint is judged before it is shown: our own log's key, and the quorum that others ask for. */
  readonly policy: () => Promise<LogPolicy>;
  readonly clock: Clock;
  readonly pairDigest: PairDigest;
  /** Resolves after so many milliseconds. */
  readonly pause: (ms: number) => Promise<void>;
}

/** The verifier key of a log's signer. @throws OperationError CONFIGURATION for a key that is not Ed25519 */
export function logKey({ origin, signer }: Pick<OwnLog, "origin" | "signer">): VerifierKey {
  if (signer.scheme !== "ed25519") {
    throw new OperationError("CONFIGURATION", `expected an Ed25519 key for the log, got ${signer.scheme}`);
  }
  return verifierKey(origin, noteKeyType, signer.spki.slice(-32));
}

/**
 * The index of the first entry; the others follow.
 * @throws OperationError STORE_FULL, STORE_FAILED; VerificationError LOG_ENTRY_TOO_LARGE
 */
export function appendToLog(log: OwnLog, entries: readonly Uint8Array[]): Promise<number> {
  return log.store.append(entries);
}

/**
 * The checkpoint that the world reads, once it covers the entry `index`; -1 for a checkpoint of whatever there is.
 *
 * @throws OperationError WITNESS_UNAVAILABLE without a quorum, STORE_FULL, STORE_FAILED, SIGNER_UNAVAILABLE: the entry stays
 * where it is, and the next call goes on
 */
export function checkpointOver(log: OwnLog, index: number): Promise<ProvenCheckpoint> {
  return serially(log.store, "checkpoint", async () => {
    const shown = await shownCheckpoint(log);
    if (shown !== undefined && shown.size > index && index >= 0) return shown;
    return nextCheckpoint(log);
  });
}

/** @throws OperationError FETCH_NOT_FOUND, STORE_FAILED */
export async function proveEntry(
  log: OwnLog,
  index: number,
  checkpoint: Pick<ProvenCheckpoint, "size" | "note">,
): Promise<LogProof> {
  const hashes = await makeInclusionProof(index, checkpoint.size, nodesOf(log, checkpoint.size));
  return { index, hashes, checkpoint: checkpoint.note };
}

/** The hashes of many proofs under one checkpoint, in the order of the indices. @throws OperationError FETCH_NOT_FOUND, STORE_FAILED */
export function proveEntries(log: OwnLog, indices: readonly number[], size: number): Promise<Hash[][]> {
  return makeInclusionProofs(indices, size, nodesOf(log, size));
}

/** That the tree of `size` entries begins with that of `before`. @throws OperationError FETCH_NOT_FOUND, STORE_FAILED */
export function proveGrowth(log: OwnLog, before: number, size: number): Promise<Hash[]> {
  return makeConsistencyProof(before, size, nodesOf(log, size));
}

/** Undefined when the checkpoint that stands there is not one that others would accept today, or there is none. */
async function shownCheckpoint(log: OwnLog): Promise<ProvenCheckpoint | undefined> {
  const bytes = await log.store.readHead("checkpoint");
  if (bytes === undefined) return undefined;
  const [policy, now] = [await log.policy(), log.clock.now()];
  try {
    return await verifyCheckpoint(parseNote(bytes), { policy, now });
  } catch {
    // Another policy since, or damage: a new one takes its place.
    return undefined;
  }
}

async function nextCheckpoint(log: OwnLog): Promise<ProvenCheckpoint> {
  const signed = await signHead(log);
  const policy = await log.policy();
  const cosigned = await gatherCosignatures({ ...log, policy, checkpoint: signed }, (before, size) =>
    proveGrowth(log, before, size),
  );
  // SPEC §11.8.4: what others would refuse is not shown to them.
  const proven = await verifyCheckpoint(cosigned, { policy, now: log.clock.now() });
  await log.store.writeHead("checkpoint", formatNote(cosigned));
  return proven;
}

/** SPEC §11.8.3: a checkpoint is written down before anybody sees it, and what was signed once is never contradicted. */
async function signHead(log: OwnLog): Promise<Note> {
  const head = await log.store.settle();
  const key = logKey(log);
  const before = await log.store.readHead("signed");
  if (before !== undefined) {
    const note = parseNote(before);
    const last = parseCheckpoint(note.text);
    if (last.size > head.size || (last.size === head.size && !equalBytes(last.root, head.root))) {
      throw new OperationError(
        "LOG_CORRUPT",
        `expected a tree that continues the ${last.size} entries that were signed, got another of ${head.size}`,
      );
    }
    if (last.size === head.size && note.signatures.some((line) => sameKey(key, line))) return note;
  }
  const text = formatCheckpoint({ origin: log.origin, ...head, extensions: [] });
  const { name, keyID } = key;
  const signature = await log.signer.sign(utf8Bytes(text));
  const note = { text, signatures: [{ name, keyID, signature }] };
  await log.store.writeHead("signed", formatNote(note));
  return note;
}

const caches = new WeakMap<LogStore, TileCache>();

function nodesOf({ store, pairDigest }: OwnLog, size: number) {
  const cache = caches.get(store) ?? new Map();
  caches.set(store, cache);
  return tileNodes(size, tileReader(store.read), { pairDigest, cache });
}
