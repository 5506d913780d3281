/**
 * The tree as files (C2SP tlog-tiles). A tile holds up to 256 hashes of one level in eight: of tile level L, those of complete
 * subtrees over 256^L entries. A full tile never changes; a partial one has its width in its name.
 *
 *   tile/<L>/<N>[.p/<W>]          hashes, 32 octets each
 *   tile/entries/<N>[.p/<W>]      the entries themselves
 *   N: groups of three digits, all but the last behind an x: 1234067 is x001/x234/067
 */
import type { DigestFactory } from "../encoding/stream.js";
import { VerificationError } from "../errors.js";
import { type Hash, odd, refusingWith } from "./lines.js";
import type { NodeReader } from "./make-proof.js";
import { nodeHash } from "./merkle.js";

export const tileWidth = 256;
export const checkpointName = "checkpoint";

export interface TilePlace {
  /** 0 to 6, or the entries below level 0. */
  readonly level: number | "entries";
  readonly index: number;
  /** 1 to 256. */
  readonly width: number;
}

export function tilePath({ level, index, width }: TilePlace): string {
  const digits = String(index).padStart(3 * Math.ceil(String(index).length / 3), "0");
  const groups = digits.match(/.{3}/g) as string[];
  const number = groups.map((group, i) => (i < groups.length - 1 ? `x${group}` : group)).join("/");
  return `tile/${level}/${number}${width === tileWidth ? "" : `.p/${width}`}`;
}

const pathPattern = /^tile\/(entries|[0-6])\/((?:x[0-9]{3}\/){0,4}[0-9]{3})(?:\.p\/([1-9][0-9]{0,2}))?$/;

/** Undefined for everything that `tilePath` does not write. */
export function parseTilePath(path: string): TilePlace | undefined {
  const [, level, number, partial] = pathPattern.exec(path) ?? [];
  if (level === undefined || number === undefined) return undefined;
  const place = {
    level: level === "entries" ? ("entries" as const) : Number(level),
    index: Number(number.replace(/[x/]/g, "")),
    width: partial === undefined ? tileWidth : Number(partial),
  };
  return tilePath(place) === path ? place : undefined;
}

/** How many entries a hash of a tile of this level stands for. */
export function entriesBelow(level: number): number {
  return tileWidth ** level;
}

/** The tile of that level and index in a tree of `size` entries; undefined when the tree does not reach it. */
export function tileAt(level: number | "entries", index: number, size: number): TilePlace | undefined {
  const complete = Math.floor(size / entriesBelow(level === "entries" ? 0 : level));
  const width = Math.min(complete - index * tileWidth, tileWidth);
  return width > 0 ? { level, index, width } : undefined;
}

/** The partial tiles at the right edge of a tree, entries included: what a checkpoint needs beside full tiles. */
export function partialTiles(size: number): TilePlace[] {
  const places: TilePlace[] = [];
  for (let level = 0; entriesBelow(level) <= size; level++) {
    const complete = Math.floor(size / entriesBelow(level));
    const place = { level, index: Math.floor(complete / tileWidth), width: complete % tileWidth };
    if (place.width > 0)
      places.push(...(level === 0 ? [{ ...place, level: "entries" as const }] : []), place);
  }
  return places;
}

/** The octets of a tile. What they say is proven by nothing but a proof that uses them. */
export type TileReader = (place: TilePlace) => Promise<Uint8Array>;

/** All hashes of the complete subtrees within tiles, by path, width included: of a path, for ever the same. Used last, last. */
export type TileCache = Map<string, readonly Row[]>;

/** Hashes side by side: thousands of small arrays would keep the collector busy for longer than a proof takes. */
type Row = Uint8Array;

export interface TileNodesOptions {
  readonly digest?: DigestFactory;
  readonly cache?: TileCache;
}

const cachedTilesMax = 256;

/** Hashes of complete subtrees, from the tiles of a tree of `size` entries. Each tile is read once. */
export function tileNodes(size: number, readTile: TileReader, options: TileNodesOptions = {}): NodeReader {
  const { digest, cache = new Map() } = options;
  const rowsOf = async (place: TilePlace): Promise<readonly Row[]> => {
    const path = tilePath(place);
    const rows =
      cache.get(path) ?? subtreeRows(Uint8Array.from(requireTile(await readTile(place), place)), digest);
    remember(cache, path, rows);
    return rows;
  };
  return async (level, index) => {
    const tileLevel = Math.floor(level / 8);
    const row = level - 8 * tileLevel;
    const perTile = tileWidth / 2 ** row;
    const place = tileAt(tileLevel, Math.floor(index / perTile), size);
    const hashes = place === undefined ? undefined : (await rowsOf(place))[row];
    const at = 32 * (index % perTile);
    if (hashes === undefined || at >= hashes.length)
      throw new RangeError("expected a subtree inside the tree");
    return hashes.slice(at, at + 32);
  };
}

function remember(cache: TileCache, path: string, rows: readonly Row[]): void {
  cache.delete(path);
  const [oldest] = cache.keys();
  if (oldest !== undefined && cache.size >= cachedTilesMax) cache.delete(oldest);
  cache.set(path, rows);
}

/** Row n has the hashes over 2^n neighbours, as far as they are complete. */
function subtreeRows(hashes: Row, digest?: DigestFactory): Row[] {
  const rows = [hashes];
  for (let row = hashes; row.length > 32; row = rows.at(-1) as Row) {
    const above = new Uint8Array(32 * Math.floor(row.length / 64));
    for (let at = 0; at < above.length; at += 32) {
      const [left, right] = [row.subarray(2 * at, 2 * at + 32), row.subarray(2 * at + 32, 2 * at + 64)];
      above.set(nodeHash(left, right, digest), at);
    }
    rows.push(above);
  }
  return rows;
}

/** SPEC §11.4.5. @throws VerificationError LOG_TILE_MALFORMED */
export function requireTile(bytes: Uint8Array, place: TilePlace): Uint8Array {
  return refusingWith("LOG_TILE_MALFORMED", () => {
    if (bytes.length === place.width * 32) return bytes;
    throw odd(`${tilePath(place)} of ${place.width * 32} bytes`, String(bytes.length));
  });
}

export function tileHashes(bytes: Uint8Array): Hash[] {
  return Array.from({ length: bytes.length / 32 }, (_, i) => bytes.subarray(32 * i, 32 * i + 32));
}

/** The root over 2^n hashes of one level. */
export function foldHashes(hashes: readonly Hash[], hash: typeof nodeHash = nodeHash): Hash {
  let row = hashes;
  while (row.length > 1) {
    row = Array.from({ length: row.length / 2 }, (_, i) => hash(row[2 * i] as Hash, row[2 * i + 1] as Hash));
  }
  const [root] = row;
  if (root === undefined) throw new VerificationError("LOG_TILE_MALFORMED", "expected hashes, got none");
  return root;
}
