/** The log beside a public tree, as an auditor meets it: its newest checkpoint, its tiles, and checkpoints that somebody else has seen. */
import { UsageError } from "../core/errors.js";
import type { Checkpoint } from "../core/log/checkpoint.js";
import { type LogPolicy, parseLogPolicy } from "../core/log/log-policy.js";
import { type Note, parseNote } from "../core/log/note.js";
import { tileReader } from "../core/log/read-log.js";
import { type TileReader, checkpointName } from "../core/log/tiles.js";
import { verifyLogSignature } from "../core/log/verify-checkpoint.js";
import { limits } from "../core/limits.js";
import type { SignaturePolicy } from "../core/trust/model.js";
import type { PublicFiles } from "./fetch-file.js";

/** Of a tile, or of a full bundle of small entries. */
const tileBytesMax = 256 * 65_537;

/** Undefined when the signature policy names none. */
export function namedLog({ log }: SignaturePolicy): LogPolicy | undefined {
  return log === undefined || log === "not-required-unsafe" ? undefined : parseLogPolicy(log.policy);
}

/** @throws UsageError USAGE when neither the policy nor the caller names a log */
export function logPolicyFor(policy: SignaturePolicy, own: LogPolicy | undefined): LogPolicy {
  const found = own ?? namedLog(policy);
  if (found !== undefined) return found;
  throw new UsageError("USAGE", "expected a log policy, because the signature policy names no log");
}

export function logTiles(files: PublicFiles): TileReader {
  return tileReader((name) => files.find(`log/${name}`, tileBytesMax));
}

export async function newestCheckpoint(files: PublicFiles): Promise<Note> {
  return parseNote(await files.read(`log/${checkpointName}`, limits.noteBytesMax));
}

/** A checkpoint from anywhere: it counts for what the log's own signature says. */
export async function readCheckpoint(
  bytes: Uint8Array,
  policy: Pick<LogPolicy, "logs">,
): Promise<{ readonly note: Note; readonly checkpoint: Checkpoint }> {
  const note = parseNote(bytes);
  return { note, checkpoint: await verifyLogSignature(note, policy) };
}
