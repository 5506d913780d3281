/**
 * What the monitor knows of the log, in one small file, `monitor.json`: the largest sound checkpoint, the right edge of the tree
 * under it, and what its entries said that later ones, and the public tree, are held against. It is replaced whole, after a look.
 */
import { base64Bytes, base64Text, utf8Bytes, utf8Text } from "../core/encoding/bytes.js";
import { OperationError, UsageError } from "../core/errors.js";
import { GrowingTree } from "../core/log/growing-tree.js";
import type { DigestFactory } from "../core/encoding/stream.js";
import { tileHashes } from "../core/log/tiles.js";
import { formatVerifierKey } from "../core/log/verifier-key.js";
import type { Alarm, MonitorContext } from "./model.js";

export interface Memory {
  readonly schema: 1;
  readonly vkey: string;
  /** The note; null before the first look. */
  readonly checkpoint: string | null;
  readonly size: number;
  /** Of each tile level, the hashes of its partial tile, in base64. */
  readonly edges: readonly string[];
  readonly heartbeat: { readonly time: string; readonly intervalSeconds: number } | null;
  /** SHA-256 by what it is of: `release/<feed>/<N>`, `root/<N>`, `targets/<N>`, `withdrawal/<feed>/<N>`. */
  readonly logged: Readonly<Record<string, string>>;
  /** The newest of the public tree that was compared, by feed, and for `root`. */
  readonly compared: Readonly<Record<string, number>>;
  /** What is in the tree and not in the log, and since when. */
  readonly unlogged: Readonly<Record<string, string>>;
  /** What was shouted and still holds, by what it is about. */
  readonly standing: Readonly<Record<string, Alarm>>;
  /** Found, and not known to have been shouted. */
  readonly untold: readonly Alarm[];
  /** After a proof of two histories there is nothing more to follow. */
  readonly fork: Alarm | null;
}

const fileName = "monitor.json";

/** @throws UsageError USAGE for the folder of another log; OperationError STATE_CORRUPT, STORE_FAILED */
export async function readMemory({ files, key }: MonitorContext): Promise<Memory> {
  const vkey = formatVerifierKey(key);
  const bytes = await files.read(fileName);
  if (bytes === undefined) return begin(vkey);
  const memory = parse(bytes);
  if (memory.vkey === vkey) return memory;
  throw new UsageError("USAGE", `expected the folder of ${vkey}, got the one of ${memory.vkey}`);
}

function begin(vkey: string): Memory {
  const nothing = { checkpoint: null, size: 0, edges: [], heartbeat: null, untold: [], fork: null };
  return { schema: 1, vkey, ...nothing, logged: {}, compared: {}, unlogged: {}, standing: {} };
}

/** Ours alone, written whole: what does not parse was damaged, and beginning anew would forget a fork. */
function parse(bytes: Uint8Array): Memory {
  try {
    const memory = JSON.parse(utf8Text(bytes)) as Memory;
    if (memory.schema === 1) return memory;
  } catch (cause) {
    throw new OperationError("STATE_CORRUPT", `expected ${fileName} as it was written, got damage`, {
      cause,
    });
  }
  throw new OperationError("STATE_CORRUPT", `expected ${fileName} of schema 1, got another`);
}

export async function writeMemory({ files }: MonitorContext, memory: Memory): Promise<void> {
  await files.write(fileName, utf8Bytes(`${JSON.stringify(memory, null, 1)}\n`));
}

export function treeOf({ size, edges }: Memory, digest: DigestFactory): GrowingTree {
  return new GrowingTree({ size, edges: edges.map((edge) => tileHashes(base64Bytes(edge))) }, digest);
}

export function edgesOf(tree: GrowingTree): string[] {
  const edges: string[] = [];
  for (const { level, bytes } of tree.partials()) {
    while (edges.length < Number(level)) edges.push("");
    edges.push(base64Text(bytes));
  }
  return edges;
}
