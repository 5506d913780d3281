/**
 * What a log sends to a witness (C2SP tlog-witness, `add-checkpoint`): the size that the witness has seen last, a proof that
 * the new tree continues that one, and the new checkpoint.
 *
 *   old <decimal>
 *   <hash, base64>                (up to 63)
 *   <empty line>
 *   <checkpoint with the log's signature>
 */
import { base64Text, utf8Bytes, utf8Text } from "../encoding/bytes.js";
import { type Hash, after, decimal, hashBytes, odd, refusingWith, wholeLines } from "./lines.js";
import { type Note, formatNote, parseNote } from "./note.js";

export const addCheckpointPath = "add-checkpoint";
/** Of the answer 409: the size that the witness has seen last, and a line feed. */
export const treeSizeMediaType = "text/x.tlog.size";

export interface AddCheckpoint {
  readonly oldSize: number;
  readonly proof: readonly Hash[];
  readonly checkpoint: Note;
}

const hashesMax = 63;

/** SPEC §11.9.1. @throws VerificationError TEXT_NOT_UTF8, NOTE_MALFORMED */
export function parseAddCheckpoint(bytes: Uint8Array): AddCheckpoint {
  const text = utf8Text(bytes);
  const end = text.indexOf("\n\n");
  const head = refusingWith("NOTE_MALFORMED", () => {
    if (end < 0) throw odd("an empty line before the checkpoint", text);
    const [old, ...hashes] = wholeLines(text.slice(0, end + 1));
    if (hashes.length > hashesMax) throw odd(`at most ${hashesMax} hashes`, String(hashes.length));
    return { oldSize: decimal(after("old", old)), proof: hashes.map(hashBytes) };
  });
  return { ...head, checkpoint: parseNote(utf8Bytes(text.slice(end + 2))) };
}

export function formatAddCheckpoint({ oldSize, proof, checkpoint }: AddCheckpoint): Uint8Array<ArrayBuffer> {
  const lines = [`old ${oldSize}`, ...proof.map(base64Text), ""];
  return utf8Bytes(`${lines.join("\n")}\n${utf8Text(formatNote(checkpoint))}`);
}
