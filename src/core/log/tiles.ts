/**
 * The tree as files (C2SP tlog-tiles). A tile holds up to 256 hashes of one level in eight: of tile level L, those of complete
 * subtrees over 256^L entries. A full tile never changes; a partial one has its width in its name.
 *
 *   tile/<L>/<N>[.p/<W>]          hashes, 32 octets each
 *   tile/entries/<N>[.p/<W>]      the entries themselves
 *   N: groups of three digits, all but the last behind an x: 1234067 is x001/x234/067
 */
import { VerificationError } from "../errors.js";
import { type Hash, odd, refusingWith } from "./lines.js";
import type { NodeReader } from "./make-proof.js";
import { type PairDigest, nodeHash, plainPairDigest } from "./merkle.js";

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
export type TileCache = Map<string, Uint8Array>;

export interface TileNodesOptions {
  readonly pairDigest?: PairDigest;
  readonly cache?: TileCache;
}

const cachedTilesMax = 256;

/** Hashes of complete subtrees, from the tiles of a tree of `size` entries. Each tile is read once. */
export function tileNodes(size: number, readTile: TileReader, options: TileNodesOptions = {}): NodeReader {
  const { pairDigest = plainPairDigest, cache = new Map() } = options;
  const subtreesOf = async (place: TilePlace): Promise<Uint8Array> => {
    const path = tilePath(place);
    const known = cache.get(path) ?? subtrees(requireTile(await readTile(place), place), pairDigest);
    remember(cache, path, known);
    return known;
  };
  return async (level, index) => {
    const tileLevel = Math.floor(level / 8);
    const row = level - 8 * tileLevel;
    const perTile = tileWidth / 2 ** row;
    const place = tileAt(tileLevel, Math.floor(index / perTile), size);
    const within = index % perTile;
    if (place === undefined || within >= Math.floor(place.width / 2 ** row))
      throw new RangeError("expected a subtree inside the tree");
    const at = 32 * (rowStart(place.width, row) + within);
    return (await subtreesOf(place)).slice(at, at + 32);
  };
}

function remember(cache: TileCache, path: string, known: Uint8Array): void {
  cache.delete(path);
  const [oldest] = cache.keys();
  if (oldest !== undefined && cache.size >= cachedTilesMax) cache.delete(oldest);
  cache.set(path, known);
}

/** How many hashes stand before row `row` of a tile: row n has those over 2^n neighbours, as far as they are complete. */
function rowStart(width: number, row: number): number {
  let start = 0;
  for (let below = 0; below < row; below++) start += Math.floor(width / 2 ** below);
  return start;
}

/** All rows, one after the other, in one piece: arrays of their own would keep the collector busy for longer than a proof takes. */
function subtrees(tile: Uint8Array, pairDigest: PairDigest): Uint8Array {
  const width = tile.length / 32;
  const all = new Uint8Array(32 * rowStart(width, 9));
  all.set(tile);
  let start = 0;
  for (let count = width; count > 1; count = Math.floor(count / 2)) {
    const above = start + count;
    for (let i = 0; i < Math.floor(count / 2); i++)
      pairDigest(all, 32 * (start + 2 * i), all, 32 * (above + i));
    start = above;
  }
  return all;
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
