/**
 * A witness (C2SP tlog-witness): it cosigns a checkpoint when it has proof that it continues the last one that it cosigned, and
 * never two that contradict each other. What it signs is stored before anybody sees it.
 */
import { equalBytes, hexText, utf8Bytes, utf8Text } from "../core/encoding/bytes.js";
import { sha256 } from "../core/encoding/sha256.js";
import { RulemintError, VerificationError } from "../core/errors.js";
import { type Checkpoint, parseCheckpoint } from "../core/log/checkpoint.js";
import { cosignatureMessage, formatCosignature } from "../core/log/cosignature.js";
import type { PolicyLog } from "../core/log/log-policy.js";
import { emptyRoot, verifyConsistency } from "../core/log/merkle.js";
import { type Note, formatNote, formatSignatureLine, parseNote } from "../core/log/note.js";
import type { VerifierKey } from "../core/log/verifier-key.js";
import { verifyLogSignature } from "../core/log/verify-checkpoint.js";
import { type AddCheckpoint, parseAddCheckpoint, treeSizeMediaType } from "../core/log/witness-request.js";
import type { Clock } from "../ports/clock.js";
import type { Signer } from "../ports/signer.js";
import type { WitnessState } from "../ports/witness-state.js";

export interface WitnessContext {
  /** Of type 4; the signer is its private half, and signs nothing else. */
  readonly key: VerifierKey;
  readonly signer: Signer;
  /** Those that it watches. */
  readonly logs: readonly PolicyLog[];
  readonly state: WitnessState;
  readonly clock: Clock;
}

/** An HTTP answer. */
export interface WitnessReply {
  readonly status: 200 | 400 | 403 | 404 | 409 | 422;
  readonly type: string;
  readonly body: string;
}

const plain = "text/plain; charset=utf-8";
/** As many others may come first as ask at the same moment. */
const triesMax = 20;

/** The answer to `add-checkpoint`. @throws OperationError STORE_FULL, STORE_FAILED, SIGNER_UNAVAILABLE: nothing was answered */
export async function cosignCheckpoint(context: WitnessContext, body: Uint8Array): Promise<WitnessReply> {
  let request: AddCheckpoint;
  let origin: string;
  try {
    request = parseAddCheckpoint(body);
    ({ origin } = parseCheckpoint(request.checkpoint.text));
  } catch (error) {
    return refusal(400, error);
  }
  // SPEC §11.9.2: logs that it does not watch, and checkpoints that are not theirs.
  if (!context.logs.some(({ key }) => key.name === origin)) return reply(404, "unknown log\n");
  let next: Checkpoint;
  try {
    next = await verifyLogSignature(request.checkpoint, context);
  } catch (error) {
    return refusal(403, error);
  }
  if (request.oldSize > next.size) return reply(400, "old size above the checkpoint's\n");
  for (let tries = 1; tries <= triesMax; tries++) {
    const answer = await attempt(context, request, next);
    if (answer !== undefined) return answer;
  }
  return reply(409, "too many at once\n");
}

/** Undefined when somebody else came first: then what is stored is another, and so may be the answer. */
async function attempt(
  context: WitnessContext,
  { oldSize, proof, checkpoint }: AddCheckpoint,
  next: Checkpoint,
): Promise<WitnessReply | undefined> {
  const { state } = context;
  const stored = await state.read(next.origin);
  const last = stored === undefined ? { size: 0, root: emptyRoot } : parseCheckpoint(parseNote(stored).text);
  // SPEC §11.9.3: from the very tree that was cosigned last.
  if (oldSize !== last.size) return { status: 409, type: treeSizeMediaType, body: `${last.size}\n` };
  try {
    // SPEC §11.9.4
    verifyConsistency({ before: last, after: next, proof });
  } catch (error) {
    return refusal(422, error);
  }
  const { note, line } = await cosigned(context, checkpoint);
  // SPEC §11.9.5: stored before it is answered, and only in the place of what was compared.
  if (!(await state.swap(next.origin, stored, formatNote(note)))) return undefined;
  return reply(200, line);
}

async function cosigned(
  { key, signer, clock, logs }: WitnessContext,
  checkpoint: Note,
): Promise<{ note: Note; line: string }> {
  const time = Math.floor(clock.now().getTime() / 1000);
  if (time < 1)
    throw new VerificationError("CHECKPOINT_STALE", "expected a clock that is set, got one before 1970");
  const signature = await signer.sign(cosignatureMessage(time, checkpoint.text));
  const own = { name: key.name, keyID: key.keyID, signature: formatCosignature(time, signature) };
  const logLines = checkpoint.signatures.filter(({ name, keyID }) =>
    logs.some((log) => log.key.name === name && equalBytes(log.key.keyID, keyID)),
  );
  return {
    note: { text: checkpoint.text, signatures: [...logLines, own] },
    line: formatSignatureLine(own),
  };
}

/** What it has cosigned last of the log whose origin has this SHA-256: for whoever compares views. */
export async function cosignedCheckpoint(
  { logs, state }: Pick<WitnessContext, "logs" | "state">,
  originSha256: string,
): Promise<WitnessReply> {
  for (const { key } of logs) {
    if (hexText(await sha256(utf8Bytes(key.name))) !== originSha256) continue;
    const note = await state.read(key.name);
    if (note !== undefined) return reply(200, utf8Text(note));
  }
  return reply(404, "nothing cosigned of this log\n");
}

function reply(status: WitnessReply["status"], body: string): WitnessReply {
  return { status, type: plain, body };
}

function refusal(status: WitnessReply["status"], error: unknown): WitnessReply {
  if (error instanceof RulemintError) return reply(status, `${error.code}: ${error.message}\n`);
  throw error;
}
