/**
 * Proof that an entry is in a log, in one file that needs no network (C2SP tlog-proof v1):
 *
 *   c2sp.org/tlog-proof@v1
 *   extra <base64>                (may be absent; nothing vouches for it)
 *   index <decimal>
 *   <hash, base64>                (any number; the leaf's sibling first)
 *   <empty line>
 *   <checkpoint with the signatures of log and witnesses>
 */
import { base64Bytes, base64Text, utf8Bytes, utf8Text } from "../encoding/bytes.js";
import { limits } from "../limits.js";
import { type Hash, after, decimal, hashBytes, odd, refusingWith, wholeLines } from "./lines.js";
import { type Note, formatNote, parseNote } from "./note.js";

const firstLine = "c2sp.org/tlog-proof@v1";

export interface LogProof {
  readonly extra?: Uint8Array;
  readonly index: number;
  readonly hashes: readonly Hash[];
  readonly checkpoint: Note;
}

/** SPEC §11.5.1. @throws VerificationError LOG_PROOF_MALFORMED, NOTE_MALFORMED */
export function parseLogProof(text: string): LogProof {
  const end = text.indexOf("\n\n");
  const head = refusingWith("LOG_PROOF_MALFORMED", () => {
    if (end < 0) throw odd("an empty line before the checkpoint", text);
    return parseHead(wholeLines(text.slice(0, end + 1)));
  });
  return { ...head, checkpoint: parseNote(utf8Bytes(text.slice(end + 2))) };
}

function parseHead([first, ...lines]: readonly string[]): Omit<LogProof, "checkpoint"> {
  if (first !== firstLine) throw odd(firstLine, first ?? "");
  const extra = lines[0]?.startsWith("extra ") ? base64Bytes(after("extra", lines[0])) : undefined;
  const [index, ...hashes] = extra === undefined ? lines : lines.slice(1);
  if (hashes.length > limits.proofHashesMax) {
    throw odd(`at most ${limits.proofHashesMax} hashes`, String(hashes.length));
  }
  return {
    ...(extra !== undefined && { extra }),
    index: decimal(after("index", index)),
    hashes: hashes.map(hashBytes),
  };
}

export function formatLogProof({ extra, index, hashes, checkpoint }: LogProof): string {
  const lines = [
    firstLine,
    ...(extra === undefined ? [] : [`extra ${base64Text(extra)}`]),
    `index ${index}`,
    ...hashes.map(base64Text),
    "",
  ];
  return `${lines.join("\n")}\n${utf8Text(formatNote(checkpoint))}`;
}
