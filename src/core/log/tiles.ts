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

/** Hashes of complete subtrees, from the tiles of a tree of `size` entries. Each tile is read once. */
export function tileNodes(size: number, readTile: TileReader): NodeReader {
  const tiles = new Map<string, Promise<Uint8Array>>();
  const tile = (place: TilePlace): Promise<Uint8Array> => {
    const path = tilePath(place);
    const known = tiles.get(path) ?? readTile(place).then((bytes) => requireTile(bytes, place));
    tiles.set(path, known);
    return known;
  };
  return async (level, index) => {
    const tileLevel = Math.floor(level / 8);
    const span = 2 ** (level - 8 * tileLevel);
    const first = index * span;
    const place = tileAt(tileLevel, Math.floor(first / tileWidth), size);
    if (place === undefined || (first % tileWidth) + span > place.width) {
      throw new RangeError("expected a subtree inside the tree");
    }
    const bytes = await tile(place);
    return foldHashes(tileHashes(bytes).slice(first % tileWidth, (first % tileWidth) + span));
  };
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
