/**
 * Whether two checkpoints of one log tell one history. The larger tree must begin with the smaller one; where it does not, it
 * matters who is to blame: a log that signed two histories, or a mirror that gave us wrong tiles.
 */
import { equalBytes } from "../encoding/bytes.js";
import { RulemintError, VerificationError } from "../errors.js";
import type { TreeHead } from "./checkpoint.js";
import type { Hash } from "./lines.js";
import { makeConsistencyProof } from "./make-proof.js";
import { consistencyRoots, verifyConsistency } from "./merkle.js";
import { type TileReader, tileNodes } from "./tiles.js";

export interface HistoryClaim {
  readonly seen: TreeHead;
  readonly offered: TreeHead;
  /** A consistency proof that came along, from a tree of that size to the offered one; tiles are read where it does not serve. */
  readonly given?: { readonly from: number; readonly hashes: readonly Hash[] } | undefined;
  readonly readTile: TileReader;
}

/**
 * SPEC §11.10.2. @throws VerificationError LOG_FORK when the two heads contradict each other, whoever gave us the tiles;
 * LOG_CONSISTENCY_FAILED when the tiles lead to neither; LOG_TILE_MALFORMED; OperationError of the reader
 */
export async function requireOneHistory({ seen, offered, given, readTile }: HistoryClaim): Promise<void> {
  const [before, after] = seen.size <= offered.size ? [seen, offered] : [offered, seen];
  if (before.size === after.size) {
    if (!equalBytes(before.root, after.root)) throw fork(before, after);
    return;
  }
  if (before.size === 0 || isProven(before, after, given)) return;
  const nodes = tileNodes(after.size, readTile);
  const proof = await makeConsistencyProof(before.size, after.size, nodes);
  const [level, isWhole] = powerOfTwo(before.size);
  // A proof from a whole subtree does not repeat its hash: it is read here, so that the newer root proves what it is.
  const hashes = isWhole ? [await nodes(level, 0), ...proof] : proof;
  const roots = consistencyRoots(before.size, after.size, hashes);
  if (roots === undefined || !equalBytes(roots.after, after.root)) {
    throw new VerificationError(
      "LOG_CONSISTENCY_FAILED",
      `expected tiles of the tree of ${after.size} entries, got others`,
    );
  }
  // The newer root vouches for these hashes, and they are all of the older tree's.
  if (!equalBytes(roots.before, before.root)) throw fork(before, after);
}

function isProven(before: TreeHead, after: TreeHead, given: HistoryClaim["given"]): boolean {
  if (given === undefined || given.from !== before.size) return false;
  try {
    verifyConsistency({ before, after, proof: given.hashes });
    return true;
  } catch (error) {
    if (error instanceof RulemintError) return false;
    throw error;
  }
}

/** The largest power of two that is not larger, as its exponent, and whether it is the number itself. */
function powerOfTwo(size: number): [number, boolean] {
  let [level, width] = [0, 1];
  while (width * 2 <= size) [level, width] = [level + 1, width * 2];
  return [level, width === size];
}

function fork(before: TreeHead, after: TreeHead): VerificationError {
  return new VerificationError(
    "LOG_FORK",
    `expected one history, got a tree of ${after.size} entries that does not begin with the one of ${before.size} seen before`,
  );
}
