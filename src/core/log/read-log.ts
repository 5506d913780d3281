/**
 * A log, read from its files, wherever they are. Nothing is proven by reading: whoever reads rebuilds the tree, or checks a proof
 * that was made from the tiles, against a checkpoint.
 */
import type { DigestFactory } from "../encoding/stream.js";
import { OperationError, quote } from "../errors.js";
import { formatBundle, parseBundle } from "./entries.js";
import { GrowingTree } from "./growing-tree.js";
import type { Hash } from "./lines.js";
import { nodeHash } from "./merkle.js";
import {
  type TilePlace,
  type TileReader,
  foldHashes,
  requireTile,
  tileAt,
  tileHashes,
  tilePath,
  tileWidth,
} from "./tiles.js";

/** The octets of a file by its name below the log's folder; undefined when there is none. */
export type LogFileReader = (name: string) => Promise<Uint8Array | undefined>;

/** SPEC §11.4.4: a partial tile may be gone once the full one is there, which begins with it. @throws OperationError FETCH_NOT_FOUND */
export function tileReader(read: LogFileReader): TileReader {
  return async (place) => {
    const bytes = await read(tilePath(place));
    if (bytes !== undefined) return bytes;
    const full = { ...place, width: tileWidth };
    const larger = place.width === tileWidth ? undefined : await read(tilePath(full));
    if (larger === undefined) {
      throw new OperationError("FETCH_NOT_FOUND", `expected ${quote(tilePath(place))} of the log, got none`);
    }
    return beginning(larger, full, place.width);
  };
}

function beginning(bytes: Uint8Array, full: TilePlace, width: number): Uint8Array {
  if (full.level === "entries") return formatBundle(parseBundle(bytes, full.width).slice(0, width));
  return requireTile(bytes, full).subarray(0, width * 32);
}

/** Entries `start` up to, not including, `end`, of a log of `size` entries. */
export async function* readEntries(
  readTile: TileReader,
  { start, end, size }: { readonly start: number; readonly end: number; readonly size: number },
): AsyncGenerator<Uint8Array> {
  for (let index = Math.floor(start / tileWidth); index * tileWidth < end; index++) {
    const place = tileAt("entries", index, size);
    if (place === undefined) throw new RangeError("expected entries inside the log");
    const entries = parseBundle(await readTile(place), place.width);
    const first = index * tileWidth;
    yield* entries.slice(Math.max(start - first, 0), end - first);
  }
}

/** A tree as it was when its last full bundle was, from full tiles alone: `size` is a multiple of 256. */
export async function treeFromFullTiles(
  size: number,
  readTile: TileReader,
  digest: DigestFactory,
): Promise<GrowingTree> {
  const hash = (left: Hash, right: Hash) => nodeHash(left, right, digest);
  const edges: Hash[][] = [[]];
  for (let complete = size / tileWidth, level = 0; complete > 0; level++) {
    const below = Math.floor(complete / tileWidth) * tileWidth;
    const edge: Hash[] = [];
    for (let index = below; index < complete; index++) {
      const place = { level, index, width: tileWidth };
      edge.push(foldHashes(tileHashes(requireTile(await readTile(place), place)), hash));
    }
    edges.push(edge);
    complete = below / tileWidth;
  }
  return new GrowingTree({ size, edges }, digest);
}
