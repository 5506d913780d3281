/** The log of a tree, followed and copied. Every entry goes through the tree that it must lead to; hash tiles are worked out, not fetched. */
import { logTiles, readCheckpoint } from "../audit/log-view.js";
import type { PublicFiles } from "../audit/fetch-file.js";
import { equalBytes, hexText } from "../core/encoding/bytes.js";
import { sha256 } from "../core/encoding/sha256.js";
import type { DigestFactory } from "../core/encoding/stream.js";
import { VerificationError } from "../core/errors.js";
import { limits } from "../core/limits.js";
import { parseCheckpoint } from "../core/log/checkpoint.js";
import { formatBundle } from "../core/log/entries.js";
import type { GrowingTree } from "../core/log/growing-tree.js";
import type { LogPolicy } from "../core/log/log-policy.js";
import { parseNote } from "../core/log/note.js";
import { requireOneHistory } from "../core/log/one-history.js";
import { parseReleaseLogEntry } from "../core/log/release-entries.js";
import { readEntries, tileReader, treeFromFullTiles } from "../core/log/read-log.js";
import { type TileReader, tileAt, tilePath, tileWidth } from "../core/log/tiles.js";
import { ringsPath } from "../core/release/tree-paths.js";
import type { PublicTree } from "../ports/public-tree.js";
import type { KeptFiles } from "./kept-files.js";

export interface LogCopy {
  readonly kept: KeptFiles;
  readonly origin: PublicFiles;
  readonly tree: PublicTree;
  readonly policy: Pick<LogPolicy, "logs">;
  readonly digest: DigestFactory;
}

const checkpointPath = "log/checkpoint";

/** SPEC §9.3.4. @throws VerificationError LOG_FORK, LOG_CONSISTENCY_FAILED, NOTE_*, LOG_TILE_MALFORMED; OperationError FETCH_* */
export async function copyLog({ kept, origin, tree, policy, digest }: LogCopy): Promise<number> {
  const bytes = await kept.reading.read(checkpointPath, limits.noteBytesMax);
  const { checkpoint } = await readCheckpoint(bytes, policy);
  const theirs = logTiles(origin);
  const before = await tree.read(checkpointPath);
  const seen = before === undefined ? undefined : parseCheckpoint(parseNote(before).text);
  if (seen !== undefined) await requireOneHistory({ seen, offered: checkpoint, readTile: theirs });
  // SPEC §9.3.3: never backwards, however good the signature under the older one is.
  if (seen !== undefined && checkpoint.size < seen.size)
    await kept.keep(checkpointPath, before as Uint8Array);
  if (seen !== undefined && checkpoint.size <= seen.size) return 0;

  const start = Math.floor((seen?.size ?? 0) / tileWidth) * tileWidth;
  const ours = tileReader((name) => tree.read(`log/${name}`));
  const growing = await treeFromFullTiles(start, ours, digest);
  await follow(kept, growing, theirs, checkpoint.size);
  if (!equalBytes(growing.head().root, checkpoint.root)) {
    throw new VerificationError(
      "LOG_CONSISTENCY_FAILED",
      `expected ${checkpoint.size} entries that lead to the checkpoint's root, got others`,
    );
  }
  for (const tile of growing.partials()) await kept.keep(`log/${tilePath(tile)}`, tile.bytes);
  return checkpoint.size - (seen?.size ?? 0);
}

async function follow(kept: KeptFiles, growing: GrowingTree, read: TileReader, size: number): Promise<void> {
  let bundle: Uint8Array[] = [];
  for await (const entry of readEntries(read, { start: growing.size, end: size, size })) {
    const index = Math.floor(growing.size / tileWidth);
    for (const tile of growing.append(entry)) await kept.keep(`log/${tilePath(tile)}`, tile.bytes);
    bundle.push(entry);
    await keepRings(kept, entry);
    if (growing.size % tileWidth !== 0 && growing.size !== size) continue;
    const place = tileAt("entries", index, growing.size);
    if (place !== undefined) await kept.keep(`log/${tilePath(place)}`, formatBundle(bundle));
    bundle = [];
  }
}

/** SPEC §16.4.6: who moved a rollout stands in a document of the tree, by the digest that the entry has. */
async function keepRings(kept: KeptFiles, bytes: Uint8Array): Promise<void> {
  const entry = readEntry(bytes);
  if (entry?.kind !== "rings" || !("ringsSha256" in entry)) return;
  const { feed, ringsSha256 } = entry;
  const document = await kept.reading.find(ringsPath(feed, ringsSha256), limits.evidenceBytesMax);
  if (document === undefined || hexText(await sha256(document)) === ringsSha256) return;
  throw new VerificationError(
    "LOG_ENTRY_MISMATCH",
    `expected the document of rings ${ringsSha256}, got another`,
  );
}

/** Undefined for one that says nothing to us: whoever judges the log says so. */
function readEntry(bytes: Uint8Array) {
  try {
    return parseReleaseLogEntry(bytes);
  } catch (error) {
    if (error instanceof VerificationError) return undefined;
    throw error;
  }
}
