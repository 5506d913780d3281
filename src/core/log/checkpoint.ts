/**
 * The text of a checkpoint (C2SP tlog-checkpoint): which log, how many entries, and the root of the tree over them.
 *
 *   <origin>
 *   <size, decimal>
 *   <root, base64>
 *   <extension lines, none in ours>
 */
import { base64Text, equalBytes } from "../encoding/bytes.js";
import { type Hash, decimal, hashBytes, odd, refusingWith, wholeLines } from "./lines.js";
import { emptyRoot } from "./merkle.js";
import { requireKeyName } from "./verifier-key.js";

export interface TreeHead {
  readonly size: number;
  readonly root: Hash;
}

export interface Checkpoint extends TreeHead {
  readonly origin: string;
  readonly extensions: readonly string[];
}

/** SPEC §11.3.1. @throws VerificationError NOTE_MALFORMED */
export function parseCheckpoint(text: string): Checkpoint {
  return refusingWith("NOTE_MALFORMED", () => {
    const [origin = "", size = "", root = "", ...extensions] = wholeLines(text);
    requireKeyName(origin);
    if (extensions.includes("")) throw odd("extension lines that are not empty", text);
    const head = { size: decimal(size), root: hashBytes(root) };
    if (head.size === 0 && !equalBytes(head.root, emptyRoot)) throw odd("the root of the empty tree", root);
    return { origin, ...head, extensions };
  });
}

export function formatCheckpoint({ origin, size, root, extensions }: Checkpoint): string {
  return [origin, String(size), base64Text(root), ...extensions].map((line) => `${line}\n`).join("");
}
